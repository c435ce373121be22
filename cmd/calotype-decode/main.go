// Command calotype-decode renders pictures for "calotype worker", which starts one for each
// slot. It reads requests from a stream, descriptor 3, until the stream ends. Before the
// first picture it loads every codec, and then gives up access to files, the network and
// everything else that decoding does not need. It is the only program with cgo.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"

	"calotype/worker/decoder"
	"calotype/worker/decoder/wire"
	"calotype/worker/render"
)

// stream is the descriptor of the stream to the worker.
const stream = 3

func main() {
	// The worker decides when this process ends: by closing the stream.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT, syscall.SIGPIPE)
	sandbox := flag.String("sandbox", string(decoder.SandboxAuto), "what to give up: auto, require or off")
	version := flag.Bool("version", false, "print the encoder that lineages record, and the versions of the native libraries")
	cpus := flag.Int("cpus", runtime.NumCPU(), "how many CPUs the worker shares out among its decoders")
	effort := flag.Int("webp-effort", render.DefaultWebPEffort, "the effort of WebP's encoder, 1 to 6")
	flag.Parse()
	render.UseWebPEffort(*effort)
	if err := run(decoder.SandboxMode(*sandbox), *cpus, *version); err != nil {
		fmt.Fprintln(os.Stderr, "calotype-decode:", err)
		os.Exit(1)
	}
}

func run(mode decoder.SandboxMode, cpus int, version bool) error {
	unfit := render.Start()
	if version {
		fmt.Println(strings.Join(append([]string{render.Encoder(), render.Libraries()}, render.Shortcomings()...), "\n"))
		return unfit
	}
	conn, err := wire.NewConn(os.NewFile(stream, "worker"))
	if err != nil {
		return fmt.Errorf("%w: this program is started by calotype worker", err)
	}
	preferForOOMKill()
	// One thread at a time runs Go code. With an idle second one, Go's monitor wakes up every
	// 20 µs while libvips computes. Calls of libvips run concurrently all the same.
	runtime.GOMAXPROCS(1)
	render.KeepMemory()
	hello := wire.HelloMessage{Protocol: wire.Version, Encoder: render.Encoder(), Libraries: render.Libraries(), Shortcomings: render.Shortcomings()}
	unfit = errors.Join(unfit, warmUp(unfit))
	if unfit != nil {
		hello.Unfit = unfit.Error()
	}
	gate := newGate(conn, cpus)
	render.UseGate(gate)
	requests := receive(conn, gate)
	if mode != decoder.SandboxOff {
		hello.Sandbox = enterSandbox()
	}
	if err := conn.Send(wire.Hello, hello, nil, -1); err != nil {
		return err
	}
	return serve(conn, requests)
}
