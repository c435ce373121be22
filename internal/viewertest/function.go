// Package viewertest runs the CloudFront Functions of package viewer in tests, in Node with
// no more of a library than ECMAScript 5.1 has, and emulates what CloudFront does with their
// results. It does not check the grammar, and measures no time.
package viewertest

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

//go:embed driver.js
var driver string

// Function is a function that runs in a Node process.
type Function struct {
	t   testing.TB
	in  io.Writer
	out *bufio.Reader
}

// Request is a viewer's request as CloudFront gives it to a function.
type Request struct {
	Method string `json:"method"`
	// URI is the path as the viewer sent it, and Query the part after the question mark.
	URI    string   `json:"uri"`
	Query  string   `json:"query"`
	Accept []string `json:"accept"`
}

// Value is the value of a parameter, not decoded.
type Value struct {
	Value string `json:"value"`
}

// Parameters are a query by name.
type Parameters map[string]Value

// String returns the query as CloudFront sends it to an origin.
func (p Parameters) String() string {
	values := url.Values{}
	for name, v := range p {
		values.Set(name, v.Value)
	}
	return values.Encode()
}

// Result is a request after the function. Group is nil for the default origin.
type Result struct {
	URI    string     `json:"uri"`
	Query  Parameters `json:"query"`
	Accept string     `json:"accept"`
	Group  *Group     `json:"group"`
}

// Group is an origin group that the function has created.
type Group struct {
	OriginIDs []struct {
		OriginID string `json:"originId"`
	} `json:"originIds"`
	FailoverCriteria struct {
		StatusCodes []int `json:"statusCodes"`
	} `json:"failoverCriteria"`
}

// Start starts a process for a function. It ends with the test.
func Start(t testing.TB, code string) *Function {
	t.Helper()
	file := filepath.Join(t.TempDir(), "function.js")
	if err := os.WriteFile(file, []byte(code), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "--eval", driver, file)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start Node, which runs the function: %v", err)
	}
	t.Cleanup(func() {
		in.Close()
		if err := cmd.Wait(); err != nil {
			t.Errorf("Node: %v", err)
		}
	})
	return &Function{t, in, bufio.NewReader(out)}
}

// Handle runs the function for a request.
func (f *Function) Handle(r Request) Result {
	f.t.Helper()
	data, err := json.Marshal(r)
	if err != nil {
		f.t.Fatal(err)
	}
	if _, err := f.in.Write(append(data, '\n')); err != nil {
		f.t.Fatal(err)
	}
	line, err := f.out.ReadBytes('\n')
	if err != nil {
		f.t.Fatalf("%+v: the function failed: %v", r, err)
	}
	var result Result
	if err := json.Unmarshal(line, &result); err != nil {
		f.t.Fatal(err)
	}
	return result
}
