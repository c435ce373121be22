package main

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2/cxapi"
	"github.com/aws/jsii-runtime-go"

	"calotype/internal/hermetic"
)

func TestMain(m *testing.M) {
	hermetic.Isolate()
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// resource is a resource of a template.
type resource struct {
	Type           string
	Properties     object
	DependsOn      any
	DeletionPolicy string
}

type template struct {
	Parameters map[string]object
	Resources  map[string]resource
	Outputs    map[string]object
}

// object is a part of a template. Its values are found by a path of names and numbers,
// "DistributionConfig.Origins.0.Id". A missing value is nil.
type object map[string]any

func (o object) at(path string) any {
	var value any = map[string]any(o)
	for name := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			value = v[name]
		case []any:
			var i int
			if _, err := fmt.Sscan(name, &i); err != nil || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// text formats any part of a template, including references.
func text(value any) string {
	data, err := json.Marshal(value)
	if err != nil {
		return err.Error()
	}
	return string(data)
}

// resolve replaces references as CloudFormation does, with the test's parameters and
// account.
func resolve(t *testing.T, value any) string {
	t.Helper()
	switch v := value.(type) {
	case string:
		return v
	case map[string]any:
		if name, ok := v["Ref"].(string); ok {
			known := map[string]string{"BucketName": "photos", "DestinationFolder": "resized", "Quality": "80", "AWS::AccountId": "123456789012"}
			if known[name] != "" {
				return known[name]
			}
			if strings.HasPrefix(name, "Distribution") {
				return "E2QWRUHAPOMQZL"
			}
			return "https://sqs.us-east-1.amazonaws.com/123456789012/" + name // A queue's Ref is its URL.
		}
		if join, ok := v["Fn::Join"].([]any); ok {
			var b strings.Builder
			for _, part := range join[1].([]any) {
				b.WriteString(resolve(t, part))
			}
			return b.String()
		}
	}
	t.Fatalf("cannot resolve %s", text(value))
	return ""
}

// edgeZip is a file that replaces the function, which the templates only name.
func edgeZip(t *testing.T) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "lambda-edge.zip")
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	w := zip.NewWriter(file)
	index, err := w.Create("index.mjs")
	if err == nil {
		_, err = index.Write([]byte("export const handler = async (event) => event.Records[0].cf.request;\n"))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// synthesise builds the app with a context and returns the templates, keyed by stack.
func synthesise(t *testing.T, context map[string]any) map[string]template {
	t.Helper()
	assembly, _ := synthesiseInto(t, context)
	templates := map[string]template{}
	for _, stack := range *assembly.Stacks() {
		data, err := os.ReadFile(*stack.TemplateFullPath())
		if err != nil {
			t.Fatal(err)
		}
		var read template
		if err := json.Unmarshal(data, &read); err != nil {
			t.Fatal(err)
		}
		templates[*stack.StackName()] = read
	}
	return templates
}

// synthesiseInto builds the app with a context, into a folder.
func synthesiseInto(t *testing.T, context map[string]any) (assembly cxapi.CloudAssembly, directory string) {
	t.Helper()
	if context == nil {
		context = map[string]any{}
	}
	context["edgeZip"], context["edgeLambdaZip"] = edgeZip(t), edgeZip(t)
	directory = t.TempDir()
	app := newApp(directory, context)
	s, err := readSettings(app.Node())
	if err != nil {
		t.Fatal(err)
	}
	if err := build(app, s); err != nil {
		t.Fatal(err)
	}
	assembly = app.Synth(nil)
	if err := complete(*assembly.Directory()); err != nil {
		t.Error(err)
	}
	return assembly, directory
}

// all returns all resources of a type.
func (tp template) all(kind string) map[string]resource {
	found := map[string]resource{}
	for id, r := range tp.Resources {
		if r.Type == kind {
			found[id] = r
		}
	}
	return found
}

// one returns the resource of a type whose logical id has a prefix.
func (tp template) one(t *testing.T, kind, name string) resource {
	t.Helper()
	var found []resource
	for id, r := range tp.all(kind) {
		if strings.HasPrefix(id, name) {
			found = append(found, r)
		}
	}
	if len(found) != 1 {
		t.Fatalf("%d resources %s %s*, want one", len(found), kind, name)
	}
	return found[0]
}

// has checks values of a resource, keyed by their paths.
func (r resource) has(t *testing.T, want map[string]any) {
	t.Helper()
	for path, w := range want {
		if got := r.Properties.at(path); text(got) != text(w) {
			t.Errorf("%s %s: got %s, want %s", r.Type, path, text(got), text(w))
		}
	}
}
