package fidelity

import "fmt"

// shortest is the time in milliseconds for which browsers show a frame whose delay is at
// most maxIgnored, in <img>.
const (
	shortest   = 100
	maxIgnored = 10
)

// motion lists how two animations differ as they are played. Encoders may join frames that
// look the same, so equal frames are joined in both before the comparison.
func motion(original, rendition Look, allowed tolerance) []string {
	want, got := played(original), played(rendition)
	switch {
	case len(original.Frames) == 0 && len(rendition.Frames) == 0:
		return nil
	case len(original.Frames) == 0:
		return []string{fmt.Sprintf("frames: %d, want a still", len(rendition.Frames))}
	case len(got) == 0 && len(want) > 1:
		return []string{fmt.Sprintf("frames: a still, want %d", len(original.Frames))}
	case len(got) == 0:
		return nil // All of its frames look the same.
	case len(got) != len(want):
		return []string{fmt.Sprintf("frames: %d that look different, want %d", len(got), len(want))}
	}
	var all []string
	for i := range want {
		if d := want[i].differs(got[i].Sample, allowed); d != "" {
			all = append(all, fmt.Sprintf("frame %d: %s", i, d))
			break
		}
	}
	for i := range want {
		if d := got[i].Milliseconds - want[i].Milliseconds; d > 1 || d < -1 {
			all = append(all, fmt.Sprintf("timing: frame %d for %.0f ms, want %.0f", i, got[i].Milliseconds, want[i].Milliseconds))
			break
		}
	}
	if len(want) > 1 && original.Repetitions != rendition.Repetitions {
		all = append(all, fmt.Sprintf("loop: repeated %d times, want %d", rendition.Repetitions, original.Repetitions))
	}
	return all
}

// played returns an animation's frames with the time each is shown for. Frames that look
// like the one before are joined with it.
func played(l Look) []Frame {
	var all []Frame
	for _, f := range l.Frames {
		if f.Milliseconds <= maxIgnored {
			f.Milliseconds = shortest
		}
		if n := len(all); n > 0 && all[n-1].differs(f.Sample, atNatural) == "" {
			all[n-1].Milliseconds += f.Milliseconds
			continue
		}
		all = append(all, f)
	}
	return all
}
