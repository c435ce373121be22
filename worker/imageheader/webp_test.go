package imageheader

import (
	"testing"
	"time"

	"calotype/worker/failure"
)

func TestWebPHeader(t *testing.T) {
	for name, c := range map[string]struct {
		file                     []byte
		alpha, lossless, extened bool
	}{
		"lossy":           {webpFile(vp8(4, 3)), false, false, false},
		"lossless":        {webpFile(vp8l(4, 3, 0)), false, true, false},
		"lossless, alpha": {webpFile(vp8l(4, 3, 1)), true, true, false},
		"alpha plane":     {webpFile(vp8x(WebPAlpha, 4, 3), riffChunk("ALPH", []byte("a")), vp8(4, 3)), true, false, true},
		"extended":        {webpFile(vp8x(0, 4, 3), vp8(4, 3)), false, false, true},
	} {
		h := parse(t, c.file)
		if h.Width != 4 || h.Height != 3 || h.Alpha != c.alpha || h.WebP.Lossless != c.lossless || h.WebP.Lossy == c.lossless ||
			h.WebP.Extended != c.extened || h.Damage != "" || !h.NoMetadata || h.Frames != 1 || h.Animation != nil {
			t.Errorf("%s: got %+v, %+v", name, h, h.WebP)
		}
	}
}

func TestWebPProfileCountsIfAnnounced(t *testing.T) {
	icc := riffChunk("ICCP", []byte("profile"))
	if c := parse(t, webpFile(vp8x(WebPICC, 4, 3), icc, vp8(4, 3))).Colour; string(c.ICC) != "profile" || c.Source != ColourICC {
		t.Errorf("announced: %+v", c)
	}
	if c := parse(t, webpFile(vp8x(0, 4, 3), icc, vp8(4, 3))).Colour; c.ICC != nil || c.Source != ColourUnstated {
		t.Errorf("not announced: %+v", c)
	}
}

func TestWebPEXIFDoesNotTurn(t *testing.T) {
	exif := riffChunk("EXIF", exifOf(tiffEntry(tagOrientation, typeShort, 1, 6)))
	if h := parse(t, webpFile(vp8x(WebPEXIF, 4, 3), vp8(4, 3), exif)); h.Orientation != 1 || h.NoMetadata {
		t.Errorf("got %+v", h)
	}
}

func TestWebPAnimation(t *testing.T) {
	anim := riffChunk("ANIM", []byte{1, 2, 3, 4}, le16(5))
	h := parse(t, webpFile(vp8x(WebPAnimation, 40, 30), anim,
		anmf(0, 0, 40, 30, 70, 0, vp8(40, 30)), anmf(2, 4, 6, 7, 0, 3, vp8l(6, 7, 1))))
	if h.Frames != 2 || h.Animation.Plays != 5 || h.Animation.Background != [4]byte{3, 2, 1, 4} || !h.Alpha ||
		!h.WebP.Lossy || !h.WebP.Lossless || !h.NoMetadata {
		t.Fatalf("got %+v, %+v", h, h.Animation)
	}
	for i, want := range []Frame{
		{0, 0, 40, 30, 70 * time.Millisecond, DisposeNone, false, false},
		{2, 4, 6, 7, 0, DisposeBackground, true, true},
	} {
		if got := h.Animation.Frames[i]; got != want {
			t.Errorf("%d: got %+v, want %+v", i, got, want)
		}
	}
	if r := h.Refusal(Limits{Frames: 1}); r == nil || r.Class != failure.TooManyFrames {
		t.Errorf("2 frames of at most 1: %v", r)
	}
	within := anmf(0, 0, 40, 30, 70, 0, join(vp8(40, 30), riffChunk("EXIF", []byte("where"))))
	if h := parse(t, webpFile(vp8x(WebPAnimation, 40, 30), anim, within)); h.NoMetadata {
		t.Error("metadata in a frame are not seen")
	}
	// If no frame covers the whole canvas, something stays transparent.
	small := parse(t, webpFile(vp8x(WebPAnimation, 40, 30), anim, anmf(0, 0, 6, 7, 70, 0, vp8(6, 7))))
	if !small.Alpha || small.Frames != 1 || small.Animation == nil {
		t.Errorf("got %+v", small)
	}
}

func TestWebPDamage(t *testing.T) {
	whole := webpFile(vp8(4, 3))
	if h := parse(t, append(whole[:len(whole):len(whole)], 0)); h.WebP.Trailing != 1 || h.NoMetadata || h.Damage != "" {
		t.Errorf("a byte behind the end: %+v", h.WebP)
	}
	short := webpFile(vp8x(0, 4, 3), vp8(4, 3), riffChunk("XMP ", []byte("text")))
	if h := parse(t, short[:len(short)-2]); !h.WebP.CutShort || h.Damage == "" || h.NoMetadata {
		t.Errorf("cut: %+v", h.WebP)
	}
}
