package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"image"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	_ "golang.org/x/image/webp"

	"calotype"
	"calotype/deployments/local/samples"
	"calotype/internal/awstest"
)

// soak is set by "make soak": the full numbers instead of small ones.
var soak = os.Getenv("CALOTYPE_SOAK") != ""

// A new photo of 12 megapixels is served as the original at once, then as the exact
// rendition.
func TestNewPhoto(t *testing.T) {
	p := start(t)
	for key, size := range map[string][2]image.Point{
		"wide.jpg":                  {image.Pt(4000, 3000), image.Pt(837, 628)},
		"tall/été +1 (50%) #2?.jpg": {image.Pt(3000, 4000), image.Pt(628, 837)},
	} {
		source := awstest.Photo(t, size[0].X, size[0].Y, 0)
		p.putFile(t, key, source)
		path := "/" + strings.NewReplacer("%", "%25", " ", "%20", "#", "%23", "?", "%3F").Replace(key) + "?size=M&to_webp=1"
		state, body, header := p.ask(t, path)
		if state != "original; pending" || !bytes.Equal(body, source) || header.Get("Cache-Control") != "public, max-age=1, s-maxage=5, stale-if-error=86400" {
			t.Errorf("%s: first got %q, %d bytes, %q", key, state, len(body), header.Get("Cache-Control"))
		}
		asked := time.Now()
		awstest.Eventually(t, time.Minute, key+" is rendered", func() bool {
			state, body, header = p.ask(t, path)
			return state == "rendition"
		})
		t.Logf("%s: rendition after %v", key, time.Since(asked).Round(time.Millisecond))
		config, format, err := image.DecodeConfig(bytes.NewReader(body))
		if err != nil || format != "webp" || (image.Point{config.Width, config.Height}) != size[1] || header.Get("Content-Type") != "image/webp" {
			t.Errorf("%s: got %s %dx%d, %v, want %v", key, format, config.Width, config.Height, err, size[1])
		}
	}
}

func TestBurstOfViewers(t *testing.T) {
	p := start(t)
	p.putFile(t, "kitty.jpg", awstest.Photo(t, 2000, 1500, 0))
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() {
			// A store that takes longer than the edge waits is a 502, so ask again: this
			// machine may be busy.
			status := 0
			for deadline := time.Now().Add(time.Minute); status != 200 && time.Now().Before(deadline); time.Sleep(time.Second) {
				r, err := http.Get(p.url + "/kitty.jpg?size=M")
				if err != nil {
					t.Error(err)
					return
				}
				r.Body.Close()
				if status = r.StatusCode; status != 200 && status != http.StatusBadGateway {
					break
				}
			}
			if status != 200 {
				t.Errorf("got %d", status)
			}
		})
	}
	all.Wait()
	awstest.Eventually(t, time.Minute, "the job is done", func() bool { return p.log.Count(`"queue":"jobs"`) > 0 && p.idle(t) })
	if sent, done := p.log.Count(`"message":"enqueue"`), p.log.Count(`"queue":"jobs"`); sent != 1 || done != 1 {
		t.Errorf("%d messages and %d decodes, want one of each", sent, done)
	}
}

func (p *program) idle(t testing.TB) bool {
	t.Helper()
	out, err := p.sqs.GetQueueAttributes(context.Background(), &sqs.GetQueueAttributesInput{QueueUrl: &p.jobsURL, AttributeNames: []types.QueueAttributeName{"All"}})
	if err != nil {
		t.Fatal(err)
	}
	a := out.Attributes
	return a["ApproximateNumberOfMessages"]+a["ApproximateNumberOfMessagesNotVisible"]+a["ApproximateNumberOfMessagesDelayed"] == "000"
}

// keys returns the bucket's keys.
func (p *program) keys(t testing.TB, prefix string) map[string]bool {
	t.Helper()
	bucket := bucketName
	keys := map[string]bool{}
	for pages := s3.NewListObjectsV2Paginator(p.s3, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix}); pages.HasMorePages(); {
		page, err := pages.NextPage(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys[*o.Key] = true
		}
	}
	return keys
}

// Everything is killed in the middle of many jobs, and nothing is lost.
func TestKillDuringJobs(t *testing.T) {
	jobs := 30
	if soak {
		jobs = 200
	}
	p := start(t)
	for i := range jobs {
		key := fmt.Sprintf("%03d.jpg", i)
		p.putFile(t, key, awstest.Photo(t, 1200, 900, i))
		p.ask(t, "/"+key+"?size=M")
	}
	// The edge enqueues in the background, so a job that is not sent yet is lost with the
	// process.
	awstest.Eventually(t, time.Minute, "all jobs are sent and some are done", func() bool {
		return p.log.Count(`"message":"enqueue"`) == jobs && p.log.Count(`"outcome":"done","queue":"jobs"`) >= jobs/10
	})
	p.kill(t)
	done := p.log.Count(`"outcome":"done","queue":"jobs"`)
	p.begin(t)
	restarted := time.Now()
	awstest.Eventually(t, time.Minute, "the first jobs after the kill are done", func() bool { return p.log.Count(`"outcome":"done","queue":"jobs"`) > done })
	first := time.Since(restarted)
	awstest.Eventually(t, 5*time.Minute, "every job is done", func() bool { return p.idle(t) })
	t.Logf("%d of %d jobs done at the kill; the next %v after the restart, all %v after it",
		done, jobs, first.Round(time.Millisecond), time.Since(restarted).Round(time.Millisecond))
	there := p.keys(t, "resized/M/")
	for i := range jobs {
		if key := fmt.Sprintf("resized/M/%03d.jpg", i); !there[key] {
			t.Errorf("%s is lost", key)
		}
	}
}

// Every picture ends as renditions or as a dead letter with a reason, and the program keeps
// running. The pictures are the samples, some broken ones, and those in the folder
// CALOTYPE_CORPUS.
func TestEveryPictureHasAnOutcome(t *testing.T) {
	p := start(t)
	whole := awstest.Photo(t, 900, 600, 0)
	pictures := map[string][]byte{
		"cut.jpg":      whole[:len(whole)/2],
		"text.png":     []byte("no picture"),
		"empty.gif":    {},
		"rotten.jpg":   append(append(bytes.Clone(whole[:300]), bytes.Repeat([]byte{0}, 5000)...), whole[300:]...),
		"misnamed.bmp": whole,
	}
	for _, sample := range samples.All() {
		body, err := sample.Draw()
		if err != nil {
			t.Fatal(err)
		}
		pictures[sample.Key] = body
	}
	if dir := os.Getenv("CALOTYPE_CORPUS"); dir != "" {
		readPictures(t, dir, pictures)
	}
	for key, body := range pictures {
		p.putFile(t, key, body)
		job := calotype.Job{Source: key, Variants: []calotype.Variant{{Preset: "M", Format: calotype.WebP}, {Preset: "M"}}}
		encoded := job.Encode()
		if _, err := p.sqs.SendMessage(context.Background(), &sqs.SendMessageInput{QueueUrl: &p.jobsURL, MessageBody: &encoded}); err != nil {
			t.Fatal(err)
		}
	}
	awstest.Eventually(t, 10*time.Minute, "every job is done", func() bool { return p.idle(t) })
	// An upload's own job may come first. Then it is that job which rejects the picture, or has
	// work too.
	ended := func() (rendered, rejected map[string]bool) {
		rendered, rejected = map[string]bool{}, map[string]bool{}
		for line := range strings.Lines(p.log.String()) {
			var job struct{ Message, Outcome, Queue, Source string }
			if json.Unmarshal([]byte(line), &job) != nil || job.Message != "job" {
				continue
			}
			switch {
			case job.Outcome == "done" && job.Queue == "jobs":
				rendered[job.Source] = true
			case job.Outcome == "rejected":
				rejected[job.Source] = true
			}
		}
		return rendered, rejected
	}
	awstest.Eventually(t, time.Minute, "every job's end is logged", func() bool { // After its message is deleted.
		rendered, rejected := ended()
		return len(rendered)+len(rejected) >= len(pictures)
	})
	rendered, rejected := ended()
	t.Logf("%d pictures: %d rendered, %d dead letters", len(pictures), len(rendered), len(rejected))
	for key := range pictures {
		if rendered[key] == rejected[key] {
			t.Errorf("%s: rendered is %v, rejected is %v", key, rendered[key], rejected[key])
		}
	}
	there := p.keys(t, "resized/M")
	for key := range pictures {
		for _, rendition := range []string{"resized/M/" + key, "resized/M.webp/" + key} {
			if !there[rendition] {
				t.Errorf("no object at %s", rendition)
			}
		}
	}
}

// readPictures reads the files with an image file extension in a folder and below.
func readPictures(t *testing.T, dir string, into map[string][]byte) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if _, ok := calotype.FormatOfKey(path); err != nil || !ok || entry.IsDir() {
			return err
		}
		key, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		into["corpus/"+filepath.ToSlash(key)], err = os.ReadFile(path)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestOrderlyStopIsQuick(t *testing.T) {
	p := start(t)
	p.putFile(t, "kitty.jpg", awstest.Photo(t, 300, 200, 0))
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("after Ctrl-C: %v", err)
	}
	p.begin(t)
	if state, _, _ := p.ask(t, "/kitty.jpg"); state != "original; untouched" {
		t.Errorf("after a restart the picture is %q", state)
	}
}
