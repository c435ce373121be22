package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"calotype"
	"calotype/queue"
	"calotype/worker/deadletter"
)

type statusCommand struct {
	Bucket            string          `help:"The S3 bucket that holds the pictures." placeholder:"NAME"`
	QueueURL          string          `name:"queue-url" help:"The SQS queue for jobs." placeholder:"URL"`
	DeadLetterURL     string          `name:"dead-letter-url" help:"The SQS queue for dead letters." placeholder:"URL"`
	EventsQueueURL    string          `name:"events-queue-url" help:"The SQS queue for S3's event notifications, if there is one." placeholder:"URL"`
	BackfillQueueURL  string          `name:"backfill-queue-url" help:"The SQS queue for a backfill's jobs, if there is one." placeholder:"URL"`
	ResizedPrefix     calotype.Prefix `help:"The prefix of the renditions' keys." default:"${prefix}"`
	PurgeDistribution string          `help:"The CloudFront distribution that workers invalidate pictures in, if there is one." placeholder:"ID"`
	Notify            string          `help:"The EventBridge bus (an ARN) or the SQS queue (a URL) that workers announce jobs to, if there is one." placeholder:"ARN|URL"`
	Hide              time.Duration   `help:"How long dead letters stay hidden from others if this is killed." default:"2m"`
	WriteProbe        bool            `env:"-" help:"Also write, replace and delete a small object under --resized-prefix, to check the permissions and conditions of PUT and DELETE."`
	JSON              bool            `name:"json" env:"-" help:"Print one JSON object."`
}

// Help is shown with the command's help.
func (statusCommand) Help() string {
	return `It shows how many messages each queue holds and how old the oldest is, whether
workers take jobs, the dead letters by reason, which permissions these credentials
have, and whether the queues are set up as workers need them. It changes nothing:
SQS refuses the calls that check permissions, and no message is sent. Dead letters are
hidden from other receivers while they are counted. It exits with 1 if a check fails.
Run it with a worker's credentials to check the worker's permissions.`
}

func (c *statusCommand) check() []error {
	errs := checkBucket(c.Bucket)
	errs = append(errs, checkQueueURL("queue-url", c.QueueURL, "the SQS queue for jobs")...)
	errs = append(errs, checkQueueURL("dead-letter-url", c.DeadLetterURL, "the SQS queue for dead letters")...)
	errs = append(errs, checkDistribution(c.PurgeDistribution)...)
	errs = append(errs, notifyFlags{c.Notify}.check(nil)...)
	return append(errs, between("hide", c.Hide, 10*time.Second, 12*time.Hour)...)
}

// queues returns the URLs that are set, keyed by the queues' names.
func (c *statusCommand) queues() map[string]string {
	urls := map[string]string{"jobs": c.QueueURL, "events": c.EventsQueueURL, "backfill": c.BackfillQueueURL, "dead": c.DeadLetterURL}
	maps.DeleteFunc(urls, func(_, url string) bool { return url == "" })
	return urls
}

// status is what the command prints.
type status struct {
	Queues      []queueStatus  `json:"queues"`
	Workers     string         `json:"workers"`
	DeadLetters []reasonLine   `json:"dead_letters"`
	Checks      []checkOutcome `json:"checks"`
}

type queueStatus struct {
	Queue   string `json:"queue"`
	Visible int    `json:"visible"`
	Leased  int    `json:"leased"`
	Delayed int    `json:"delayed"`
	// OldestSeconds is the age of the oldest message, if it is known; AgeUnknown says why
	// it is not. An empty queue has neither.
	OldestSeconds *float64 `json:"oldest_seconds,omitempty"`
	AgeUnknown    string   `json:"age_unknown,omitempty"`
	Error         string   `json:"error,omitempty"`
}

// A checkOutcome is one permission, setting or feature.
type checkOutcome struct {
	Check  string `json:"check"`  // An IAM action, or a feature of the store.
	On     string `json:"on"`     // The flag's name, without --.
	Result string `json:"result"` // ok, failed, warning or skipped.
	Detail string `json:"detail,omitempty"`
}

func (c *statusCommand) run(ctx context.Context, stdout, _ io.Writer) error {
	aws, err := connect(ctx, 16)
	if err != nil {
		return err
	}
	s := status{Queues: []queueStatus{}, DeadLetters: []reasonLine{}}
	urls := c.queues()
	for _, name := range slices.Sorted(maps.Keys(urls)) {
		count, err := queue.New(aws.sqs, urls[name]).Count(ctx)
		q := queueStatus{Queue: name, Visible: count.Visible, Leased: count.Leased, Delayed: count.Delayed}
		if err != nil {
			q.Error = plain(err)
		}
		s.Queues = append(s.Queues, q)
	}
	s.Workers = workersFrom(s.Queues)
	s.Checks = preflight{aws, c}.run(ctx)
	tally, err := deadletter.Queue{Letters: queue.New(aws.sqs, c.DeadLetterURL), Lease: c.Hide}.List(ctx, deadletter.Filter{}, nil)
	if err != nil && ctx.Err() == nil {
		s.Checks = append(s.Checks, checkOutcome{"list dead letters", "dead-letter-url", resultFailed, plain(err)})
	}
	s.age(ctx, aws, urls, tally)
	for _, g := range tally.Groups() {
		s.DeadLetters = append(s.DeadLetters, reasonLine{"reason", g.Class, g.Count, g.Oldest, g.Newest, g.Sample, g.ID})
	}
	if c.JSON {
		err = json.NewEncoder(stdout).Encode(s)
	} else {
		_, err = io.WriteString(stdout, s.text(colours(stdout)))
	}
	if err == nil && slices.ContainsFunc(s.Checks, func(o checkOutcome) bool { return o.Result == resultFailed }) {
		return errors.New("at least one check failed")
	}
	return err
}

// age adds the age of each queue's oldest message. Dead letters were read, and so their
// ages are known.
func (s *status) age(ctx context.Context, aws clients, urls map[string]string, dead *deadletter.Tally) {
	ages, err := aws.oldest(ctx, urls)
	if ages == nil {
		ages = map[string]time.Duration{}
	}
	for _, g := range dead.Groups() {
		ages["dead"] = max(ages["dead"], time.Since(g.Oldest))
	}
	for i := range s.Queues {
		q := &s.Queues[i]
		age, known := ages[q.Queue]
		switch {
		case q.Error != "" || q.Visible+q.Leased+q.Delayed == 0:
		case known:
			seconds := math.Round(age.Seconds())
			q.OldestSeconds = &seconds
		case err != nil:
			q.AgeUnknown = plain(err)
		default:
			q.AgeUnknown = "CloudWatch has no value for the last minutes"
		}
	}
}

// oldest formats the age of the oldest message for people.
func (q queueStatus) oldest() string {
	switch {
	case q.OldestSeconds != nil:
		return ago(time.Now().Add(-time.Duration(*q.OldestSeconds * float64(time.Second))))
	case q.AgeUnknown != "":
		return "unknown"
	}
	return "-"
}

// workersFrom derives from the message counts whether workers take jobs.
func workersFrom(queues []queueStatus) string {
	for _, q := range queues {
		switch {
		case q.Queue != "jobs":
		case q.Error != "":
			return "unknown"
		case q.Leased > 0:
			return "working"
		case q.Visible > 0:
			return "not working: jobs are waiting, and no worker holds one"
		default:
			return "idle: no jobs are waiting"
		}
	}
	return "unknown"
}

// text formats the status for people. Only the last column has colours, since the others are
// aligned by their length.
func (s status) text(colour func(result, text string) string) string {
	var text strings.Builder
	columns := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	row := func(format string, args ...any) { _, _ = show(columns, format+"\n", args...) }
	row("QUEUE\tVISIBLE\tLEASED\tDELAYED\tOLDEST")
	unknown := ""
	for _, q := range s.Queues {
		if q.Error != "" {
			row("%s\t%s", q.Queue, q.Error)
			continue
		}
		row("%s\t%d\t%d\t%d\t%s", q.Queue, q.Visible, q.Leased, q.Delayed, q.oldest())
		unknown = cmp.Or(unknown, q.AgeUnknown)
	}
	if unknown != "" {
		row("unknown age: %s", unknown)
	}
	_, _ = fmt.Fprintf(columns, "\nworkers: %s\n\n", colour(workersResult(s.Workers), s.Workers))
	if len(s.DeadLetters) == 0 {
		row("no dead letters")
	} else {
		row("REASON\tCOUNT\tOLDEST\tNEWEST\tSAMPLE")
		for _, l := range s.DeadLetters {
			row("%s\t%d\t%s\t%s\t%s", l.Reason, l.Count, ago(l.Oldest), ago(l.Newest), l.Sample)
		}
	}
	row("\nCHECK\tON\tRESULT")
	for _, o := range s.Checks {
		result := printable(strings.TrimSuffix(fmt.Sprintf("%s: %s", o.Result, o.Detail), ": "))
		_, _ = fmt.Fprintf(columns, "%s\t%s\t%s\n", printable(o.Check), printable(o.On), colour(o.Result, result))
	}
	_ = columns.Flush() // Writes to memory cannot fail.
	return text.String()
}
