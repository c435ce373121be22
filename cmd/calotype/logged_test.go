package main

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"calotype/internal/awstest"
)

// keyed lists zerolog's methods whose first argument is a field's name.
var keyed = []string{
	"AnErr", "Any", "Bool", "Bytes", "Dict", "Dur", "Errs", "Float64", "Int", "Int32", "Int64", "Interface", "IPAddr",
	"RawJSON", "Str", "Stringer", "Strs", "Time", "TimeDiff", "Uint", "Uint64",
}

// documentedFields returns the fields in the table of docs/operations.md.
func documentedFields(t *testing.T) []string {
	t.Helper()
	var fields []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`[^|]*) \\|").FindAllStringSubmatch(section(t, "Log fields"), -1) {
		for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(row[1], -1) {
			fields = append(fields, name[1])
		}
	}
	return fields
}

// The log fields in the code are those of docs/operations.md, and vice versa.
func TestLogFieldsAreDocumented(t *testing.T) {
	logged := map[string]string{ // And the table names the programs that log them.
		zerolog.LevelFieldName: "zerolog", zerolog.TimestampFieldName: "zerolog", zerolog.MessageFieldName: "zerolog", zerolog.ErrorFieldName: "Err",
	}
	for _, folder := range []string{".", "../../worker", "../../worker/decoder", "../../worker/invalidate", "../../edge/origin"} {
		files, err := filepath.Glob(folder + "/*.go")
		if err != nil || len(files) < 3 {
			t.Fatalf("%s: %v, %v", folder, files, err)
		}
		for _, file := range files {
			if !strings.HasSuffix(file, "_test.go") {
				maps.Copy(logged, fieldsOf(t, file))
			}
		}
	}
	maps.Copy(logged, fieldsOfFunction(t))
	documented := documentedFields(t)
	for _, name := range slices.Sorted(maps.Keys(logged)) {
		if !slices.Contains(documented, name) {
			t.Errorf("%s is logged by %s and not documented", name, logged[name])
		}
	}
	for i, name := range documented {
		if logged[name] == "" {
			t.Errorf("%s is documented and never logged", name)
		}
		if slices.Contains(documented[:i], name) {
			t.Errorf("%s is documented twice", name)
		}
	}
}

// fieldsOf returns the field names that a file passes to zerolog.
func fieldsOf(t *testing.T, file string) map[string]string {
	t.Helper()
	set := token.NewFileSet()
	parsed, err := parser.ParseFile(set, file, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	fields := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || len(call.Args) < 2 {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || !slices.Contains(keyed, method.Sel.Name) {
			return true
		}
		if literal, ok := call.Args[0].(*ast.BasicLit); ok && literal.Kind == token.STRING {
			name, _ := strconv.Unquote(literal.Value)
			fields[name] = set.Position(call.Args[0].Pos()).String()
		} else {
			t.Errorf("%s: a field whose name is not written there cannot be looked up", set.Position(call.Pos()))
		}
		return true
	})
	return fields
}

// fieldsOfFunction returns the fields of the line that the Lambda@Edge function logs.
func fieldsOfFunction(t *testing.T) map[string]string {
	t.Helper()
	const file = "../../deployments/lambda-edge/src/log.mjs"
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(source), "const line = {")
	object, _, ok := strings.Cut(rest, "};")
	if !ok {
		t.Fatalf("no line in %s", file)
	}
	fields := map[string]string{}
	for _, m := range regexp.MustCompile(`(?m)^\s*(\w+)[:,]`).FindAllStringSubmatch(object, -1) {
		fields[m[1]] = file
	}
	return fields
}

// The logs of a real worker and edge have no other fields.
func TestEventsHaveDocumentedFields(t *testing.T) {
	w := startWorker(t)
	pictures, _, edgeLog := startEdge(t, w)
	awstest.Put(t, w.bucket, "broken.jpg", []byte("no picture"), awstest.Headers{ContentType: "image/jpeg"})
	get(t, pictures+"/broken.jpg?size=S")
	awstest.Eventually(t, time.Minute, "the job has ended", func() bool { return w.log.Count(`"message":"job"`) > 0 && edgeLog.Count(`"message":"enqueue"`) > 0 })
	documented := documentedFields(t)
	for line := range strings.Lines(w.log.String() + edgeLog.String()) {
		var event map[string]any
		if err := json.Unmarshal([]byte(line), &event); err != nil {
			t.Errorf("%q: %v", line, err)
		}
		for name := range event {
			if !slices.Contains(documented, name) {
				t.Errorf("%s is in %s and not documented", name, line)
			}
		}
	}
}
