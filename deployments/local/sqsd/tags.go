package sqsd

import (
	"database/sql"
	"fmt"
	"maps"
	"slices"
)

// maxTags is SQS's maximum number of tags of a queue.
const maxTags = 50

type tagQueueRequest struct {
	queueRef
	Tags map[string]string
}

func (s *Server) tagQueue(_ *call, in tagQueueRequest) (empty, error) {
	if len(in.Tags) == 0 {
		return empty{}, missingParameter("Tags")
	}
	return empty{}, s.withQueue(in.queueRef, func(q *queue) error { return s.store.tag(q, in.Tags) })
}

type untagQueueRequest struct {
	queueRef
	TagKeys []string
}

func (s *Server) untagQueue(_ *call, in untagQueueRequest) (empty, error) {
	return empty{}, s.withQueue(in.queueRef, func(q *queue) error {
		for _, key := range in.TagKeys {
			if _, err := s.store.statement.untag.Exec(q.id, key); err != nil {
				return fmt.Errorf("untag %s: %w", q.name, err)
			}
		}
		return nil
	})
}

type listQueueTagsAnswer struct {
	Tags map[string]string `json:",omitempty"`
}

func (s *Server) listQueueTags(_ *call, in queueRef) (out listQueueTagsAnswer, err error) {
	err = s.withQueue(in, func(q *queue) error {
		out.Tags, err = s.store.tags(q)
		return err
	})
	return out, err
}

// checkTags checks tags for mistakes.
func checkTags(tags map[string]string) error {
	if len(tags) > maxTags {
		return invalidParameter("Too many tags: the maximum is %d.", maxTags)
	}
	for key, value := range tags {
		if key == "" || len(key) > 128 || len(value) > 256 {
			return invalidParameter("The tag %.128q is invalid: a key has 1 to 128 characters, and a value at most 256.", key)
		}
	}
	return nil
}

// tag adds tags to a queue, or gives existing ones another value.
func (s *store) tag(q *queue, tags map[string]string) error {
	if err := checkTags(tags); err != nil {
		return err
	}
	has, err := s.tags(q)
	if err != nil {
		return err
	}
	maps.Copy(has, tags)
	if len(has) > maxTags {
		return invalidParameter("Too many tags for queue %s: the maximum is %d.", q.name, maxTags)
	}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if _, err := s.statement.tag.Exec(q.id, key, tags[key]); err != nil {
			return fmt.Errorf("tag %s: %w", q.name, err)
		}
	}
	return nil
}

func (s *store) tags(q *queue) (map[string]string, error) {
	return pairs(s.statement.tags.Query(q.id))
}

// pairs reads rows of a name and a value.
func pairs(rows *sql.Rows, err error) (map[string]string, error) {
	if err != nil {
		return nil, fmt.Errorf("read tags: %w", err)
	}
	defer rows.Close()
	found := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("read tags: %w", err)
		}
		found[name] = value
	}
	return found, rows.Err()
}
