package decoder

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Description describes the decoder program.
type Description struct {
	// Encoder is [render.Encoder], Libraries [render.Libraries].
	Encoder, Libraries string
	// Shortcomings are sentences about what the libraries cannot do.
	Shortcomings []string
	// Unfit is why it cannot work, or nil.
	Unfit error
}

// Describe asks the program at a path (see [Find]) without starting a pool.
func Describe(ctx context.Context, path string) (Description, error) {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	cmd := exec.CommandContext(ctx, path, "--version")
	cmd.Env = []string{}
	cmd.WaitDelay = time.Second
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(lines) < 2 || !strings.HasPrefix(lines[0], "calotype-") {
		if err != nil {
			return Description{}, fmt.Errorf("ask %s for its version: got %q, %w", path, out, err)
		}
		return Description{}, fmt.Errorf("ask %s for its version: got %q: it is not %s", path, out, Program)
	}
	d := Description{Encoder: lines[0], Libraries: lines[1], Shortcomings: lines[2:]}
	if err != nil {
		d.Unfit = fmt.Errorf("%s: %s", path, strings.TrimSpace(stderr.String()))
	}
	return d, nil
}
