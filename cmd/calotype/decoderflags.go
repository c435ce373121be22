package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"calotype/worker/decoder"
)

// decoderFlags name the decoder program.
type decoderFlags struct {
	Decoder string `help:"The program that decodes pictures. The default is calotype-decode beside this program, or else in PATH." placeholder:"PATH"`
}

// describe asks the decoder for its versions.
func (f decoderFlags) describe(ctx context.Context) (decoder.Description, error) {
	path, err := decoder.Find(f.Decoder)
	if err != nil {
		return decoder.Description{}, err
	}
	return decoder.Describe(ctx, path)
}

// encoder returns what renditions are compared with: the value of --encoder, or the
// decoder's own. Without a decoder every encoder is accepted, as with "any".
func (f decoderFlags) encoder(ctx context.Context, flag string) (string, error) {
	switch flag {
	case "any":
		return "", nil
	case "":
	default:
		return flag, nil
	}
	path, err := decoder.Find(f.Decoder)
	switch {
	case err != nil && f.Decoder == "":
		return "", nil
	case err != nil:
		return "", fmt.Errorf("%w: --decoder: %w", errUsage, err)
	}
	d, err := decoder.Describe(ctx, path)
	return d.Encoder, err
}

// startEncoder asks for the encoder while the caller does something else. The returned
// function waits for the answer: a decoder takes 0.25 s of CPU time to start.
func (f decoderFlags) startEncoder(ctx context.Context, flag string) func() (string, error) {
	wait := sync.OnceValues(func() (string, error) { return f.encoder(ctx, flag) })
	go func() { _, _ = wait() }()
	return wait
}

// poolFlags are the flags of commands that decode.
type poolFlags struct {
	decoderFlags
	Sandbox    decoder.SandboxMode `help:"The sandbox of the decoders: auto uses every layer that the system supports, require refuses to start if one is missing, off uses none." enum:"auto,require,off" default:"auto"`
	WebPEffort int                 `name:"webp-effort" help:"The effort of WebP's encoder, 1 to 6. 4 takes 8 % fewer bytes than 2 at the same SSIM, and a third more CPU time." default:"${webp_effort}"`
	MaxCPU     time.Duration       `name:"max-cpu" help:"The CPU time that decoding one picture may take. Each target adds 2 s, and 1 s for each megapixel." default:"${max_cpu}"`
}

func (f poolFlags) check() []error {
	return append(between("max-cpu", f.MaxCPU, time.Millisecond, time.Hour), between("webp-effort", f.WebPEffort, 1, 6)...)
}

// pool starts decoders. The caller closes it.
func (f poolFlags) pool(ctx context.Context, concurrency int, wall time.Duration, log zerolog.Logger) (*decoder.Pool, error) {
	path, err := decoder.Find(f.Decoder)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errUsage, err)
	}
	return decoder.NewPool(ctx, decoder.Config{
		Path:       path,
		Idle:       min(concurrency, 2*runtime.GOMAXPROCS(0)),
		Sandbox:    f.Sandbox,
		WebPEffort: f.WebPEffort,
		Times:      decoder.Times{CPU: f.MaxCPU, Wall: wall},
		Log:        log,
	})
}
