package sqsd

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

type createQueueRequest struct {
	QueueName  string
	Attributes map[string]string
	Tags       map[string]string `json:"tags"`
}

type queueURLAnswer struct {
	QueueURL string `json:"QueueUrl"`
}

// createQueue is idempotent, as in SQS: for an existing queue it compares only the
// attributes in the request.
func (s *Server) createQueue(c *call, in createQueueRequest) (queueURLAnswer, error) {
	if err := checkQueueName(in.QueueName); err != nil {
		return queueURLAnswer{}, err
	}
	if err := checkTags(in.Tags); err != nil {
		return queueURLAnswer{}, err
	}
	return queueURLAnswer{s.url(c, in.QueueName)}, s.store.do(func() error {
		if q, ok := s.store.queues[in.QueueName]; ok {
			if wanted, err := q.settings.with(in.Attributes); err != nil {
				return err
			} else if wanted != q.settings {
				return queueNameExists(in.QueueName)
			}
			return nil
		}
		chosen, err := defaultSettings().with(in.Attributes)
		if err != nil {
			return err
		}
		if err := s.checkRedrive(in.QueueName, chosen.Redrive); err != nil {
			return err
		}
		if err := s.store.createQueue(in.QueueName, chosen, time.Now()); err != nil {
			return err
		}
		return s.store.tag(s.store.queues[in.QueueName], in.Tags)
	})
}

// checkRedrive checks that the queue's policy may send messages to its target.
func (s *Server) checkRedrive(name string, policy redrive) error {
	if policy == (redrive{}) {
		return nil
	}
	target, ok := s.store.queues[s.nameInARN(policy.Target)]
	if !ok {
		return invalidRedrive(policy.String(), "Dead letter target does not exist.")
	}
	if !target.settings.Allow.admits(s.arn(name)) {
		return invalidRedrive(policy.String(), "Queue %s does not have permission to use %s as dead letter queue.", name, target.name)
	}
	return nil
}

type getQueueURLRequest struct {
	QueueName              string
	QueueOwnerAWSAccountID string `json:"QueueOwnerAWSAccountId"`
}

func (s *Server) getQueueURL(c *call, in getQueueURLRequest) (queueURLAnswer, error) {
	if in.QueueName == "" {
		return queueURLAnswer{}, missingParameter("QueueName")
	}
	if cmp.Or(in.QueueOwnerAWSAccountID, account) != account {
		return queueURLAnswer{}, queueDoesNotExist()
	}
	return queueURLAnswer{s.url(c, in.QueueName)}, s.store.do(func() error {
		_, err := s.store.queue(in.QueueName)
		return err
	})
}

type listQueuesRequest struct {
	QueueNamePrefix string
	MaxResults      *int
	NextToken       string
}

type listQueuesAnswer struct {
	QueueURLs []string `json:"QueueUrls,omitempty"`
	NextToken string   `json:",omitempty"`
}

func (s *Server) listQueues(c *call, in listQueuesRequest) (out listQueuesAnswer, err error) {
	limit, err := within("MaxResults", in.MaxResults, 1000, 1, 1000)
	if err != nil {
		return out, err
	}
	after, err := base64.RawURLEncoding.DecodeString(in.NextToken)
	if err != nil {
		return out, invalidParameter("Invalid or expired next token.")
	}
	var names []string
	err = s.store.do(func() error {
		names = slices.Sorted(maps.Keys(s.store.queues))
		return nil
	})
	last := ""
	for _, name := range names {
		if !strings.HasPrefix(name, in.QueueNamePrefix) || name <= string(after) {
			continue
		}
		if len(out.QueueURLs) == limit {
			if in.MaxResults != nil { // SQS returns tokens only to clients that request pages
				out.NextToken = base64.RawURLEncoding.EncodeToString([]byte(last))
			}
			break
		}
		out.QueueURLs, last = append(out.QueueURLs, s.url(c, name)), name
	}
	return out, err
}

func (s *Server) deleteQueue(_ *call, in queueRef) (empty, error) {
	return empty{}, s.withQueue(in, s.store.deleteQueue)
}

func (s *Server) purgeQueue(_ *call, in queueRef) (empty, error) {
	return empty{}, s.withQueue(in, s.store.purge)
}

type setQueueAttributesRequest struct {
	queueRef
	Attributes map[string]string
}

func (s *Server) setQueueAttributes(_ *call, in setQueueAttributesRequest) (empty, error) {
	if len(in.Attributes) == 0 {
		return empty{}, missingParameter("Attribute.Name")
	}
	return empty{}, s.withQueue(in.queueRef, func(q *queue) error {
		chosen, err := q.settings.with(in.Attributes)
		if err != nil {
			return err
		}
		if _, named := in.Attributes["RedrivePolicy"]; named {
			if err := s.checkRedrive(q.name, chosen.Redrive); err != nil {
				return err
			}
		}
		return s.store.configure(q, chosen, time.Now())
	})
}

type getQueueAttributesRequest struct {
	queueRef
	AttributeNames []string
}

type getQueueAttributesAnswer struct {
	Attributes map[string]string `json:",omitempty"`
}

func (s *Server) getQueueAttributes(_ *call, in getQueueAttributesRequest) (out getQueueAttributesAnswer, err error) {
	for _, a := range in.AttributeNames {
		if !knownAttribute(a) {
			return out, invalidAttributeName(a)
		}
	}
	var all map[string]string
	err = s.withQueue(in.queueRef, func(q *queue) error {
		n, err := s.store.count(q, time.Now())
		if err != nil {
			return err
		}
		all = q.settings.attributes()
		all["QueueArn"] = s.arn(q.name)
		all["CreatedTimestamp"] = strconv.FormatInt(q.created.Unix(), 10)
		all["LastModifiedTimestamp"] = strconv.FormatInt(q.modified.Unix(), 10)
		all["ApproximateNumberOfMessages"] = strconv.Itoa(n.visible)
		all["ApproximateNumberOfMessagesNotVisible"] = strconv.Itoa(n.inFlight)
		all["ApproximateNumberOfMessagesDelayed"] = strconv.Itoa(n.delayed)
		return nil
	})
	if !slices.Contains(in.AttributeNames, "All") {
		maps.DeleteFunc(all, func(name, _ string) bool { return !slices.Contains(in.AttributeNames, name) })
	}
	return getQueueAttributesAnswer{all}, err
}
