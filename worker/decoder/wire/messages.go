package wire

import (
	"fmt"
	"strings"

	"calotype/worker/failure"
	"calotype/worker/render"
)

// OpenRequest is the header of Open. The source is the frame's body, or the content
// of its descriptor.
type OpenRequest struct {
	Size   int64
	Limits render.Limits
}

// Targets is the header of Predict and Render.
type Targets struct{ Targets []render.Target }

// HelloMessage is the header of Hello.
type HelloMessage struct {
	Protocol int
	// Encoder is [render.Encoder], Libraries [render.Libraries].
	Encoder, Libraries string
	// Shortcomings are [render.Shortcomings].
	Shortcomings []string
	// Unfit is why the decoder cannot work, or empty.
	Unfit   string
	Sandbox Sandbox
}

// Prediction is the header of Predicted.
type Prediction struct{ Bytes int64 }

// RenditionMessage is the header of Rendition. IsSource means that the rendition is the
// source itself, whose bytes are not sent back.
type RenditionMessage struct {
	Rendition render.Rendition
	IsSource  bool
}

// FailedMessage is the header of Failed: the picture's own failure, or another error.
type FailedMessage struct {
	Failure *failure.Failure
	Error   string
}

// WantMessage is the header of Want, Grant and Release.
type WantMessage struct {
	ID   uint64
	Step Step
	// Granted is set in Grant: false if a step that does not wait gets no CPU.
	Granted bool
}

// Step is the step that needs a CPU.
type Step string

// The steps of [render.Gate].
const (
	StepDecode Step = "decode"
	StepEncode Step = "encode"
	StepTry    Step = "try"
)

// Sandbox describes what a decoder has given up.
type Sandbox struct {
	NoNewPrivs bool
	Seccomp    bool
	// Landlock is the version of the kernel's interface that is in force, 0 for none.
	Landlock int
	// Problem is why a layer is missing.
	Problem string
}

// Whole reports whether every layer is in force.
func (s Sandbox) Whole() bool { return s.NoNewPrivs && s.Seccomp && s.Landlock > 0 }

// String names the layers in force, as in "no_new_privs, seccomp, landlock 7".
func (s Sandbox) String() string {
	var layers []string
	if s.NoNewPrivs {
		layers = append(layers, "no_new_privs")
	}
	if s.Seccomp {
		layers = append(layers, "seccomp")
	}
	if s.Landlock > 0 {
		layers = append(layers, fmt.Sprintf("landlock %d", s.Landlock))
	}
	if len(layers) == 0 {
		return "none"
	}
	return strings.Join(layers, ", ")
}
