package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"calotype"
	"calotype/internal/awstest"
	"calotype/internal/pages"
)

// A block without a language is output or a drawing. The others are read as what they say.
func TestDocsBlocks(t *testing.T) {
	root, err := awstest.Root()
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile(`(?m)^(calotype|aws|make|cdk|docker|helm|curl|go|npm|bin/\S+) `)
	counts := map[string]int{}
	texts, err := pages.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	for name, page := range texts {
		for _, block := range pages.Blocks(page) {
			language, text := block.Language, block.Text
			counts[language]++
			switch language {
			case "sh":
			case "":
				if found := command.FindString(text); found != "" {
					t.Errorf("%s: %q is in a block without a language: say sh", name, found)
				}
			case "json":
				if !json.Valid([]byte(text)) {
					t.Errorf("%s: no JSON: %s", name, text)
				}
			case "js":
				checkJavaScript(t, name, text)
			case "html", "jsx", "ruby", "php": // No interpreter here; their widths are checked below.
			case "vcl": // A part of deployments/caches/varnish.vcl's idea; make test-caches runs Varnish.
			default:
				t.Errorf("%s: blocks in %q are not checked: add how", name, language)
			}
			checkWidths(t, name, text)
		}
	}
	if counts["json"] < 2 || counts["js"] < 2 || counts["html"] < 2 {
		t.Errorf("too few blocks: %v", counts)
	}
}

func checkJavaScript(t *testing.T, page, text string) {
	t.Helper()
	if _, err := exec.LookPath("node"); err != nil {
		t.Fatal("node is missing: the edge function's tests need it too")
	}
	file := filepath.Join(t.TempDir(), "example.mjs")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "node", "--check", file).CombinedOutput(); err != nil {
		t.Errorf("%s: %v\n%s", page, err, out)
	}
}

// checkWidths checks that the presets in markup are those of the table for the web.
func checkWidths(t *testing.T, page, text string) {
	web := calotype.WebPresets()
	for _, found := range regexp.MustCompile(`size=(w\d+)`).FindAllStringSubmatch(text, -1) {
		if _, there := web.Lookup(found[1]); !there {
			t.Errorf("%s: there is no preset %s", page, found[1])
		}
	}
}

// checkTarget checks that the Makefile has the target.
func checkTarget(t *testing.T, command string) {
	makefile, err := os.ReadFile("../../Makefile")
	if err != nil {
		t.Fatal(err)
	}
	included, err := os.ReadFile("../lambda-edge/build.mk")
	if err != nil {
		t.Fatal(err)
	}
	target := strings.Fields(command)[1]
	if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).Match(append(makefile, included...)) {
		t.Errorf("%s: there is no such target", command)
	}
}

// checkPaths checks that the files of this repository that a command names exist.
func checkPaths(t *testing.T, command string) {
	for _, path := range regexp.MustCompile(`deployments/\S+`).FindAllString(command, -1) {
		if _, err := os.Stat(filepath.Join("../..", path)); err != nil {
			t.Errorf("%s: %v", command, err)
		}
	}
}

// checkContexts checks that the page of the CDK describes a command's settings.
func checkContexts(t *testing.T, command string) {
	page, err := os.ReadFile("../../docs/deployment.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, found := range regexp.MustCompile(`--(?:context|parameters) (\w+)=`).FindAllStringSubmatch(command, -1) {
		if !regexp.MustCompile("(?m)^\\|.*`" + found[1] + "`").Match(page) {
			t.Errorf("%s: docs/deployment.md has no %s", command, found[1])
		}
	}
}
