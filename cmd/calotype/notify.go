package main

import (
	"fmt"
	"regexp"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/rs/zerolog"

	"calotype/queue"
	"calotype/worker"
	"calotype/worker/notify"
)

// notifyFlags say where workers announce how jobs end.
type notifyFlags struct {
	Notify string `help:"Announce how each job ends, such as that a picture is ready: to the EventBridge bus of an ARN (arn:aws:events:REGION:ACCOUNT:event-bus/NAME), or to the SQS queue of a URL. docs/notifications.md describes the JSON." placeholder:"ARN|URL"`
}

// busARN is the ARN of an EventBridge bus; its first group is the Region.
var busARN = regexp.MustCompile(`^arn:aws[a-z-]*:events:([a-z0-9-]+):\d{12}:event-bus/[\w./-]{1,256}$`)

// check validates the flag against the URLs of the worker's own queues, which are keyed by
// their flags.
func (f notifyFlags) check(queues map[string]string) (errs []error) {
	if f.Notify == "" || f.isBus() {
		return nil
	}
	for flag, url := range queues {
		if url == f.Notify {
			errs = append(errs, fmt.Errorf("--notify is the same as --%s: workers would take their own notifications for jobs", flag))
		}
	}
	if bad := checkQueueURL("notify", f.Notify, ""); len(bad) > 0 {
		return append(errs, fmt.Errorf("--notify %q is neither a standard SQS queue's URL, such as https://sqs.us-east-1.amazonaws.com/123456789012/name, nor an EventBridge bus's ARN, such as arn:aws:events:us-east-1:123456789012:event-bus/default", f.Notify))
	}
	return errs
}

func (f notifyFlags) isBus() bool { return busARN.MatchString(f.Notify) }

// queues adds the queue, if the flag names one.
func (f notifyFlags) queues(queues map[string]string) map[string]string {
	if f.Notify != "" && !f.isBus() {
		queues["notify"] = f.Notify
	}
	return queues
}

// notifier returns what announces how jobs end, or nil.
func (f notifyFlags) notifier(aws clients, log zerolog.Logger) worker.Notify {
	switch {
	case f.Notify == "":
		return nil
	case f.isBus():
		return notify.New(notify.EventBridge(aws.eventbridge(f.Notify), f.Notify), log).Send
	}
	return notify.New(notify.SQS(queue.New(aws.sqs, f.Notify)), log).Send
}

// eventbridge returns a client for a bus, which may be in another Region.
func (c clients) eventbridge(arn string) *eventbridge.Client {
	return eventbridge.NewFromConfig(c.config, func(o *eventbridge.Options) {
		if region := busARN.FindStringSubmatch(arn); region != nil {
			o.Region = region[1]
		}
	})
}
