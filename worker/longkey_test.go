package worker

import (
	"strings"
	"testing"

	"calotype/internal/awstest"
	"calotype/worker/failure"
)

// longKey is a key of a length, in folders that the local server can have.
func longKey(length int) string {
	folders := strings.Repeat(strings.Repeat("a", 200)+"/", 5)
	return folders + strings.Repeat("b", length-len(folders)-len(".jpg")) + ".jpg"
}

// A key may be so long that some variants, or the record of a failure, have none in S3.
// Those are left out, and the rest is as always.
func TestLongKeys(t *testing.T) {
	b := newFixture(t)
	good, bad := longKey(1014), "c"+longKey(1013)
	b.put(t, good, jpegOf(t, photo(300, 200)))
	b.put(t, bad, []byte("no picture"))
	b.do(t, job(good, "M"))
	b.wantDone(t)
	b.wantKeys(t, good, bad, "resized/L/"+good, "resized/M/"+good, "resized/S/"+good)
	b.do(t, job(bad, "M"))
	b.wantDeadLetter(t, failure.UnsupportedFormat, job(bad, "M"))
	decodes := b.countDecodes()
	for range 3 {
		b.do(t, job(bad, "S"))
	}
	b.wantDone(t)
	if n := decodes.Load(); n != 0 {
		t.Errorf("%d decodes of a picture that failed before", n)
	}
	b.do(t, job(good, "XS"))
	b.wantDeadLetter(t, failure.MalformedJob, job(good, "XS"))
	awstest.Scrape(t, b.Worker).Want(t, awstest.Samples{`calotype_jobs_total{class="malformed-job",outcome="rejected"}`: 1})
}
