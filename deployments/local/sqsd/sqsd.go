// Package sqsd serves the part of Amazon SQS that Calotype uses, from one
// SQLite file: standard queues with long polls, delays, visibility timeouts,
// batches and dead-letter queues, in the AWS JSON 1.0 protocol, to requests
// that are signed with SigV4. The AWS SDK, pointed at it by AWS_ENDPOINT_URL,
// sees SQS: what is said here about a message is said in SQS's own words and
// errors.
//
// It is one process on one machine. It has no FIFO queues, move tasks, tags,
// policies or encryption, no limit on messages in flight, and speaks neither
// the older query protocol nor TLS; what it does not do it refuses by name. A
// message whose sending was answered survives the death of the process, kill -9
// included. It may not survive the loss of power: SQLite's log is synced at
// checkpoints only.
package sqsd

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// account is the only account. Queue URLs and ARNs contain it.
const account = "000000000000"

// Config says where the messages are kept and whose requests are answered.
// Every field must be set.
type Config struct {
	Path      string // the SQLite file, made if it is not there
	AccessKey string
	SecretKey string
	Region    string // such as "us-east-1": a part of ARNs and signatures
}

// Server is an [http.Handler] that is to be mounted at the root of a host.
type Server struct {
	region      string
	credentials aws.Credentials
	signer      *v4.Signer
	store       *store
}

// Open opens the file and takes up where the last process left it. One process
// at a time may have a file open.
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

// Drain makes every long poll, now and later, answer at once with what is
// there, so that an HTTP server in front of it can shut down without waiting.
func (s *Server) Drain() {
	// The only error is that the server is closed, and then no poll waits.
	_ = s.store.do(s.store.drain)
}

// Close answers the polls that still wait, lets the transaction at hand
// finish, and closes the file. Later requests are answered with an error.
func (s *Server) Close() error {
	return s.store.close()
}
