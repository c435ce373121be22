package main

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"calotype/internal/awstest"
)

// The smoke test passes against a healthy deployment, fails where the deployment is not as
// its flags say, and deletes its pictures and renditions.
func TestSmoke(t *testing.T) {
	calotype, err := awstest.Build("calotype", "cmd/calotype")
	if err != nil {
		t.Fatal(err)
	}
	p := start(t)
	smoke := func(args ...string) (out string, code int) {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), calotype, append([]string{"smoke", p.url, "--bucket", bucketName}, args...)...)
		cmd.Env = append(os.Environ(), "AWS_REGION="+region, "AWS_ACCESS_KEY_ID="+accessKey, "AWS_SECRET_ACCESS_KEY="+secretKey, "AWS_ENDPOINT_URL_S3="+p.s3URL)
		combined, err := cmd.CombinedOutput()
		if cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(combined), cmd.ProcessState.ExitCode()
	}
	out, code := smoke("--events", "--check-source", "--wait", "1m")
	if code != 0 || strings.Count(out, "\nok ") != 12 || !strings.Contains(out, "\n13 checks passed, 0 failed.\n") {
		t.Errorf("exit code %d: %s", code, out)
	}
	// Originals are served here, and no rendition is made at the upload.
	out, code = smoke("--pending", "none", "--on-upload", "L.avif", "--wait", "1s", "--json")
	for _, want := range []string{
		`{"kind":"check","check":"the first view is answered at once","ok":false,"error":"got status 200, X-Calotype \"original; pending\"`,
		`{"kind":"check","check":"a rendition is made at the upload","ok":false,"error":"not within --wait"}`,
		`{"kind":"check","check":"a missing picture returns 403 or 404","ok":true}`,
		`"kind":"summary"`, "checks failed",
	} {
		if code != 1 || !strings.Contains(out, want) {
			t.Errorf("exit code %d, want %s: %s", code, want, out)
		}
	}
	awstest.Eventually(t, time.Minute, "the renditions of jobs that were still waiting are deleted too", func() bool { return p.idle(t) })
	for _, prefix := range []string{"smoke/", "resized/"} {
		if left := p.keys(t, prefix); len(left) > 0 {
			t.Errorf("left: %v", left)
		}
	}
}
