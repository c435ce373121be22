// Package s3d serves the S3 API on this machine, from a folder, by running the Versity S3
// Gateway inside the process. Objects are files, metadata is stored as extended attributes,
// and requests are signed. Acknowledged writes survive a killed process but not a power
// failure, because nothing is synced to the disk.
package s3d

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/versity/versitygw/auth"
	"github.com/versity/versitygw/backend"
	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

// Config names the folder and the credentials.
type Config struct {
	Dir                          string // Created if it does not exist.
	Listen                       string // HOST:PORT; port 0 means a free one.
	AccessKey, SecretKey, Region string
	// OnChange, if not nil, is called after an object changed, before the client gets its
	// response. The names of events are S3's.
	OnChange func(event, bucket, key string)
}

// Server is a running gateway.
type Server struct {
	// URL is its endpoint, such as http://127.0.0.1:9000.
	URL  string
	stop context.CancelFunc
	done chan error
}

const healthPath = "/-/health"

// Start starts the gateway and waits until it responds. A process can have only one, and it
// changes the process's working directory to its own.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	address, err := settle(cfg.Listen)
	if err != nil {
		return nil, err
	}
	store := meta.XattrMeta{}
	if err := store.Test(dir); err != nil {
		return nil, fmt.Errorf("%s: the file system has no extended attributes: %w; choose another folder", dir, err)
	}
	files, err := posix.New(dir, store, posix.PosixOpts{
		CopyObjectThreshold: 5 << 30, // S3's own limit; without it every copy is refused.
		ValidateBucketNames: true,
	})
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", dir, err)
	}
	var backend backend.Backend = files
	if cfg.OnChange != nil {
		backend = notifying{backend, cfg.OnChange}
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Server{URL: "http://" + address, stop: stop, done: make(chan error, 1)}
	go func() {
		s.done <- embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
			RootUserAccess:    cfg.AccessKey,
			RootUserSecret:    cfg.SecretKey,
			Region:            cfg.Region,
			Ports:             []string{address},
			MaxConnections:    4096,
			MaxRequests:       4096,
			MultipartMaxParts: 10_000,
			KeepAlive:         true,
			Quiet:             true,
			HealthPath:        healthPath,
			IAMService:        noAccounts{},
		})
	}()
	if err := s.waitReady(); err != nil {
		stop()
		return nil, fmt.Errorf("s3 server on %s: %w", address, err)
	}
	return s, nil
}

// settle replaces port 0 with a free port, since the gateway does not report its own.
func settle(listen string) (string, error) {
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

func (s *Server) waitReady() error {
	deadline := time.After(10 * time.Second)
	client := &http.Client{Timeout: time.Second}
	for {
		if response, err := client.Get(s.URL + healthPath); err == nil {
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
		}
		select {
		case err := <-s.done:
			return errors.Join(err, errors.New("it ended"))
		case <-deadline:
			return errors.New("it does not respond")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// Close stops the gateway and waits for its end. Unlike the gateway itself it does not wait
// for clients that keep idle connections open: acknowledged writes are stored.
func (s *Server) Close() error {
	s.stop()
	select {
	case err := <-s.done:
		if err != nil && !errors.Is(err, context.Canceled) {
			return err
		}
	case <-time.After(time.Second):
	}
	return nil
}

// noAccounts is an account service with only the root user. Unlike the gateway's own, it
// reports an unknown access key as such, so that the client gets S3's 403 instead of a 404.
type noAccounts struct{}

func (noAccounts) CreateAccount(auth.Account) error { return errNoAccounts }

func (noAccounts) GetUserAccount(string) (auth.Account, error) {
	return auth.Account{}, auth.ErrNoSuchUser
}
func (noAccounts) ResolveAccounts(keys []string) ([]string, error)   { return keys, nil }
func (noAccounts) UpdateUserAccount(string, auth.MutableProps) error { return errNoAccounts }
func (noAccounts) DeleteUserAccount(string) error                    { return errNoAccounts }
func (noAccounts) ListUserAccounts() ([]auth.Account, error)         { return nil, nil }
func (noAccounts) Shutdown() error                                   { return nil }

var errNoAccounts = errors.New("this server has only the root account")
