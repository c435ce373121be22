package imageheader

import (
	"bytes"
	"testing"
	"time"
)

func TestGIFHeader(t *testing.T) {
	h := parse(t, gifFile(40, 30, gifFrame(0, 0, 40, 30)))
	if h.Width != 40 || h.Height != 30 || h.Frames != 1 || h.Animation != nil || h.Alpha || h.Channels != 3 || !h.NoMetadata || h.Damage != "" {
		t.Errorf("got %+v, %+v", h, h.GIF)
	}
}

func TestGIFAnimation(t *testing.T) {
	h := parse(t, gifFile(40, 30, gifLoopOf(2), gifControl(2<<2|1, 7), gifFrame(0, 0, 40, 30), gifFrame(3, 4, 5, 6)))
	if h.Frames != 2 || h.GIF.Loop != 2 || h.Animation.Plays != 3 || !h.Alpha || !h.NoMetadata {
		t.Fatalf("got %+v, %+v", h, h.GIF)
	}
	for i, want := range []Frame{
		{0, 0, 40, 30, 70 * time.Millisecond, DisposeBackground, false, true},
		{3, 4, 5, 6, 0, DisposeNone, false, false},
	} {
		if got := h.Animation.Frames[i]; got != want {
			t.Errorf("%d: got %+v, want %+v", i, got, want)
		}
	}
}

func TestGIFPlays(t *testing.T) {
	for name, c := range map[string]struct {
		blocks []byte
		want   int
	}{"no extension": {nil, 1}, "0": {gifLoopOf(0), 0}, "1": {gifLoopOf(1), 2}, "3": {gifLoopOf(3), 4}} {
		if h := parse(t, gifFile(4, 3, c.blocks, gifFrame(0, 0, 4, 3), gifFrame(0, 0, 4, 3))); h.Animation.Plays != c.want {
			t.Errorf("%s: got %d, want %d", name, h.Animation.Plays, c.want)
		}
	}
}

func TestGIFCanvas(t *testing.T) {
	for name, c := range map[string]struct {
		frames []byte
		want   Size
		alpha  bool
	}{
		"larger first frame":  {gifFrame(0, 0, 50, 20), Size{50, 30}, true},
		"first frame outside": {gifFrame(20, 20, 40, 30), Size{60, 50}, true},
		"larger second frame": {join(gifFrame(0, 0, 40, 30), gifFrame(0, 0, 99, 99)), Size{40, 30}, false},
		"smaller":             {gifFrame(0, 0, 39, 30), Size{40, 30}, true},
	} {
		if h := parse(t, gifFile(40, 30, c.frames)); (Size{h.Width, h.Height}) != c.want || h.Alpha != c.alpha || h.GIF.Screen != (Size{40, 30}) {
			t.Errorf("%s: got %dx%d, alpha %v", name, h.Width, h.Height, h.Alpha)
		}
	}
}

func TestGIFMetadata(t *testing.T) {
	frame := gifFrame(0, 0, 4, 3)
	xmp := join([]byte{gifExtension, gifApplication}, []byte("\x0bXMP DataXMP\x00"))
	comment := join([]byte{gifExtension, gifComment}, []byte("\x02hi\x00"))
	for name, c := range map[string]struct {
		file                   []byte
		comments, applications int
	}{
		"comment":           {gifFile(4, 3, comment, frame), 1, 0},
		"application":       {gifFile(4, 3, xmp, frame), 0, 1},
		"behind the loop":   {gifFile(4, 3, bytes.Replace(gifLoopOf(2), []byte{3, 1, 2, 0}, []byte{3, 1, 2, 0, 2, 'h', 'i'}, 1), frame), 0, 0},
		"behind the end":    {append(gifFile(4, 3, frame), 0), 0, 0},
		"unknown extension": {gifFile(4, 3, []byte{gifExtension, 7, 0}, frame), 0, 0},
	} {
		if h := parse(t, c.file); h.NoMetadata || h.GIF.Comments != c.comments || h.GIF.Applications != c.applications || h.Damage != "" {
			t.Errorf("%s: got %+v", name, h.GIF)
		}
	}
}

func TestGIFDamage(t *testing.T) {
	whole := gifFile(4, 3, gifControl(0, 7), gifFrame(0, 0, 4, 3), gifFrame(0, 0, 4, 3))
	for n := len(whole) - 2; n > len(whole)-6; n-- {
		if h := parse(t, whole[:n]); !h.GIF.Cut || h.Damage == "" || h.Frames != 2 || h.NoMetadata {
			t.Errorf("cut at %d of %d: %d frames, %+v", n, len(whole), h.Frames, h.GIF)
		}
	}
	if h := parse(t, whole[:len(whole)-1]); h.Damage != "" || h.GIF.Trailer || h.NoMetadata {
		t.Errorf("no trailer: %q", h.Damage)
	}
	padded := append(whole[:len(whole)-1:len(whole)-1], make([]byte, 64)...)
	if h := parse(t, padded); h.Damage != "" {
		t.Errorf("padding: %q", h.Damage)
	}
	if h := parse(t, append(padded, 0)); !h.GIF.Garbage || h.Damage == "" {
		t.Error("more than padding: no damage")
	}
	if h := parse(t, append(padded[:len(whole)-1:len(whole)-1], "garbage"...)); !h.GIF.Garbage {
		t.Error("garbage: no damage")
	}
}
