package worker

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"calotype/worker/notify"
)

// bus is a bus that keeps what it accepts. fail, if not nil, returns why it accepts nothing.
type bus struct {
	mu       sync.Mutex
	accepted []notify.Notification
	fail     func() error
	schema   *jsonschema.Schema
}

func newBus(t *testing.T) *bus {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../notification.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return &bus{schema: schema}
}

// newDownBus returns a bus that accepts nothing as long as it is down.
func newDownBus(t *testing.T) (b *bus, down *bool) {
	b, down = newBus(t), new(true)
	b.fail = func() error {
		if *down {
			return errors.New("down")
		}
		return nil
	}
	return b, down
}

// notify accepts a notification that the schema describes, without further fields.
func (b *bus) notify(_ context.Context, body json.RawMessage) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.fail != nil {
		if err := b.fail(); err != nil {
			return err
		}
	}
	value, err := jsonschema.UnmarshalJSON(strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	if err := b.schema.Validate(value); err != nil {
		panic(fmt.Sprintf("%s: %v", body, err))
	}
	var n notify.Notification
	strict := json.NewDecoder(strings.NewReader(string(body)))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&n); err != nil {
		panic(fmt.Sprintf("%s: %v", body, err))
	}
	b.accepted = append(b.accepted, n)
	return nil
}

// take returns what was accepted since the last call.
func (b *bus) take() []notify.Notification {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.accepted
	b.accepted = nil
	return taken
}

// takeOne returns the one notification that was accepted.
func (b *bus) takeOne(t *testing.T) notify.Notification {
	t.Helper()
	taken := b.take()
	if len(taken) != 1 {
		t.Fatalf("got %+v, want one notification", taken)
	}
	return taken[0]
}

// summary is what a test compares of a notification.
func summary(n notify.Notification) string {
	text := string(n.Type) + " " + n.Key
	if n.Reason != nil {
		text += " " + n.Reason.Class
	}
	for _, v := range n.Variants {
		text += fmt.Sprintf(" %s:%dx%d:%s", v.Name, v.Width, v.Height, v.Type)
	}
	return text
}
