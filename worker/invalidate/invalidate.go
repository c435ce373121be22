// Package invalidate invalidates changed pictures at CloudFront, so that viewers see the new
// one before the cached one expires. It is best effort: paths it drops, for cost or at
// shutdown, expire by themselves. It does not know which pictures changed.
//
//	invalidator := invalidate.New(client, "E2QWRUHAPOMQZL", budget, log)
//	go invalidator.Run(ctx)
//	invalidator.Invalidate("cats/kitty.jpg")
//
// One path covers a picture in all its variants, because the variant is in the query:
// "/cats/kitty.jpg*".
package invalidate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/smithy-go"
	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"calotype"
	"calotype/internal/backoff"
)

// maxInFlight bounds the paths of invalidations in progress. CloudFront allows 15 with a
// wildcard in a distribution, and other programs may use some.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-invalidations
const maxInFlight = 10

// How long a path waits for others to share its call; how often, and for how long at most,
// CloudFront is asked whether an invalidation is completed; the longest pause after calls
// that fail repeatedly, such as without a permission; and how long a stop may take.
const (
	batchWindow     = time.Second
	pollEvery       = 10 * time.Second
	pollTimeout     = 30 * time.Minute
	maxPause        = 10 * time.Minute
	shutdownTimeout = 5 * time.Second
)

// maxWaiting bounds the number of waiting paths. Sending as many takes hours.
const maxWaiting = 10_000

// Budget grants up to n more paths this month.
type Budget func(ctx context.Context, n int) (granted int, err error)

// Invalidator sends invalidations to one distribution.
type Invalidator struct {
	// OriginPath is the prefix that the distribution adds to a viewer's path to make a key,
	// without slashes at its ends. Keys without this prefix are not invalidated.
	OriginPath string
	// ByTag invalidates a picture by [calotype.CacheTag] instead of its path: CloudFront
	// counts a tag as a path. The distribution must read tags from a header.
	ByTag bool

	client       *cloudfront.Client
	distribution string
	budget       Budget
	log          zerolog.Logger

	sent, skipped prometheus.Counter // Paths.

	wake chan struct{} // Signals that a path waits.
	mu   sync.Mutex
	// waiting are the paths in order of arrival; known is the set of the same paths.
	waiting []string
	known   map[string]bool
	dropped int // Since it was last logged.

	// Used only by Run.
	inFlight []invalidation
	granted  int // Paths that the budget granted and that were not sent.
	suspects int // The number of waiting paths to send one by one, because CloudFront rejects one of them.
}

// invalidation is an invalidation in progress.
type invalidation struct {
	id    string
	paths int
	sent  time.Time
}

// New returns an Invalidator, which sends nothing before Run.
func New(client *cloudfront.Client, distribution string, budget Budget, log zerolog.Logger) *Invalidator {
	return &Invalidator{
		client: client, distribution: distribution, budget: budget, log: log,
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "calotype_invalidated_paths_total", Help: "Paths that were invalidated at CloudFront.",
		}),
		skipped: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "calotype_skipped_invalidations_total", Help: "Paths that were not invalidated: over the month's cap, too many at a time, or when the worker stopped.",
		}),
		wake: make(chan struct{}, 1), known: map[string]bool{},
	}
}

// Invalidate queues the picture of a source's key, in all variants. It does not wait.
func (inv *Invalidator) Invalidate(source string) {
	path, ok := inv.path(source)
	if !ok {
		return
	}
	inv.mu.Lock()
	defer inv.mu.Unlock()
	switch {
	case inv.known[path]:
	case len(inv.waiting) == maxWaiting:
		inv.dropped++
	default:
		inv.waiting = append(inv.waiting, path)
		inv.known[path] = true
		select {
		case inv.wake <- struct{}{}:
		default:
		}
	}
}

// path returns the wildcard path of a picture as viewers request it, or its tag.
func (inv *Invalidator) path(key string) (string, bool) {
	source := key
	if inv.OriginPath != "" {
		var under bool
		if source, under = strings.CutPrefix(source, inv.OriginPath+"/"); !under {
			return "", false
		}
	}
	if inv.ByTag {
		return "#" + calotype.CacheTag(key), true
	}
	return "/" + escape(source) + "*", true
}

// escape escapes what CloudFront requires, RFC 1738's unsafe characters and non-ASCII ones,
// and what would not be part of the path: "?", and "*", which would be another wildcard. It
// escapes nothing else: an invalidation of a fully escaped "kitty (1).jpg" does not match
// what viewers request.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/invalidation-specifying-objects.html#invalidation-specifying-objects-paths
func escape(key string) string {
	var b strings.Builder
	for _, c := range []byte(key) {
		if c <= ' ' || c >= 0x7f || strings.IndexByte("\"<>#%{}|\\^~[]`?*", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// Run sends invalidations until the context ends, and then one last batch.
func (inv *Invalidator) Run(ctx context.Context) {
	for {
		select {
		case <-inv.wake:
			backoff.Wait(ctx, batchWindow)
			inv.sendAll(ctx)
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := inv.send(last); err != nil {
		inv.log.Warn().Err(err).Msg("invalidate")
	}
	if n := inv.left(); n > 0 {
		inv.skipped.Add(float64(n))
		inv.log.Warn().Int("skipped", n).Msg("not invalidated: the worker stops; cached copies expire by themselves")
	}
}

// sendAll sends until no path waits. It pauses while CloudFront is busy, and for a growing
// time while calls fail.
func (inv *Invalidator) sendAll(ctx context.Context) {
	failures := 0
	for inv.left() > 0 && ctx.Err() == nil {
		var err error
		if inv.free() > 0 {
			err = inv.send(ctx)
			if err == nil {
				failures = 0
				continue
			}
		}
		var busy *types.TooManyInvalidationsInProgress
		if err == nil || errors.As(err, &busy) {
			backoff.Wait(ctx, pollEvery)
			err = inv.poll(ctx)
		}
		if err != nil && ctx.Err() == nil {
			inv.log.Warn().Err(err).Msg("invalidate")
			failures++
			backoff.Wait(ctx, backoff.Delay(failures, pollEvery, maxPause))
			_ = inv.poll(ctx) // The call before or the next one fails with the same error.
		}
	}
}

// send sends one invalidation with as many paths as allowed.
func (inv *Invalidator) send(ctx context.Context) error {
	defer inv.logDropped()
	limit := inv.free()
	if inv.suspects > 0 {
		limit = min(1, limit)
	}
	paths := inv.take(limit)
	if len(paths) == 0 {
		return nil
	}
	if need := len(paths) - inv.granted; need > 0 {
		n, err := inv.budget(ctx, need)
		if err != nil {
			inv.putBack(paths)
			return err
		}
		inv.granted += n
	}
	if inv.granted < len(paths) {
		inv.drop(paths[inv.granted:])
		paths = paths[:inv.granted]
	}
	if len(paths) == 0 {
		return nil
	}
	out, err := inv.client.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
		DistributionId: &inv.distribution,
		InvalidationBatch: &types.InvalidationBatch{
			CallerReference: aws.String("calotype-" + uuid.NewString()), // The SDK's retries send the same reference.
			Paths:           &types.Paths{Items: paths, Quantity: aws.Int32(int32(len(paths)))},
		},
	})
	switch {
	case refused(err) && len(paths) == 1:
		inv.suspects = max(0, inv.suspects-1)
		inv.skipped.Inc()
		inv.log.Warn().Err(err).Strs("paths", paths).Msg("not invalidated: CloudFront rejects the path")
		return nil
	case refused(err):
		inv.putBack(paths)
		inv.suspects = len(paths)
		return nil
	case err != nil:
		inv.putBack(paths)
		return err
	}
	inv.suspects = max(0, inv.suspects-1)
	inv.granted -= len(paths)
	id := aws.ToString(out.Invalidation.Id)
	inv.inFlight = append(inv.inFlight, invalidation{id, len(paths), time.Now()})
	inv.sent.Add(float64(len(paths)))
	inv.log.Info().Strs("paths", paths).Str("invalidation", id).Msg("invalidate")
	return nil
}

// refused reports whether CloudFront rejected one of the paths as invalid: retrying will not
// help.
func refused(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "InvalidArgument"
}

// poll asks which invalidations are complete. It returns the last error.
func (inv *Invalidator) poll(ctx context.Context) (err error) {
	var busy []invalidation
	for _, i := range inv.inFlight {
		out, pollErr := inv.client.GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: &inv.distribution, Id: &i.id})
		var unknown *types.NoSuchInvalidation
		done := errors.As(pollErr, &unknown) || pollErr == nil && aws.ToString(out.Invalidation.Status) == "Completed"
		if pollErr != nil && !done {
			err = pollErr
		}
		if !done && time.Since(i.sent) < pollTimeout {
			busy = append(busy, i)
		}
	}
	inv.inFlight = busy
	return err
}

// free returns how many paths may be sent now.
func (inv *Invalidator) free() int {
	n := maxInFlight
	for _, i := range inv.inFlight {
		n -= i.paths
	}
	return max(0, n)
}

func (inv *Invalidator) take(n int) []string {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	n = min(n, len(inv.waiting))
	paths := inv.waiting[:n:n]
	inv.waiting = inv.waiting[n:]
	for _, path := range paths {
		delete(inv.known, path) // It may change again during the invalidation.
	}
	return paths
}

// putBack queues paths that were not sent, before all others.
func (inv *Invalidator) putBack(paths []string) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.waiting = append(slices.Clone(paths), slices.DeleteFunc(inv.waiting, func(path string) bool { return slices.Contains(paths, path) })...)
	for _, path := range paths {
		inv.known[path] = true
	}
}

// drop drops paths that were not granted, and all waiting ones.
func (inv *Invalidator) drop(paths []string) {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	inv.dropped += len(paths) + len(inv.waiting)
	clear(inv.known)
	inv.waiting = nil
}

func (inv *Invalidator) left() int {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	return len(inv.waiting)
}

// logDropped logs, once, how many paths were dropped.
func (inv *Invalidator) logDropped() {
	inv.mu.Lock()
	defer inv.mu.Unlock()
	if inv.dropped > 0 {
		inv.skipped.Add(float64(inv.dropped))
		inv.log.Warn().Int("skipped", inv.dropped).Msg("not invalidated: over the month's cap or too many at a time; cached copies expire by themselves")
		inv.dropped = 0
	}
}

// Describe implements [prometheus.Collector].
func (inv *Invalidator) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(inv, to) }

// Collect implements [prometheus.Collector].
func (inv *Invalidator) Collect(to chan<- prometheus.Metric) {
	inv.sent.Collect(to)
	inv.skipped.Collect(to)
}
