// Program bench compares the Lambda@Edge function with a Node handler that makes the same
// two calls, a HEAD and a SendMessage, with the AWS SDK. It measures the CPU time from the
// start of the process to the first response, and the latency of later ones, against a
// server that responds at once. The SDK is used as files, as in Lambda, and as one bundle,
// which starts faster.
package main

import (
	"context"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"
)

const (
	rounds = 9
	events = 500
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: bench DIST SOURCES")
		os.Exit(2)
	}
	if err := run(context.Background(), os.Args[1], os.Args[2], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// handler is one of the compared handlers. The role selects the calls that the function
// makes.
type handler struct{ name, file, role string }

// figures are the results of one run: CPU time in ms, and ms.
type figures struct{ Cold, Warm float64 }

func run(ctx context.Context, dist, sources string, out io.Writer) error {
	server := httptest.NewServer(http.HandlerFunc(answer))
	defer server.Close()
	runtime := filepath.Join(sources, "runtime")
	plain, bundled := filepath.Join(runtime, "plain.mjs"), filepath.Join(runtime, "node_modules", ".plain.mjs")
	if err := bundle(ctx, filepath.Join(sources, "node_modules", ".bin", "esbuild"), plain, bundled); err != nil {
		return err
	}
	defer os.Remove(bundled) //nolint:errcheck // It is made anew each time.
	ours := filepath.Join(dist, "index.mjs")
	handlers := []handler{
		{"calotype", ours, "original"},
		{"AWS SDK", plain, ""},
		{"AWS SDK, bundled", bundled, ""},
		{"calotype, no call", ours, "rendition"},
	}
	zip, err := os.Stat(filepath.Clean(dist) + ".zip")
	if err != nil {
		return fmt.Errorf("inspect the archive: %w", err)
	}
	fmt.Fprintf(out, "zip: %.2f MB; medians of %d rounds, warm over %d events each\n", float64(zip.Size())/1e6, rounds, events)
	for _, node := range []string{"node22", "node24"} {
		program := filepath.Join(runtime, "node_modules", node, "bin", "node")
		measured := make([][]figures, len(handlers))
		for range rounds { // The handlers alternate, so that a busy moment affects all of them.
			for i, h := range handlers {
				f, err := measure(ctx, server.URL, program, filepath.Join(runtime, "measure.mjs"), h)
				if err != nil {
					return err
				}
				measured[i] = append(measured[i], f)
			}
		}
		print(out, node, handlers, measured)
	}
	return nil
}

// answer acts as S3 and SQS: an object, and an accepted message.
func answer(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		w.Header().Set("Content-Length", "52341") // Without it Node closes the connection.
		return
	}
	var message struct{ MessageBody string }
	if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	fmt.Fprintf(w, `{"MessageId":"5fea7756-0ea4-451a-a703-a558b933e274","MD5OfMessageBody":"%x"}`, md5.Sum([]byte(message.MessageBody)))
}

func bundle(ctx context.Context, esbuild, from, to string) error {
	cmd := exec.CommandContext(ctx, esbuild, from, "--bundle", "--platform=node",
		"--target=node22", "--format=esm", "--minify", "--outfile="+to, "--log-level=warning",
		"--banner:js=import{createRequire}from'node:module';const require=createRequire(import.meta.url);")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bundle %s: %w\n%s", from, err, out)
	}
	return nil
}

func measure(ctx context.Context, url, node, script string, h handler) (figures, error) {
	settings := fmt.Sprintf(`{"x-env-bucket-name":"pictures","x-env-resized-path":"resized","x-env-queue-url":"%s/q"}`, url)
	cmd := exec.CommandContext(ctx, node, script, h.file, settings, h.role, fmt.Sprint(events))
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL_S3="+url, "AWS_ENDPOINT_URL_SQS="+url, "AWS_REGION=us-east-1",
		"AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=bench", "NODE_NO_WARNINGS=1")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return figures{}, fmt.Errorf("run %s: %w\n%s", h.file, err, &stderr)
	}
	if stderr.Len() > 0 {
		return figures{}, fmt.Errorf("%s logged: %s", h.file, &stderr)
	}
	var f figures
	if err := json.Unmarshal(out, &f); err != nil {
		return figures{}, fmt.Errorf("read the measurements of %s: %w", h.file, err)
	}
	return f, nil
}

// print writes a table. Ratios are to the first handler, which is ours.
func print(out io.Writer, node string, handlers []handler, measured [][]figures) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(table, "%s\tcold CPU ms\tours is\twarm ms\tours is\n", node)
	ours := medians(measured[0])
	for i, h := range handlers {
		m := medians(measured[i])
		fmt.Fprintf(table, "%s\t%.0f\t%.2f\t%.3f\t%.2f\n", h.name, m.Cold, ours.Cold/m.Cold, m.Warm, ours.Warm/m.Warm)
	}
	table.Flush() //nolint:errcheck // It is standard output.
}

func medians(all []figures) figures {
	median := func(of func(figures) float64) float64 {
		values := make([]float64, len(all))
		for i, f := range all {
			values[i] = of(f)
		}
		slices.Sort(values)
		return values[len(values)/2]
	}
	return figures{
		Cold: median(func(f figures) float64 { return f.Cold }),
		Warm: median(func(f figures) float64 { return f.Warm }),
	}
}
