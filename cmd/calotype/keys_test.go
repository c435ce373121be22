package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"calotype/internal/awstest"
)

func compressed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReadKeys(t *testing.T) {
	inventory := `"pictures","cats/red%20flower%2B%C3%A9t%C3%A9.jpg","1024","2026-11-20T09:12:03.000Z","d41d8cd9"
"pictures","cats/a+b.jpg","1024"
"pictures","say%22cheese%22.jpg","1024"
`
	keys := []string{"cats/red flower+été.jpg", "cats/a b.jpg", `say"cheese".jpg`}
	for name, c := range map[string]struct {
		text string
		want []string
		err  string
	}{
		"plain":            {"a.jpg\ncats/b + é.jpg\r\n\nc%20d.jpg", []string{"a.jpg", "cats/b + é.jpg", "c%20d.jpg"}, ""},
		"inventory":        {inventory, keys, ""},
		"compressed":       {compressed(t, inventory), keys, ""},
		"compressed plain": {compressed(t, "a.jpg\n"), []string{"a.jpg"}, ""},
		"empty":            {"", nil, ""},
		"another bucket":   {inventory + `"others","a.jpg"`, keys, `--keys FILE: line 4: the inventory is of the bucket "others", not of "pictures"`},
		"one column":       {`"a.jpg"`, nil, `line 1: "a.jpg" is not a row of an inventory`},
		"encoding":         {`"pictures","100%zz.jpg"`, nil, "line 1: invalid URL escape"},
		"quotes":           {`"pictures","a.jpg`, nil, `extraneous or missing " in quoted-field`},
		"cut":              {compressed(t, inventory)[:40], nil, "unexpected EOF"},
		"a long line":      {strings.Repeat("k", maxKeyLine+1), nil, "token too long"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "keys")
			if err := os.WriteFile(file, []byte(c.text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, from := range []string{file, "-"} {
				var got []string
				var failed error
				for key, err := range readKeys(from, "pictures", strings.NewReader(c.text)) {
					if failed = err; err == nil {
						got = append(got, key)
					}
				}
				if (failed == nil) != (c.err == "") || failed != nil && !strings.Contains(failed.Error(), strings.Replace(c.err, "FILE", from, 1)) {
					t.Errorf("%s: error %v, want %q", from, failed, c.err)
				}
				if c.want != nil && !slices.Equal(got, c.want) {
					t.Errorf("%s: got %q, want %q", from, got, c.want)
				}
			}
		})
	}
}

func TestWarmKeys(t *testing.T) {
	bucket := awstest.Bucket(t)
	jobs, _ := awstest.Queues(t)
	for _, key := range []string{"a.jpg", "b.jpg", "c.jpg"} {
		awstest.Put(t, bucket, key, []byte("x"), awstest.Headers{})
	}
	file := filepath.Join(t.TempDir(), "inventory.csv")
	if err := os.WriteFile(file, fmt.Appendf(nil, "%q,\"c.jpg\"\n%q,\"a.jpg\"\n%q,\"gone.jpg\"\n", bucket, bucket, bucket), 0o600); err != nil {
		t.Fatal(err)
	}
	flags := []string{"s3://" + bucket, "--variants=M", "--queue-url=" + jobs, "--keys=" + file}
	lines, _ := warm(t, exitOK, flags...)
	if want := `{"seen":3,"current":0,"enqueued":2,"failed":0}`; lines[len(lines)-1] != want || !strings.Contains(lines[0], `"not_found":1`) {
		t.Errorf("got %s, want %s and one not found", lines, want)
	}
	if sent := awstest.Drain(t, jobs); len(sent) != 2 {
		t.Errorf("sent %q", sent)
	}
	if _, stderr := warm(t, exitUsage, append(flags, "--delete-orphans")...); !strings.Contains(stderr, "--keys does not go with --delete-orphans") {
		t.Errorf("said %q", stderr)
	}
	if _, stderr := warm(t, exitUsage, append(flags[:3:3], "--keys=none.csv")...); !strings.Contains(stderr, "--keys: open none.csv") {
		t.Errorf("said %q", stderr)
	}
}

func TestWarmEstimate(t *testing.T) {
	bucket := awstest.Bucket(t)
	for _, key := range []string{"a.jpg", "b.jpg"} {
		awstest.Put(t, bucket, key, []byte("x"), awstest.Headers{})
	}
	lines, _ := warm(t, exitOK, "s3://"+bucket, "--variants=S,M", "--estimate")
	if !strings.HasPrefix(lines[0], `{"sources":2,"bytes":2,"too_large":0,"existing":0,"missing":4,"jobs":2,"lists":1,"heads":10,"gets":2,"puts":4,`) {
		t.Errorf("got %s", lines[0])
	}
	code, stdout, stderr := call(t, "warm", "--encoder=any", "s3://"+bucket, "--variants=S,M", "--estimate")
	for _, want := range []string{"2 pictures, 2 B;", "4 missing, 0 exist", "10 HEAD, 2 GET, 4 PUT", "CPU: 0.0 hours", "Price: $0.00", "to send 2 jobs at --rate 200"} {
		if code != exitOK || !strings.Contains(stdout, want) {
			t.Errorf("exit code %d, no %q in %s%s", code, want, stdout, stderr)
		}
	}
}
