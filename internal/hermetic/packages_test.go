package hermetic

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// folder is what a folder's source files contain.
type folder struct {
	imports  []string
	tests    []string // The imports of its tests, at least testing.
	isolates bool     // TestMain calls Main or Isolate here, or awstest's Main.
}

// reaches lists the packages through which a test reaches beyond its own process.
func reaches(path string) bool {
	return path == "net" || path == "net/http" || path == "net/http/httptest" || path == "os/exec" || strings.HasPrefix(path, "github.com/aws/aws-sdk-go-v2")
}

// Every package of the repository's modules that opens connections or starts processes,
// directly or through another package here, isolates its tests.
func TestPackagesIsolateTheirTests(t *testing.T) {
	folders := read(t, "../..")
	if len(folders) < 20 {
		t.Fatalf("only %d packages were found", len(folders))
	}
	for path, f := range folders {
		if f.isolates || len(f.tests) == 0 {
			continue
		}
		if by := reachedBy(folders, append(f.tests, f.imports...), nil); by != "" {
			t.Errorf("%s imports %s: its TestMain must call hermetic.Main, hermetic.Isolate or awstest.Main", path, by)
		}
	}
}

// reachedBy returns the first of the imports that reaches out, directly or indirectly, or
// "".
func reachedBy(folders map[string]*folder, imports, seen []string) string {
	for _, imported := range imports {
		if reaches(imported) {
			return imported
		}
		if f := folders[imported]; f != nil && !slices.Contains(seen, imported) && reachedBy(folders, f.imports, append(seen, imported)) != "" {
			return imported
		}
	}
	return ""
}

// read parses the Go files below the repository's root, keyed by import path.
func read(t *testing.T, root string) map[string]*folder {
	t.Helper()
	folders := map[string]*folder{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && path != root):
			return fs.SkipDir
		case entry.IsDir() || !strings.HasSuffix(path, ".go"):
			return nil
		}
		relative, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		name := filepath.ToSlash(filepath.Join("calotype", relative))
		if folders[name] == nil {
			folders[name] = &folder{}
		}
		return folders[name].add(path)
	})
	if err != nil {
		t.Fatal(err)
	}
	return folders
}

func (f *folder) add(path string) error {
	source, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	parsed, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
	if err != nil {
		return err
	}
	imports := &f.imports
	if strings.HasSuffix(path, "_test.go") {
		imports = &f.tests
	}
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		*imports = append(*imports, imported)
	}
	for _, declared := range parsed.Decls {
		if function, ok := declared.(*ast.FuncDecl); ok && function.Name.Name == "TestMain" {
			f.isolates = f.isolates || calls(function)
		}
	}
	return nil
}

// calls reports whether a TestMain calls one of the functions that isolate.
func calls(function *ast.FuncDecl) (found bool) {
	ast.Inspect(function, func(node ast.Node) bool {
		switch called := node.(type) {
		case *ast.SelectorExpr:
			if pkg, ok := called.X.(*ast.Ident); ok {
				found = found || slices.Contains([]string{"hermetic.Main", "hermetic.Isolate", "awstest.Main"}, pkg.Name+"."+called.Sel.Name)
			}
		case *ast.CallExpr:
			if name, ok := called.Fun.(*ast.Ident); ok && name.Name == "Main" {
				found = true // In this package itself.
			}
		}
		return true
	})
	return found
}
