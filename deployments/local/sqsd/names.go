package sqsd

import (
	"net/url"
	"strings"
)

// queueRef is the field that most requests share.
type queueRef struct {
	QueueURL string `json:"QueueUrl"`
}

// name returns the queue's name. Only the URL's path counts, since the server has several
// hosts and ports.
func (r queueRef) name() (string, error) {
	if r.QueueURL == "" {
		return "", missingParameter("QueueUrl")
	}
	u, err := url.Parse(r.QueueURL)
	if err != nil {
		return "", invalidAddress(r.QueueURL)
	}
	owner, name, ok := strings.Cut(strings.TrimPrefix(u.Path, "/"), "/")
	if !ok || owner == "" || name == "" {
		return "", invalidAddress(r.QueueURL)
	}
	if owner != account {
		return "", queueDoesNotExist()
	}
	return name, nil
}

// withQueue runs do with the queue in the writer.
func (s *Server) withQueue(ref queueRef, do func(*queue) error) error {
	name, err := ref.name()
	if err != nil {
		return err
	}
	return s.store.do(func() error {
		q, err := s.store.queue(name)
		if err != nil {
			return err
		}
		return do(q)
	})
}

func (s *Server) url(c *call, name string) string { return c.base + "/" + account + "/" + name }

func (s *Server) arn(name string) string {
	return "arn:aws:sqs:" + s.region + ":" + account + ":" + name
}

// nameInARN returns the queue's name in an ARN, or "" if it is not an ARN of this server.
func (s *Server) nameInARN(arn string) string {
	name, ok := strings.CutPrefix(arn, s.arn(""))
	if !ok {
		return ""
	}
	return name
}

func checkQueueName(name string) error {
	if name == "" {
		return missingParameter("QueueName")
	}
	if strings.HasSuffix(name, ".fifo") {
		return unsupported("FIFO queues")
	}
	if len(name) > 80 || strings.ContainsFunc(name, notIdentifier) {
		return invalidParameter("Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length")
	}
	return nil
}

// notIdentifier reports whether a queue's name or a batch entry's id must not contain the
// character.
func notIdentifier(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '-' && r != '_'
}
