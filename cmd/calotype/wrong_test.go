package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Wrong calls say which command, what is wrong, and what to do.
func TestWrongCalls(t *testing.T) {
	queues := []string{"--bucket=b", "--queue-url=http://h/1/q", "--dead-letter-url=http://h/1/d"}
	for want, args := range map[string][]string{
		`calotype: unknown command verison, did you mean "version"?; see calotype --help`:                          {"verison"},
		`calotype: unknown command wokrer, did you mean "worker"?; see calotype --help`:                            {"wokrer"},
		"calotype: unknown command serve; see calotype --help":                                                     {"serve"},
		`calotype dlq: unknown command replya, did you mean "replay"?; see calotype dlq --help`:                    {"dlq", "replya"},
		"calotype dlq: name a command: list, show, replay, purge; see calotype dlq --help":                         {"dlq"},
		`calotype edge: unknown flag --bukcet, did you mean "--bucket"?; see calotype edge --help`:                 {"edge", "--bukcet=b"},
		"calotype worker: unknown flag --on; see calotype worker --help":                                           {"worker", "--on"},
		"calotype render: <file> ... is missing; see calotype render --help":                                       {"render"},
		"calotype explain: <url-or-key> is missing; see calotype explain --help":                                   {"explain"},
		"calotype version: unexpected argument extra; see calotype version --help":                                 {"version", "extra"},
		`calotype worker: --grace (or CALOTYPE_GRACE): "20" is not a duration: write it like 90s, 2m or 1h30m`:     append([]string{"worker", "--grace=20"}, queues...),
		`calotype worker: --max-bytes (or CALOTYPE_MAX_BYTES): "much" is not a size: write it like 512MiB or 1GiB`: append([]string{"worker", "--max-bytes=much"}, queues...),
		`calotype worker: --concurrency (or CALOTYPE_CONCURRENCY): "many" is not a whole number`:                   append([]string{"worker", "--concurrency=many"}, queues...),
		"calotype worker: --bucket (or CALOTYPE_BUCKET): its value is missing":                                     append([]string{"worker"}, append(queues[1:], "--bucket")...),
		"calotype worker: --max-bytes 6GiB: want 1 to 5GiB":                                                        append([]string{"worker", "--max-bytes=6GiB"}, queues...),
		`calotype completion: <shell>: "tcsh" is not one of bash, zsh, fish; see calotype completion --help`:       {"completion", "tcsh"},
		`calotype worker: --info: "maybe" is neither true nor false; see calotype worker --help`:                   {"worker", "--info=maybe"},
	} {
		code, stdout, stderr := call(t, args...)
		first, _, _ := strings.Cut(stderr, "\n")
		if code != exitUsage || stdout != "" || first != want {
			t.Errorf("%v: got %d, %q\nwant %q", args, code, stderr, want)
		}
	}
}

// Each problem of a presets file is a line. What follows from them is not reported.
func TestMistakesOfPresets(t *testing.T) {
	file := filepath.Join(t.TempDir(), "presets.json")
	if err := os.WriteFile(file, []byte("{\n\"card\": {\"box\": \"6x4\", \"fit\": \"fill\"},\n\"M\": \"0x10\"}"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, stderr := call(t, "render", "kitty.jpg", "--presets", file, "--variants=card", "--out=o")
	start := "calotype render: --presets (or CALOTYPE_PRESETS): " + file
	want := start + `: line 2: preset card: fit "fill": want inside, cover or pad` + "\n" +
		start + `: line 3: preset M: box "0x10": "0" is not a number of pixels from 1 to 16383` + "\n"
	if code != exitUsage || stderr != want {
		t.Errorf("got %d, %s\nwant %s", code, stderr, want)
	}
}

func TestUnknownVariables(t *testing.T) {
	t.Setenv("CALOTYPE_BUKCET", "b")
	t.Setenv("CALOTYPE_TABLE", "t")
	t.Setenv("CALOTYPE_LOCAL_LISTEN", ":1") // Of calotype-local.
	t.Setenv("CALOTYPE_EMPTY", "")
	code, _, stderr := call(t, "srcset", "https://pictures.example/kitty.jpg")
	want := "calotype: warning: the variable CALOTYPE_BUKCET sets nothing, did you mean CALOTYPE_BUCKET?\n" +
		"calotype: warning: the variable CALOTYPE_TABLE sets nothing\n"
	if code != exitOK || stderr != want {
		t.Errorf("got %d, %q, want %q", code, stderr, want)
	}
}

func TestDistance(t *testing.T) {
	for words, want := range map[[2]string]int{
		{"", ""}: 0, {"a", ""}: 1, {"worker", "worker"}: 0, {"wokrer", "worker"}: 1, {"renders", "render"}: 1, {"rend", "render"}: 2, {"kitten", "sitting"}: 3,
	} {
		if got := distance(words[0], words[1]); got != want {
			t.Errorf("%q: got %d, want %d", words, got, want)
		}
	}
}

func TestSizesAreReadBack(t *testing.T) {
	for _, want := range []size{0, 1, 1023, 1 << 10, 100 << 20, 1 << 30, 5 << 30, 1500} {
		var got size
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Errorf("%d: %q is read as %d, %v", want, want, got, err)
		}
	}
}
