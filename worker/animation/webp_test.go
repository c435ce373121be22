package animation

import (
	"bytes"
	"encoding/binary"
	"image"
	"testing"

	"golang.org/x/image/webp"

	"calotype"
)

func riff(name string, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	b := append(binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body))), body...)
	if len(b)%2 != 0 {
		b = append(b, 0)
	}
	return b
}

// plainVP8L is a lossless picture of one colour: each channel has a prefix code of one
// symbol, which takes no bits. RFC 9649, 3.7.2.1.1.
func plainVP8L(width, height int, letter byte) []byte {
	var bits []byte
	n := 0
	put := func(value, count int) {
		for i := range count {
			if n%8 == 0 {
				bits = append(bits, 0)
			}
			bits[n/8] |= byte(value>>i&1) << (n % 8)
			n++
		}
	}
	c := letters[letter]
	put(0x2f, 8)
	put(width-1, 14)
	put(height-1, 14)
	put(1, 1) // Alpha is used.
	put(0, 3) // Version.
	put(0, 1) // No transform.
	put(0, 1) // No colour cache.
	put(0, 1) // One group of codes.
	for _, symbol := range []byte{c.G, c.R, c.B, c.A, 0} {
		put(1, 1) // A simple code
		put(0, 1) // of one symbol
		put(1, 1) // of 8 bits.
		put(int(symbol), 8)
	}
	return riff("VP8L", bits)
}

func webpFrameOf(x, y, width, height int, letter byte, delay int, flags byte) []byte {
	b := make([]byte, webpFrameHeader)
	putUint24(b, x/2)
	putUint24(b[3:], y/2)
	putUint24(b[6:], width-1)
	putUint24(b[9:], height-1)
	putUint24(b[12:], delay)
	b[15] = flags
	return riff("ANMF", b, riff("odd ", []byte{1}), plainVP8L(width, height, letter))
}

func webpOf(width, height, plays int, frames ...[]byte) []byte {
	extended := make([]byte, 10)
	extended[0] = webpAnimated | webpAlpha
	putUint24(extended[4:], width-1)
	putUint24(extended[7:], height-1)
	chunks := bytes.Join(frames, nil)
	background := []byte{1, 2, 200, 255, byte(plays), byte(plays >> 8)}
	return riff("RIFF", []byte("WEBP"), riff("VP8X", extended), riff("ANIM", background), chunks, riff("EXIF", []byte("Exif")))
}

// What Chromium 156 shows of each of these: never the background colour.
func TestWebP(t *testing.T) {
	const keep, clearAfter, replace = 0, 1, 2
	first := webpFrameOf(0, 0, 4, 4, 'R', 40, keep)
	last := webpFrameOf(2, 2, 1, 1, 'B', 10000000, keep)
	as := func(file []byte, damage string, frames ...string) scene {
		return scene{file: file, size: image.Pt(4, 4), plays: 2, damage: damage, frames: frames}
	}
	whole := webpOf(4, 4, 2, first, last)
	for name, want := range map[string]scene{
		"keep":                   {file: whole, size: image.Pt(4, 4), plays: 2, delays: []int{40, 10000000}, frames: []string{fourR, "RRRR|RRRR|RRBR|RRRR"}},
		"for ever":               {file: webpOf(4, 4, 0, first), size: image.Pt(4, 4), plays: 0, frames: []string{fourR}},
		"small first":            as(webpOf(4, 4, 2, webpFrameOf(2, 0, 2, 2, 'G', 0, keep), last), "", "..GG|..GG|....|....", "..GG|..GG|..B.|...."),
		"clear":                  as(webpOf(4, 4, 2, first, webpFrameOf(0, 0, 2, 2, 'G', 0, clearAfter), last), "", fourR, "GGRR|GGRR|RRRR|RRRR", "..RR|..RR|RRBR|RRRR"),
		"over":                   as(webpOf(4, 4, 2, first, webpFrameOf(0, 0, 2, 2, 'h', 0, keep)), "", fourR, "xxRR|xxRR|RRRR|RRRR"),
		"replace":                as(webpOf(4, 4, 2, first, webpFrameOf(0, 0, 2, 2, 'h', 0, replace)), "", fourR, "hhRR|hhRR|RRRR|RRRR"),
		"replace by transparent": as(webpOf(4, 4, 2, first, webpFrameOf(0, 0, 2, 2, '.', 0, replace)), "", fourR, "..RR|..RR|RRRR|RRRR"),
		"outside":                as(webpOf(4, 4, 2, first, webpFrameOf(2, 2, 3, 1, 'G', 0, keep)), "does not fit", fourR),
		"cut":                    as(whole[:len(whole)-20], "cut", fourR),
		"no frame":               {file: webpOf(4, 4, 2, nil)[:50], damage: "cut"},
	} {
		t.Run(name, func(t *testing.T) { want.check(t, calotype.WebP) })
	}
}

func TestStillWebP(t *testing.T) {
	still := riff("RIFF", []byte("WEBP"), plainVP8L(3, 2, 'G'))
	if _, err := webp.Decode(bytes.NewReader(still)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(calotype.WebP, still); err != ErrNotAnimated {
		t.Errorf("got %v, want ErrNotAnimated", err)
	}
	if _, err := Open(calotype.JPEG, still); err != ErrNotAnimated {
		t.Errorf("as JPEG: got %v, want ErrNotAnimated", err)
	}
}

// Each frame's still file has the profile of the animation.
func TestWebPProfile(t *testing.T) {
	file := webpOf(4, 4, 0, webpFrameOf(0, 0, 4, 4, 'R', 0, 0))
	profile := riff("ICCP", []byte("profile"))
	at := bytes.Index(file, []byte("ANIM"))
	file = bytes.Join([][]byte{file[:at], profile, file[at:]}, nil)
	r, err := Open(calotype.WebP, file)
	if err != nil {
		t.Fatal(err)
	}
	for f, err := range r.Frames() {
		if err != nil {
			t.Fatal(err)
		}
		still, err := f.file()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Contains(still, profile) || still[20]&webpProfile == 0 {
			t.Errorf("the still file has no profile: %q", still)
		}
	}
}
