package check

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/moby/buildkit/client/llb"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

const dockerfile = "../docker/Dockerfile"

// noRegistry resolves base images without a registry.
type noRegistry struct{}

func (noRegistry) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, err := json.Marshal(ocispecs.Image{Platform: ocispecs.Platform{OS: "linux", Architecture: "amd64"}})
	return ref, digest.FromBytes(config), config, err
}

// lint returns the warnings of BuildKit, which builds the image, for a Dockerfile.
func lint(t *testing.T, content []byte) []string {
	t.Helper()
	source := llb.NewSourceMap(nil, "Dockerfile", "Dockerfile", content)
	source.Definition = &llb.Definition{}
	results, err := dockerfile2llb.DockerfileLint(t.Context(), content, dockerfile2llb.ConvertOpt{
		SourceMap:    source,
		MetaResolver: noRegistry{},
		Config:       dockerui.Config{LinterConfig: &linter.Config{ExperimentalAll: true}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, w := range results.Warnings {
		found = append(found, fmt.Sprintf("%s: %s", w.RuleName, w.Detail))
	}
	if results.Error != nil {
		found = append(found, results.Error.Message)
	}
	return found
}

func TestDockerfileIsClean(t *testing.T) {
	content, err := os.ReadFile(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	for _, warning := range lint(t, content) {
		t.Error(warning)
	}
	for mistake, want := range map[string]string{
		"FROM scratch\nCMD calotype worker\n":                      "JSONArgsRecommended",
		"FROM scratch\nENV API_KEY=abc\n":                          "SecretsUsedInArgOrEnv",
		"FROM scratch\nCOPY --from=build /a /\nENV A $UNDEFINED\n": "UndefinedVar",
		"FROM scratch\nCPY a b\n":                                  "unknown instruction",
	} {
		if found := strings.Join(lint(t, []byte(mistake)), "\n"); !strings.Contains(found, want) {
			t.Errorf("no %s in %q of\n%s", want, found, mistake)
		}
	}
}

func TestImageIsLocked(t *testing.T) {
	content, err := os.Open(dockerfile)
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	parsed, err := parser.Parse(content)
	if err != nil {
		t.Fatal(err)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		t.Fatal(err)
	}
	last := stages[len(stages)-1]
	if last.BaseName != "scratch" || len(stages) < 2 {
		t.Errorf("the image is made from %s: the build tools must not be in it", last.BaseName)
	}
	var user, entrypoint, health string
	var volumes, environment []string
	for _, command := range last.Commands {
		switch c := command.(type) {
		case *instructions.UserCommand:
			user = c.User
		case *instructions.EntrypointCommand:
			entrypoint = strings.Join(c.CmdLine, " ")
		case *instructions.HealthCheckCommand:
			health = strings.Join(c.Health.Test, " ")
		case *instructions.VolumeCommand:
			volumes = append(volumes, c.Volumes...)
		case *instructions.EnvCommand:
			for _, pair := range c.Env {
				environment = append(environment, pair.Key+"="+pair.Value)
			}
		case *instructions.RunCommand:
			t.Errorf("the image has no shell: %s", c)
		}
	}
	if user != "65532:65532" {
		t.Errorf("it runs as %q", user)
	}
	if entrypoint != "/usr/bin/calotype" || health != "CMD /usr/bin/calotype health" {
		t.Errorf("it runs %q, and its health check is %q", entrypoint, health)
	}
	if !slices.Equal(volumes, []string{"/tmp"}) {
		t.Errorf("%v can be written to, want only /tmp", volumes)
	}
	for _, want := range []string{"MALLOC_ARENA_MAX=2", "CALOTYPE_PRESETS=/etc/calotype/presets.json"} {
		if !slices.Contains(environment, want) {
			t.Errorf("no %s in %v", want, environment)
		}
	}
}

// Files that the build copies must not be excluded from its context.
func TestContextHasTheSources(t *testing.T) {
	ignore, err := os.ReadFile("../../.dockerignore")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(ignore), "\n")
	packages, err := filepath.Glob("../../*/")
	if err != nil {
		t.Fatal(err)
	}
	for _, directory := range packages {
		sources, err := filepath.Glob(filepath.Join(directory, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		if name := filepath.Base(directory); len(sources) > 0 && !slices.Contains(lines, "!"+name) {
			t.Errorf(".dockerignore leaves %s out", name)
		}
	}
}
