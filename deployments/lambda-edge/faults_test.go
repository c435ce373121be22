package lambdaedge

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

type breaks = func(http.ResponseWriter, *http.Request) bool

func answer(on string, status int, body string) breaks {
	return func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.Method+" "+r.URL.Path, on) {
			return false
		}
		w.WriteHeader(status)
		w.Write([]byte(body)) //nolint:errcheck // A HEAD takes none.
		return true
	}
}

func hang(on string) breaks {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.Method, on) {
			io.Copy(io.Discard, r.Body) //nolint:errcheck // Only then the server notices that a client leaves.
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		}
		return false
	}
}

func cut(on string) breaks {
	return func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == on {
			panic(http.ErrAbortHandler)
		}
		return false
	}
}

// logged checks that there is one line, which names the fault and contains no secret.
func logged(t *testing.T, name, log, fault, text string) {
	t.Helper()
	var line struct{ Fault, Request string }
	if err := json.Unmarshal([]byte(log), &line); err != nil || strings.Count(log, "\n") != 1 || line.Fault != fault || !strings.Contains(log, text) {
		t.Errorf("%s: logged %q, want one line of fault %q with %q", name, log, fault, text)
	}
	for _, secret := range []string{"calotype-local", "203.0.113.178", "AKIAEXPIRED", "stolen", "Signature="} {
		if strings.Contains(log, secret) {
			t.Errorf("%s: the log contains %q: %s", name, secret, log)
		}
	}
}

func TestFailOpen(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		f.put("kitty.jpg")
		const expired = `{"__type":"com.amazon.coral.service#ExpiredTokenException","message":"AKIAEXPIRED"}`
		const throttled = `{"__type":"com.amazonaws.sqs#RequestThrottled","message":"AKIAEXPIRED"}`
		with := func(name, value string) map[string]string { return f.settings(name, value) }
		env := func(name, value string) map[string]string { return map[string]string{name: value} }
		for name, c := range map[string]struct {
			breaks        breaks
			settings, env map[string]string
			fault, text   string
		}{
			"S3 hangs":             {breaks: hang("HEAD"), fault: "rendition", text: "no answer in 1000 ms"},
			"S3 cuts connections":  {breaks: cut("HEAD"), fault: "rendition", text: "ECONNRESET"},
			"S3 says slow down":    {breaks: answer("HEAD", 503, ""), fault: "rendition", text: "503"},
			"S3 fails at a source": {breaks: answer(f.bucket+"/kitty.jpg", 500, ""), fault: "source", text: "500"},
			"S3 forbids":           {breaks: answer("HEAD", 403, ""), fault: "source", text: "403"},
			"S3's token expired":   {breaks: answer("HEAD", 400, ""), fault: "rendition", text: "400"},
			"S3 refuses":           {env: env("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1"), fault: "rendition", text: "ECONNREFUSED"},
			"SQS hangs":            {breaks: hang("POST"), fault: "enqueue", text: "no answer in"},
			"SQS cuts connections": {breaks: cut("POST"), fault: "enqueue", text: "ECONNRESET"},
			"SQS throttles":        {breaks: answer("POST", 400, throttled), fault: "enqueue", text: "RequestThrottled"},
			"SQS's token expired":  {breaks: answer("POST", 403, expired), fault: "enqueue", text: "ExpiredTokenException"},
			"SQS refuses":          {env: env("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1"), fault: "enqueue", text: "ECONNREFUSED"},
			"bad endpoint":         {env: env("AWS_ENDPOINT_URL_S3", "nonsense"), fault: "rendition", text: "ERR_INVALID_URL"},
			"no credentials":       {env: env("AWS_SECRET_ACCESS_KEY", ""), fault: "rendition", text: "no credentials"},
			"wrong secret":         {settings: with("X-Env-Bucket-Name", "another"), env: env("AWS_SECRET_ACCESS_KEY", "wrong"), fault: "credentials", text: "SignatureDoesNotMatch"},
			"no settings":          {settings: map[string]string{}, fault: "settings", text: "x-env-resized-path"},
			"bad bucket":           {settings: with("X-Env-Bucket-Name", "a/../b"), fault: "settings", text: "x-env-bucket-name"},
			"bad quality":          {settings: with("X-Env-Quality", "high"), fault: "settings", text: "x-env-quality"},
			"bad queue":            {settings: with("X-Env-Queue-Url", "://"), fault: "settings", text: "x-env-queue-url"},
			"queue's URL has user": {settings: with("X-Env-Queue-Url", "https://AKIAEXPIRED:x@h/"), fault: "settings", text: "x-env-queue-url"},
			"bad role":             {settings: with("X-Env-Role", "boss"), fault: "settings", text: "x-env-role"},
		} {
			f.aws.reset(c.breaks)
			if c.settings == nil {
				c.settings = f.settings()
			}
			event := request("/kitty.jpg", "size=M", c.settings)
			sent := time.Now()
			same(t, name, f.run(object{"env": c.env, "event": event}).Result, inner(event)["request"])
			// A busy machine takes its time. Without the budget of 2.5 s it would be for ever.
			if took := time.Since(sent); took > time.Minute {
				t.Errorf("%s: took %v", name, took)
			}
			logged(t, name, f.log.take(), c.fault, c.text)
		}
		// A failed send is not remembered as sent.
		f.aws.reset()
		f.handle(request("/kitty.jpg", "size=M", f.settings()))
		if jobs := f.enqueued(); len(jobs) == 0 {
			t.Error("no job after the faults ended")
		}
	})
}

func TestUnknownEvents(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		viewer := request("/kitty.jpg", "size=M", f.settings())
		inner(viewer)["config"].(object)["eventType"] = "viewer-request"
		same(t, "viewer-request", f.handle(viewer), inner(viewer)["request"])
		logged(t, "viewer-request", f.log.take(), "event", "viewer-request")

		answered := response(request("/kitty.jpg", "size=M", f.settings()), "", "200", nil)
		inner(answered)["config"].(object)["eventType"] = "viewer-response"
		same(t, "viewer-response", f.handle(answered), inner(answered)["response"])

		for name, event := range map[string]object{"empty": {}, "no records": {"Records": []any{}}, "numbers": {"Records": []any{1.0}}} {
			same(t, name, f.handle(event), event)
		}
		if calls := f.aws.seen(); len(calls) > 0 {
			t.Errorf("calls %v: want none", calls)
		}
	})
}

// A response that cannot be classified may be a pending original, so it gets the short
// lifetime.
func TestUndecidedResponsesAreShortLived(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		answered := func(settings map[string]string) object {
			return response(request("/kitty.jpg", "size=M", settings), "", "200", map[string]string{"Cache-Control": "max-age=86400", "x-amz-meta-mine": "secret"})
		}
		odd := answered(f.settings())
		inner(odd)["response"].(object)["status"] = 200.0
		for fault, event := range map[string]object{"settings": answered(nil), "event": odd} {
			got := f.handle(event)
			if text, _ := json.Marshal(got); !strings.Contains(string(text), "s-maxage=5") || strings.Contains(string(text), "secret") {
				t.Errorf("%s: got %s, want the short lifetime and no metadata", fault, text)
			}
			logged(t, fault, f.log.take(), fault, "")
		}
	})
}

// TestPanic causes a panic inside the wasm; the handler continues with another instance.
func TestPanic(t *testing.T) {
	for _, node := range nodes {
		t.Run(node, func(t *testing.T) {
			t.Parallel()
			folder := unpack(t)
			command(t, []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0"}, "go", "build", "-buildmode=c-shared", "-tags=testfault",
				"-o", filepath.Join(folder, "edge.wasm"), "./cmd/edge-wasm")
			f := start(t, node, folder)
			f.put("kitty.jpg")
			for range 3 {
				event := request("/testfault.jpg", "size=M", f.settings())
				same(t, "request", f.handle(event), inner(event)["request"])
				logged(t, "request", f.log.take(), "decision", "injected fault")
				event = response(request("/testfault.jpg", "size=M", f.settings()), "", "200", map[string]string{"Cache-Control": "max-age=86400"})
				if text, _ := json.Marshal(f.handle(event)); !strings.Contains(string(text), "s-maxage=5") {
					t.Errorf("response: got %s, want the short lifetime", text)
				}
				logged(t, "response", f.log.take(), "decision", "injected fault")
				event = response(request("/testfault.jpg", "size=M", f.settings("X-Env-Pending", "none")), "", "200", nil)
				if got := f.handle(event); got["status"] != "404" || got["body"] == nil {
					t.Errorf("response, where originals must not be seen: got %v, want 404", got)
				}
				logged(t, "response", f.log.take(), "decision", "injected fault")
			}
			f.handle(request("/kitty.jpg", "size=M", f.settings()))
			if jobs := f.enqueued(); len(jobs) != 1 {
				t.Errorf("got %d jobs after the panics, want 1", len(jobs))
			}
		})
	}
}

// TestBudget replaces the clock: a call may take a second, and the calls of an event two
// and a half seconds in total.
func TestBudget(t *testing.T) {
	const script = `import { Budget } from './src/calls.mjs';
		let now = 0;
		performance.now = () => now;
		const budget = new Budget();
		for (now of [0, 1800, 2600]) console.log(budget.left());`
	out, err := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", script).CombinedOutput()
	if got := strings.Fields(string(out)); err != nil || fmt.Sprint(got) != "[1000 700 -100]" {
		t.Errorf("got %s ms left: %v", out, err)
	}
}

func TestMissingWasm(t *testing.T) {
	for _, node := range nodes {
		folder := unpack(t)
		if err := os.Remove(filepath.Join(folder, "edge.wasm")); err != nil {
			t.Fatal(err)
		}
		f := start(t, node, folder)
		event := request("/kitty.jpg", "size=M", f.settings())
		same(t, "request", f.handle(event), inner(event)["request"])
		logged(t, "request", f.log.take(), "decision", "ENOENT")
	}
}

// TestStaleConnection closes the kept connections between events, as happens to a frozen
// function.
func TestStaleConnection(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		f.put("kitty.jpg", "resized/M/kitty.jpg")
		dropped := 0
		for i := range 5 {
			first := true
			f.aws.reset(func(http.ResponseWriter, *http.Request) bool {
				if i > 0 && first { // The first connection is new, and not retried.
					first = false
					dropped++
					panic(http.ErrAbortHandler)
				}
				return false
			})
			if got := originPath(f.handle(request("/kitty.jpg", "size=M", f.settings()))); got != "/resized/M" {
				t.Errorf("event %d: path %q; %s", i, got, f.log.take())
			}
		}
		if dropped != 4 {
			t.Errorf("dropped %d connections, want 4", dropped)
		}
	})
}

// If a response is cut short the server already has the message. It is not sent again, even
// over a kept connection.
func TestResponseIsCutShort(t *testing.T) {
	onNodes(t, func(t *testing.T, f *function) {
		f.put("first.jpg", "kitty.jpg")
		f.handle(request("/first.jpg", "size=M", f.settings())) // It leaves connections to both servers open.
		f.aws.reset(func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPost {
				return false
			}
			w.Header().Set("Content-Length", "100")
			w.Write([]byte("{"))                  //nolint:errcheck // It is cut anyway.
			http.NewResponseController(w).Flush() //nolint:errcheck // As above.
			panic(http.ErrAbortHandler)
		})
		event := request("/kitty.jpg", "size=M", f.settings())
		same(t, "cut", f.handle(event), inner(event)["request"])
		if calls := f.aws.seen(); len(calls) != 3 {
			t.Errorf("calls %v, want 3", calls)
		}
		logged(t, "cut", f.log.take(), "enqueue", "ECONNRESET")
	})
}

// TestMemoryIsFlat handles many events: for distinct pictures, each checked and enqueued,
// or without any call.
func TestMemoryIsFlat(t *testing.T) {
	events := 2000
	if os.Getenv("CALOTYPE_SOAK") != "" {
		events = 100_000
	}
	for _, role := range []string{"rendition", "original"} {
		f := start(t, "node24", unpack(t))
		f.aws.reset(func(w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Length", "0")
			return true
		})
		h := f.run(object{"repeat": events, "event": request("/kitty-N.jpg", "size=M", f.settings("X-Env-Role", role))})
		t.Logf("%s, %d events: %d MB, then %d MB", role, events, h.Before>>20, h.After>>20)
		if h.After > h.Before+32<<20 || h.After > 200<<20 {
			t.Errorf("%s: memory grew from %d MB to %d MB in %d events", role, h.Before>>20, h.After>>20, events)
		}
	}
}
