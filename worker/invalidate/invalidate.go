// Package purge has CloudFront forget pictures that have changed, so that viewers see
// the new one before the old one's life in the cache is over. It is a courtesy: what it
// leaves out, for money or for haste, ends by itself. Which pictures have changed is
// not its business.
//
//	purger := purge.New(client, "E2QWRUHAPOMQZL", budget, log)
//	go purger.Run(ctx)
//	purger.Invalidate("cats/kitty.jpg")
//
// One path covers a picture in all its variants: "/cats/kitty.jpg*", for the variant is
// in the query.
package invalidate

import (
	"context"
	"crypto/rand"
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
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
)

// mostInFlight is how many paths of ours CloudFront is at work on at once. It allows 15
// with a wildcard in a distribution, and others may have some.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-invalidations
const mostInFlight = 10

// How long paths wait for others to go with them, how often CloudFront is asked whether
// it is done, and for how long at most; the longest pause after calls that fail again and
// again, as without a permission; and how long a stop may take.
const (
	gather       = time.Second
	askEvery     = 10 * time.Second
	askFor       = 30 * time.Minute
	longestPause = 10 * time.Minute
	farewell     = 5 * time.Second
)

// mostWaiting bounds what waits to be sent. It takes hours to send so much.
const mostWaiting = 10_000

// Budget grants up to n paths that may be sent this month.
type Budget func(ctx context.Context, n int) (granted int, err error)

// Invalidator sends invalidations to one distribution.
type Invalidator struct {
	// OriginPath is what the distribution puts before a viewer's path to make a key of
	// it, without slashes at its ends. Keys that do not begin with it are not purged.
	OriginPath string

	client       *cloudfront.Client
	distribution string
	budget       Budget
	log          zerolog.Logger

	sent, leftOut prometheus.Counter // Paths.

	wake chan struct{} // Something waits.
	mu   sync.Mutex
	// waiting are paths in the order they came, known the same.
	waiting []string
	known   map[string]bool
	dropped int // Since the last word of it.

	// Run's alone.
	inFlight []invalidation
	granted  int // Paths that the budget granted and that are not sent.
	suspects int // Paths that wait first and go alone: CloudFront does not take one of them.
}

// invalidation is one that CloudFront is at work on.
type invalidation struct {
	id    string
	paths int
	sent  time.Time
}

// New returns a purger, which sends nothing before it runs.
func New(client *cloudfront.Client, distribution string, budget Budget, log zerolog.Logger) *Invalidator {
	return &Invalidator{
		client: client, distribution: distribution, budget: budget, log: log,
		sent: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "calotype_purged_paths_total", Help: "Paths that CloudFront was told to forget.",
		}),
		leftOut: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "calotype_purges_left_out_total", Help: "Paths that CloudFront was not told to forget: over the month's cap, too many at once, or at the worker's end.",
		}),
		wake: make(chan struct{}, 1), known: map[string]bool{},
	}
}

// Invalidate has the picture of a source's key forgotten, in all variants, soon. It does not
// wait for that.
func (p *Invalidator) Invalidate(source string) {
	path, ok := p.path(source)
	if !ok {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.known[path]:
	case len(p.waiting) == mostWaiting:
		p.dropped++
	default:
		p.waiting = append(p.waiting, path)
		p.known[path] = true
		select {
		case p.wake <- struct{}{}:
		default:
		}
	}
}

// path is that of a picture as viewers ask for it, with what follows it.
func (p *Invalidator) path(source string) (string, bool) {
	if p.OriginPath != "" {
		var under bool
		if source, under = strings.CutPrefix(source, p.OriginPath+"/"); !under {
			return "", false
		}
	}
	return "/" + escape(source) + "*", true
}

// escape escapes what CloudFront wants escaped, RFC 1738's unsafe characters and what is
// not ASCII, and beside that what would not be part of the path: a "?", and a "*", which
// would be another wildcard. Nothing else: of "kitty (1).jpg" escaped as a whole,
// CloudFront would not forget what viewers ask for.
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

// Run sends what there is to send until the context ends, and then what it may still
// send at once.
func (p *Invalidator) Run(ctx context.Context) {
	for {
		select {
		case <-p.wake:
			pause(ctx, gather)
			p.sendAll(ctx)
		case <-ctx.Done():
		}
		if ctx.Err() != nil {
			break
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer cancel()
	if err := p.send(last); err != nil {
		p.log.Warn().Err(err).Msg("purge")
	}
	if n := p.left(); n > 0 {
		p.leftOut.Add(float64(n))
		p.log.Warn().Int("left_out", n).Msg("not purged: the worker ends; caches end by themselves")
	}
}

// sendAll sends until nothing waits. While CloudFront is busy, with what is ours or with
// what is others', it waits for it; where calls fail, it waits longer and longer.
func (p *Invalidator) sendAll(ctx context.Context) {
	wait := askEvery
	for p.left() > 0 && ctx.Err() == nil {
		var err error
		if p.free() > 0 {
			err = p.send(ctx)
			if err == nil {
				wait = askEvery
				continue
			}
		}
		var busy *types.TooManyInvalidationsInProgress
		if err == nil || errors.As(err, &busy) {
			pause(ctx, askEvery)
			err = p.ask(ctx)
		}
		if err != nil && ctx.Err() == nil {
			p.log.Warn().Err(err).Msg("purge")
			pause(ctx, wait)
			wait = min(2*wait, longestPause)
			_ = p.ask(ctx) // As the call before, or the next.
		}
	}
}

// send sends one invalidation, of as many paths as may be.
func (p *Invalidator) send(ctx context.Context) error {
	defer p.tellDropped()
	most := p.free()
	if p.suspects > 0 {
		most = min(1, most)
	}
	paths := p.take(most)
	if len(paths) == 0 {
		return nil
	}
	if need := len(paths) - p.granted; need > 0 {
		n, err := p.budget(ctx, need)
		if err != nil {
			p.putBack(paths)
			return err
		}
		p.granted += n
	}
	if p.granted < len(paths) {
		p.drop(paths[p.granted:])
		paths = paths[:p.granted]
	}
	if len(paths) == 0 {
		return nil
	}
	out, err := p.client.CreateInvalidation(ctx, &cloudfront.CreateInvalidationInput{
		DistributionId: &p.distribution,
		InvalidationBatch: &types.InvalidationBatch{
			CallerReference: aws.String("calotype-" + rand.Text()), // The SDK's retries send the same.
			Paths:           &types.Paths{Items: paths, Quantity: aws.Int32(int32(len(paths)))},
		},
	})
	switch {
	case refused(err) && len(paths) == 1:
		p.suspects = max(0, p.suspects-1)
		p.leftOut.Inc()
		p.log.Warn().Err(err).Strs("paths", paths).Msg("not purged: CloudFront does not take the path")
		return nil
	case refused(err):
		p.putBack(paths)
		p.suspects = len(paths)
		return nil
	case err != nil:
		p.putBack(paths)
		return err
	}
	p.suspects = max(0, p.suspects-1)
	p.granted -= len(paths)
	id := aws.ToString(out.Invalidation.Id)
	p.inFlight = append(p.inFlight, invalidation{id, len(paths), time.Now()})
	p.sent.Add(float64(len(paths)))
	p.log.Info().Strs("paths", paths).Str("invalidation", id).Msg("purge")
	return nil
}

// refused reports whether CloudFront takes one of an invalidation's paths for none: the
// same paths are never taken.
func refused(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "InvalidArgument"
}

// ask asks which invalidations are done. Of those that it cannot ask about, the error
// is the last one's.
func (p *Invalidator) ask(ctx context.Context) (err error) {
	var busy []invalidation
	for _, i := range p.inFlight {
		out, askErr := p.client.GetInvalidation(ctx, &cloudfront.GetInvalidationInput{DistributionId: &p.distribution, Id: &i.id})
		var unknown *types.NoSuchInvalidation
		done := errors.As(askErr, &unknown) || askErr == nil && aws.ToString(out.Invalidation.Status) == "Completed"
		if askErr != nil && !done {
			err = askErr
		}
		if !done && time.Since(i.sent) < askFor {
			busy = append(busy, i)
		}
	}
	p.inFlight = busy
	return err
}

// free is how many paths may be sent now.
func (p *Invalidator) free() int {
	n := mostInFlight
	for _, i := range p.inFlight {
		n -= i.paths
	}
	return max(0, n)
}

func (p *Invalidator) take(n int) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	n = min(n, len(p.waiting))
	paths := p.waiting[:n:n]
	p.waiting = p.waiting[n:]
	for _, path := range paths {
		delete(p.known, path) // It may change again while CloudFront is at it.
	}
	return paths
}

// putBack lets paths that were not sent wait again, before all others.
func (p *Invalidator) putBack(paths []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = append(slices.Clone(paths), slices.DeleteFunc(p.waiting, func(path string) bool { return slices.Contains(paths, path) })...)
	for _, path := range paths {
		p.known[path] = true
	}
}

// drop leaves out paths that are not granted, and all that wait.
func (p *Invalidator) drop(paths []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.dropped += len(paths) + len(p.waiting)
	clear(p.known)
	p.waiting = nil
}

func (p *Invalidator) left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.waiting)
}

// tellDropped says, once, how many paths were left out.
func (p *Invalidator) tellDropped() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.dropped > 0 {
		p.leftOut.Add(float64(p.dropped))
		p.log.Warn().Int("left_out", p.dropped).Msg("not purged: over the month's cap or too many at once; caches end by themselves")
		p.dropped = 0
	}
}

// Describe and Collect make metrics of a purger.
func (p *Invalidator) Describe(to chan<- *prometheus.Desc) { prometheus.DescribeByCollect(p, to) }

// Collect tells what was sent, and what was not.
func (p *Invalidator) Collect(to chan<- prometheus.Metric) {
	p.sent.Collect(to)
	p.leftOut.Collect(to)
}

// pause waits, or until the context ends.
func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
