// Package sqsd serves the part of Amazon SQS that Calotype uses, from one SQLite file:
// standard queues with long polls, delays, visibility timeouts, batches and dead-letter
// queues, tags and move tasks. It speaks the AWS JSON 1.0 protocol and the older query
// protocol, and checks SigV4 signatures. The AWS SDK works with it if AWS_ENDPOINT_URL names
// it. Behaviour and errors are SQS's.
//
// It is one process on one machine. It has no FIFO queues, policies or encryption,
// no limit on messages in flight and no TLS. It refuses what
// it does not support by name. An acknowledged message survives the end of the process,
// also after kill -9. It may not survive a power failure: SQLite's log is synced only at
// checkpoints.
package sqsd

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// account is the only account. Queue URLs and ARNs contain it.
const account = "000000000000"

// Config names the file and the accepted credentials. Every field must be set.
type Config struct {
	Path      string // the SQLite file, created if it does not exist
	AccessKey string
	SecretKey string
	Region    string // such as "us-east-1": a part of ARNs and signatures
}

// Server is an [http.Handler] for the root of a host.
type Server struct {
	region      string
	credentials aws.Credentials
	signer      *v4.Signer
	store       *store
	moves       moves
}

// Open opens the file and continues where the last process ended. Only one process at a
// time may have a file open.
func Open(cfg Config) (*Server, error) {
	if cfg.Path == "" || cfg.AccessKey == "" || cfg.SecretKey == "" || cfg.Region == "" {
		return nil, errors.New("sqs server: path, access key, secret key and region must all be set")
	}
	store, err := openStore(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("open queues in %s: %w", cfg.Path, err)
	}
	return &Server{
		region:      cfg.Region,
		credentials: aws.Credentials{AccessKeyID: cfg.AccessKey, SecretAccessKey: cfg.SecretKey},
		signer:      v4.NewSigner(),
		store:       store,
	}, nil
}

// Drain makes every long poll, now and later, return the available messages at once, so
// that an HTTP server in front of it can shut down without waiting.
func (s *Server) Drain() {
	// The only error is that the server is closed, and then no poll waits.
	_ = s.store.do(s.store.drain)
}

// Close ends move tasks and the polls that still wait, lets the current transaction finish, and closes the
// file. Later requests get an error.
func (s *Server) Close() error {
	s.moves.close()
	return s.store.close()
}
