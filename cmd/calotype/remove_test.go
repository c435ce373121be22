package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/internal/awstest"
)

// distribution acts as CloudFront and collects the bodies of the invalidations.
func distribution(t *testing.T) (bodies *[]string) {
	t.Helper()
	bodies = &[]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		*bodies = append(*bodies, r.URL.Path+" "+string(body))
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, `<Invalidation><Id>I1</Id><Status>InProgress</Status></Invalidation>`)
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_ENDPOINT_URL_CLOUDFRONT", server.URL)
	return bodies
}

// keys returns the keys of a bucket.
func keys(t *testing.T, bucket string) (all []string) {
	t.Helper()
	out, err := awstest.S3(t).ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &bucket})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range out.Contents {
		all = append(all, aws.ToString(o.Key))
	}
	return all
}

func pictureWithRenditions(t *testing.T) (bucket string) {
	t.Helper()
	bucket = awstest.Bucket(t)
	for _, key := range []string{"cats/kitty.jpg", "cats/other.jpg", "resized/M/cats/kitty.jpg", "resized/S.webp/cats/kitty.jpg", "resized/M/cats/other.jpg", "resized/.failed/cats/kitty.jpg", "resized/.info/cats/kitty.jpg"} {
		awstest.Put(t, bucket, key, []byte("x"), awstest.Headers{})
	}
	return bucket
}

func TestRemove(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		left string
		said string
		sent int
	}{
		"renditions": {nil, "cats/kitty.jpg cats/other.jpg resized/M/cats/other.jpg", "The source still exists", 1},
		"dry run":    {[]string{"--dry-run", "--source"}, "cats/kitty.jpg cats/other.jpg resized/.failed/cats/kitty.jpg resized/.info/cats/kitty.jpg resized/M/cats/kitty.jpg resized/M/cats/other.jpg resized/S.webp/cats/kitty.jpg", "Would delete 2 renditions of cats/kitty.jpg, and the source itself; would invalidate /cats/kitty.jpg* at CloudFront.", 0},
		"source too": {[]string{"--source", "--yes"}, "cats/other.jpg resized/M/cats/other.jpg", "Deleted 2 renditions of cats/kitty.jpg, and the source itself; invalidated /cats/kitty.jpg* at CloudFront.", 1},
	} {
		t.Run(name, func(t *testing.T) {
			bodies := distribution(t)
			bucket := pictureWithRenditions(t)
			code, stdout, stderr := call(t, append([]string{"remove", "cats/kitty.jpg", "--bucket=" + bucket, "--purge-distribution=E2QWRUHAPOMQZL"}, c.args...)...)
			if code != exitOK || !strings.Contains(stdout, c.said) {
				t.Fatalf("got %d, %s%s, want %q", code, stdout, stderr, c.said)
			}
			if left := strings.Join(keys(t, bucket), " "); left != c.left {
				t.Errorf("left are %s, want %s", left, c.left)
			}
			if len(*bodies) != c.sent || c.sent > 0 && !strings.Contains((*bodies)[0], "<Path>/cats/kitty.jpg*</Path>") {
				t.Errorf("invalidations: %q", *bodies)
			}
		})
	}
}

func TestRemoveAsks(t *testing.T) {
	code, _, stderr := call(t, "remove", "cats/kitty.jpg", "--bucket=b", "--source")
	if code != exitUsage || !strings.Contains(stderr, "--yes is missing") {
		t.Errorf("got %d, %s", code, stderr)
	}
	code, _, stderr = call(t, "remove", "resized/M/cats/kitty.jpg", "--bucket=b")
	if code != exitUsage || !strings.Contains(stderr, "name its source") {
		t.Errorf("got %d, %s", code, stderr)
	}
}

func TestAgain(t *testing.T) {
	bucket := pictureWithRenditions(t)
	jobs, _ := awstest.Queues(t)
	code, stdout, stderr := call(t, "again", "cats/kitty.jpg", "--bucket="+bucket, "--queue-url="+jobs, "--variants=L", "--json")
	if code != exitOK {
		t.Fatalf("got %d, %s", code, stderr)
	}
	lines := strings.Split(strings.TrimSpace(stdout), "\n")
	var summary sourceSummary
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &summary); err != nil || summary.Renditions != 2 || summary.Enqueued != 1 || len(lines) != 5 {
		t.Errorf("got %v in %s", err, stdout)
	}
	if left := strings.Join(keys(t, bucket), " "); left != "cats/kitty.jpg cats/other.jpg resized/M/cats/other.jpg" {
		t.Errorf("left are %s", left)
	}
	sent := awstest.Drain(t, jobs)
	if len(sent) != 1 {
		t.Fatalf("sent %q", sent)
	}
	job, err := calotype.ParseJob(sent[0])
	if err != nil || job.Source != "cats/kitty.jpg" || len(job.Variants) != 3 || !job.Exact || !job.Again || !job.Info {
		t.Errorf("got %+v, %v", job, err)
	}
	if code, _, stderr := call(t, "again", "cats/none.jpg", "--bucket="+bucket, "--queue-url="+jobs); code != exitFailure || !strings.Contains(stderr, "head cats/none.jpg: file does not exist") {
		t.Errorf("got %d, %s", code, stderr)
	}
}
