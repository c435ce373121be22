package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go"
)

// Source is the source of all events that Calotype sends.
const Source = "calotype"

var busRemedies = remedies{
	access:  "give the workers' role events:PutEvents on the bus",
	missing: "create the bus, or correct --notify",
}

// eventBus is an EventBridge bus.
type eventBus struct {
	client *eventbridge.Client
	name   string
}

// EventBridge returns a bus by its name or ARN. A notification is an event's detail, and its
// detail-type is the type in words: "Picture Ready".
func EventBridge(client *eventbridge.Client, name string) Bus { return eventBus{client, name} }

// Send implements [Bus].
func (b eventBus) Send(ctx context.Context, notifications []json.RawMessage) []error {
	entries := make([]types.PutEventsRequestEntry, len(notifications))
	for i, n := range notifications {
		entries[i] = types.PutEventsRequestEntry{
			EventBusName: &b.name, Source: aws.String(Source), DetailType: aws.String(detailType(TypeOf(n))), Detail: aws.String(string(n)),
		}
	}
	errs := make([]error, len(notifications))
	out, err := b.client.PutEvents(ctx, &eventbridge.PutEventsInput{Entries: entries})
	for i := range errs {
		switch {
		case err != nil:
			errs[i] = busRemedies.explain(fmt.Errorf("put events: %w", err))
		case i >= len(out.Entries):
			errs[i] = errors.New("put events: the response has no result for it")
		case out.Entries[i].ErrorCode != nil:
			errs[i] = busRemedies.explain(fmt.Errorf("put events: %w", &smithy.GenericAPIError{
				Code: aws.ToString(out.Entries[i].ErrorCode), Message: aws.ToString(out.Entries[i].ErrorMessage),
			}))
		case aws.ToString(out.Entries[i].EventId) == "":
			errs[i] = errors.New("put events: the response has no result for it")
		}
	}
	return errs
}

// detailType names a type as AWS names its events' types.
func detailType(t Type) string {
	if t == "" {
		return "Picture"
	}
	return "Picture " + strings.ToUpper(string(t[:1])) + string(t[1:])
}
