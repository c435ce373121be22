package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"calotype/worker"
)

// workerFlag is one of "calotype worker".
type workerFlag struct{ name, help string }

// variable is what sets the flag in the task.
func (f workerFlag) variable() string {
	return "CALOTYPE_" + strings.ToUpper(strings.ReplaceAll(f.name, "-", "_"))
}

// context is the setting of the flag here: workerCacheControl for --cache-control.
func (f workerFlag) context() string {
	name := "worker"
	for word := range strings.SplitSeq(f.name, "-") {
		name += strings.ToUpper(word[:1]) + word[1:]
	}
	return name
}

// templateSets says how the flags are set that have no context of their own.
var templateSets = map[string]string{
	"bucket":             "the parameter BucketName, or the context existingBucket",
	"queue-url":          "the job queue",
	"dead-letter-url":    "the dead-letter queue",
	"events-queue-url":   "the context events",
	"backfill-queue-url": "the context backfillQueue",
	"resized-prefix":     "the parameter DestinationFolder",
	"quality":            "the parameter Quality",
	"presets":            "the context presets, a file that is built into the image",
	"on-upload":          "the context onUpload",
	"notify":             "the context notify",
	"purge-distribution": "the context purge",
	"purge-by-tag":       "the context cacheTags",
	"decoder":            "the image has it beside the worker",
	"admin-listen":       "the image sets it, for its health check",
}

// workerFlags reads the flags from their declaration, so that none is forgotten here:
// the fields of workerCommand, with those of the structs that are embedded in it.
func workerFlags(folder string) ([]workerFlag, error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.go"))
	if err != nil {
		return nil, err
	}
	structs := map[string]*ast.StructType{}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return nil, err
		}
		for _, d := range file.Decls {
			decl, ok := d.(*ast.GenDecl)
			for i := 0; ok && i < len(decl.Specs); i++ {
				if spec, isType := decl.Specs[i].(*ast.TypeSpec); isType {
					if st, isStruct := spec.Type.(*ast.StructType); isStruct {
						structs[spec.Name.Name] = st
					}
				}
			}
		}
	}
	flags, err := flagsOf(structs, "workerCommand")
	if err == nil && len(flags) == 0 {
		err = fmt.Errorf("%s: no flags of the worker", folder)
	}
	return flags, err
}

func flagsOf(structs map[string]*ast.StructType, name string) ([]workerFlag, error) {
	st := structs[name]
	if st == nil {
		return nil, fmt.Errorf("there is no struct %s", name)
	}
	var flags []workerFlag
	for _, field := range st.Fields.List {
		if len(field.Names) == 0 {
			embedded, ok := field.Type.(*ast.Ident)
			if !ok {
				return nil, fmt.Errorf("%s embeds a type of another package", name)
			}
			more, err := flagsOf(structs, embedded.Name)
			if err != nil {
				return nil, err
			}
			flags = append(flags, more...)
			continue
		}
		if field.Tag == nil {
			continue
		}
		text, err := strconv.Unquote(field.Tag.Value)
		if err != nil {
			return nil, err
		}
		tag := reflect.StructTag(text)
		for _, ident := range field.Names {
			flag := workerFlag{name: tag.Get("name"), help: tag.Get("help")}
			if flag.name == "" {
				flag.name = strings.ToLower(capital.ReplaceAllString(ident.Name, "$1-$2"))
			}
			if tag.Get("env") != "-" && flag.help != "" {
				flags = append(flags, flag)
			}
		}
	}
	return flags, nil
}

// capital is where a word ends in the name of a field.
var capital = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// worker reads the contexts of the worker's own flags. The worker checks their values when
// it starts.
func (c *contextReader) worker() map[string]string {
	flags, err := workerFlags(filepath.Join(root, "cmd", "calotype"))
	if err != nil {
		c.check(false, "worker…", "read the worker's flags: %v", err)
	}
	set := map[string]string{}
	for _, flag := range flags {
		if how, ok := templateSets[flag.name]; ok {
			if _, given := c.values[flag.context()]; given {
				c.known[flag.context()] = true
				c.check(false, flag.context(), "it is set otherwise: %s", how)
			}
			continue
		}
		if value := c.text(flag.context(), "", `^[ -~]+$`, "a line of ASCII"); value != "" {
			set[flag.variable()] = value
		}
	}
	return set
}

// maxStop is the longest that ECS waits for a task to stop on Fargate.
// https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task_definition_parameters.html#container_definition_timeout
const maxStop = 120 * time.Second

// stopTimeout is how long a task has to stop: the grace that the worker gives its jobs, and
// some time to say so to the queue.
func (c *contextReader) stopTimeout(set map[string]string) time.Duration {
	grace := worker.Defaults().Grace
	if text := set["CALOTYPE_GRACE"]; text != "" {
		var err error
		grace, err = time.ParseDuration(text)
		c.check(err == nil && grace >= 0 && grace+stopTime <= maxStop, "workerGrace", "%q: want a duration up to %v, since ECS waits for at most %v", text, maxStop-stopTime, maxStop)
	}
	return grace + stopTime
}
