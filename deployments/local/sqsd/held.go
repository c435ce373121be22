package sqsd

import (
	"database/sql"
	"errors"
	"fmt"
	"time"
)

// heldEntry names a message that the client has received.
type heldEntry struct {
	ID                string `json:"Id"` // in a batch
	ReceiptHandle     string
	VisibilityTimeout *int
}

func (e heldEntry) id() string { return e.ID }

type heldRequest struct {
	queueRef
	heldEntry
}

type heldBatchRequest struct {
	queueRef
	Entries []heldEntry
}

func (s *Server) deleteMessage(_ *call, in heldRequest) (empty, error) {
	return empty{}, s.withQueue(in.queueRef, func(q *queue) error { return s.remove(q, in.heldEntry) })
}

func (s *Server) deleteMessageBatch(_ *call, in heldBatchRequest) (batchAnswer[done], error) {
	return s.eachHeld(in, s.remove)
}

func (s *Server) changeMessageVisibility(_ *call, in heldRequest) (empty, error) {
	return empty{}, s.withQueue(in.queueRef, func(q *queue) error { return s.extend(q, in.heldEntry) })
}

func (s *Server) changeMessageVisibilityBatch(_ *call, in heldBatchRequest) (batchAnswer[done], error) {
	return s.eachHeld(in, s.extend)
}

func (s *Server) eachHeld(in heldBatchRequest, do func(*queue, heldEntry) error) (out batchAnswer[done], err error) {
	if err := checkBatch(in.Entries); err != nil {
		return out, err
	}
	err = s.withQueue(in.queueRef, func(q *queue) error {
		out, err = eachEntry(in.Entries, func(e heldEntry) (done, error) { return done{e.ID}, do(q, e) })
		return err
	})
	return out, err
}

// remove deletes the message if the handle is from its last receive. Otherwise it does
// nothing and returns no error, as SQS.
func (s *Server) remove(q *queue, e heldEntry) error {
	h, err := handleFor(q, e.ReceiptHandle)
	if err != nil {
		return err
	}
	if _, err := s.store.statement.remove.Exec(h.message, q.id, h.receipt); err != nil {
		return fmt.Errorf("delete from %s: %w", q.name, err)
	}
	return nil
}

// extend makes a message in flight visible after the timeout, counted from now.
func (s *Server) extend(q *queue, e heldEntry) error {
	if e.VisibilityTimeout == nil {
		return missingParameter("VisibilityTimeout")
	}
	timeout, err := within("VisibilityTimeout", e.VisibilityTimeout, 0, 0, maxVisibility)
	if err != nil {
		return err
	}
	h, err := handleFor(q, e.ReceiptHandle)
	if err != nil {
		return err
	}
	var due, taken int64
	err = s.store.statement.held.QueryRow(h.message, q.id, h.receipt).Scan(&due, &taken)
	if errors.Is(err, sql.ErrNoRows) {
		return invalidParameter("Value %s for parameter ReceiptHandle is invalid. Reason: Message does not exist "+
			"or is not available for visibility timeout change.", e.ReceiptHandle)
	}
	if err != nil {
		return fmt.Errorf("inspect %s: %w", q.name, err)
	}
	now := time.Now()
	if due <= now.UnixMilli() {
		return namespaced("MessageNotInflight", "The message referred to isn't in flight.")
	}
	held := int(now.Sub(time.UnixMilli(taken)) / time.Second)
	if held+timeout > maxVisibility {
		return invalidParameter("Value %d for parameter VisibilityTimeout is invalid. Reason: Total VisibilityTimeout "+
			"for the message is beyond the limit [%d seconds]", timeout, maxVisibility)
	}
	until := now.Add(time.Duration(timeout) * time.Second)
	if _, err := s.store.statement.extend.Exec(until.UnixMilli(), h.message); err != nil {
		return fmt.Errorf("extend in %s: %w", q.name, err)
	}
	q.touched = true
	return nil
}

func handleFor(q *queue, receipt string) (receiptHandle, error) {
	if receipt == "" {
		return receiptHandle{}, missingParameter("ReceiptHandle")
	}
	h, err := parseHandle(receipt)
	if err == nil && h.queue != q.id {
		err = receiptHandleIsInvalid(receipt)
	}
	return h, err
}
