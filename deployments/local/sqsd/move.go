package sqsd

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"sync"
	"time"
)

// moves runs the tasks that move messages out of dead-letter queues. Tasks are held in
// memory: if the process ends, the messages that are left stay where they are.
type moves struct {
	mu      sync.Mutex
	tasks   []*moveTask // the oldest first
	running sync.WaitGroup
}

// moveTask is one task. Its fields are guarded by the mutex of [moves].
type moveTask struct {
	handle              string
	source, destination string // names of queues; without a destination each message returns to its own source
	perSecond           int    // 0 means as fast as it goes
	status              string
	moved, toMove       int
	failure             string
	started             time.Time
	cancel              context.CancelFunc
}

// The states of a task, as SQS names them.
const (
	moveRunning    = "RUNNING"
	moveCompleted  = "COMPLETED"
	moveCancelling = "CANCELLING"
	moveCancelled  = "CANCELLED"
	moveFailed     = "FAILED"
)

const (
	maxMoveRate = 500 // messages a second, SQS's maximum
	moveBatch   = 50
	keptTasks   = 10 // of one queue, in the list
)

type startMoveRequest struct {
	SourceARN                    string `json:"SourceArn"`
	DestinationARN               string `json:"DestinationArn"`
	MaxNumberOfMessagesPerSecond *int
}

type startMoveAnswer struct {
	TaskHandle string
}

// startMessageMoveTask moves all messages of a dead-letter queue to the destination, or to
// the queues that they came from. One task at a time may run for a queue.
// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html
func (s *Server) startMessageMoveTask(_ *call, in startMoveRequest) (out startMoveAnswer, err error) {
	rate, err := within("MaxNumberOfMessagesPerSecond", in.MaxNumberOfMessagesPerSecond, 0, 1, maxMoveRate)
	if err != nil {
		return out, err
	}
	task := &moveTask{
		handle: base64.RawURLEncoding.EncodeToString([]byte(newUUID())), perSecond: rate, status: moveRunning, started: time.Now(),
	}
	err = s.store.do(func() error {
		source, err := s.queueOfARN(in.SourceARN)
		if err != nil {
			return err
		}
		if len(s.store.sourcesOf(source.name)) == 0 {
			return invalidParameter("Source queue must be configured as a Dead Letter Queue.")
		}
		task.source = source.name
		if in.DestinationARN != "" {
			destination, err := s.queueOfARN(in.DestinationARN)
			if err != nil {
				return err
			}
			if destination == source {
				return invalidParameter("Source and destination queue must not be the same.")
			}
			task.destination = destination.name
		}
		n, err := s.store.count(source, time.Now())
		task.toMove = n.visible
		return err
	})
	if err != nil {
		return out, err
	}
	return startMoveAnswer{task.handle}, s.moves.start(task, s.store)
}

func (s *Server) queueOfARN(arn string) (*queue, error) {
	if arn == "" {
		return nil, missingParameter("SourceArn")
	}
	q, ok := s.store.queues[s.nameInARN(arn)]
	if !ok {
		return nil, badRequest(sqsShape+"ResourceNotFoundException", "ResourceNotFoundException",
			"The resource that you specified for the SourceArn or DestinationArn parameter doesn't exist.")
	}
	return q, nil
}

// start runs the task in its own goroutine, for which close waits.
func (m *moves) start(task *moveTask, store *store) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, other := range m.tasks {
		if other.source == task.source && (other.status == moveRunning || other.status == moveCancelling) {
			return namespaced("UnsupportedOperation", "There is already a task running. Only one active task is allowed for a source queue arn at a given time.")
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	task.cancel = cancel
	m.tasks = append(m.tasks, task)
	m.running.Go(func() {
		defer cancel()
		m.run(ctx, task, store)
	})
	return nil
}

func (m *moves) run(ctx context.Context, task *moveTask, store *store) {
	batch, every := moveBatch, time.Duration(0)
	if task.perSecond > 0 {
		batch = 1 + (task.perSecond-1)/10
		every = time.Second * time.Duration(batch) / time.Duration(task.perSecond)
	}
	for {
		moved := 0
		err := store.do(func() (err error) {
			moved, err = store.move(task.source, task.destination, batch, time.Now())
			return err
		})
		m.mu.Lock()
		task.moved += moved
		switch {
		case err != nil:
			task.status, task.failure = moveFailed, err.Error()
		case moved == 0:
			task.status = moveCompleted
		case ctx.Err() != nil:
			task.status = moveCancelled
		}
		ended := task.status != moveRunning && task.status != moveCancelling
		m.mu.Unlock()
		if ended {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(every):
		}
	}
}

// close cancels the tasks and waits for their end.
func (m *moves) close() {
	m.mu.Lock()
	for _, task := range m.tasks {
		task.cancel()
	}
	m.mu.Unlock()
	m.running.Wait()
}

// move moves up to n visible messages as new messages, as SQS does: with another id, a new
// time of sending and no receives.
func (s *store) move(source, destination string, n int, now time.Time) (moved int, err error) {
	from, err := s.queue(source)
	if err != nil {
		return 0, err
	}
	visible, err := s.visible(from, n, now)
	if err != nil {
		return 0, err
	}
	for _, message := range visible {
		name := destination
		if name == "" {
			name = message.source
		}
		to, ok := s.queues[name]
		if !ok && moved > 0 {
			return moved, nil // The next call fails, having changed nothing.
		} else if !ok {
			return 0, errNoSource
		}
		if _, err := s.statement.discard.Exec(message.id); err != nil {
			return moved, fmt.Errorf("move from %s: %w", source, err)
		}
		message.uuid, message.sent, message.due = newUUID(), now.UnixMilli(), now.UnixMilli()
		if err := s.send(to, message); err != nil {
			return moved, err
		}
		moved++
	}
	return moved, nil
}

var errNoSource = namespaced("UnsupportedOperation", "a message has no source queue to return to: name a DestinationArn")

// sourcesOf returns the names of the queues whose redrive policy names this one.
func (s *store) sourcesOf(name string) (sources []string) {
	for _, q := range s.queues {
		if dead := s.deadLetters(q); dead != nil && dead.name == name {
			sources = append(sources, q.name)
		}
	}
	slices.Sort(sources)
	return sources
}

type listMovesRequest struct {
	SourceARN  string `json:"SourceArn"`
	MaxResults *int
}

type listMovesAnswer struct {
	Results []listedMove `json:",omitempty"`
}

type listedMove struct {
	TaskHandle                        string `json:",omitempty"`
	Status                            string
	SourceARN                         string `json:"SourceArn"`
	DestinationARN                    string `json:"DestinationArn,omitempty"`
	MaxNumberOfMessagesPerSecond      int    `json:",omitempty"`
	ApproximateNumberOfMessagesMoved  int
	ApproximateNumberOfMessagesToMove int
	FailureReason                     string `json:",omitempty"`
	StartedTimestamp                  int64
}

func (s *Server) listMessageMoveTasks(_ *call, in listMovesRequest) (out listMovesAnswer, err error) {
	limit, err := within("MaxResults", in.MaxResults, 1, 1, keptTasks)
	if err != nil {
		return out, err
	}
	var name string
	err = s.store.do(func() error {
		q, err := s.queueOfARN(in.SourceARN)
		if err == nil {
			name = q.name
		}
		return err
	})
	if err != nil {
		return out, err
	}
	s.moves.mu.Lock()
	defer s.moves.mu.Unlock()
	for _, task := range slices.Backward(s.moves.tasks) {
		if task.source != name || len(out.Results) == limit {
			continue
		}
		listed := listedMove{
			Status: task.status, SourceARN: s.arn(task.source), MaxNumberOfMessagesPerSecond: task.perSecond,
			ApproximateNumberOfMessagesMoved: task.moved, ApproximateNumberOfMessagesToMove: task.toMove,
			FailureReason: task.failure, StartedTimestamp: task.started.UnixMilli(),
		}
		if task.destination != "" {
			listed.DestinationARN = s.arn(task.destination)
		}
		if task.status == moveRunning {
			listed.TaskHandle = task.handle // SQS names it only while the task can be cancelled.
		}
		out.Results = append(out.Results, listed)
	}
	return out, nil
}

type cancelMoveRequest struct {
	TaskHandle string
}

type cancelMoveAnswer struct {
	ApproximateNumberOfMessagesMoved int
}

func (s *Server) cancelMessageMoveTask(_ *call, in cancelMoveRequest) (cancelMoveAnswer, error) {
	s.moves.mu.Lock()
	defer s.moves.mu.Unlock()
	for _, task := range s.moves.tasks {
		if task.handle == in.TaskHandle && task.status == moveRunning {
			task.status = moveCancelling
			task.cancel()
			return cancelMoveAnswer{task.moved}, nil
		}
	}
	return cancelMoveAnswer{}, badRequest(sqsShape+"ResourceNotFoundException", "ResourceNotFoundException", "Task does not exist.")
}

type sourceQueuesAnswer struct {
	QueueURLs []string `json:"queueUrls"`
}

func (s *Server) listDeadLetterSourceQueues(c *call, in queueRef) (sourceQueuesAnswer, error) {
	out := sourceQueuesAnswer{QueueURLs: []string{}}
	err := s.withQueue(in, func(q *queue) error {
		for _, name := range s.store.sourcesOf(q.name) {
			out.QueueURLs = append(out.QueueURLs, s.url(c, name))
		}
		return nil
	})
	return out, err
}
