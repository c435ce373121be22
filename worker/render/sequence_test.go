//go:build cgo

package render

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"slices"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
	"calotype/worker/imageheader"
)

// box is a box of an ISO base media file. ISO 14496-12, 4.2.
func box(name string, parts ...[]byte) []byte {
	body := slices.Concat(parts...)
	return append(append(binary.BigEndian.AppendUint32(nil, uint32(8+len(body))), name...), body...)
}

func u32s(numbers ...uint32) (b []byte) {
	for _, n := range numbers {
		b = binary.BigEndian.AppendUint32(b, n)
	}
	return b
}

// sequenceOf makes an animated AVIF of 64x48 pixels: a still with a changed brand, followed
// by a track of key frames of one colour each. Loops is the flag of its edit list.
func sequenceOf(t testing.TB, delays []int, loops uint32) []byte {
	t.Helper()
	var file, config []byte
	var samples [][]byte
	for i := range delays {
		img := image.NewNRGBA(image.Rect(0, 0, 64, 48))
		for j := range 64 * 48 {
			img.SetNRGBA(j%64, j/64, frameColour(i))
		}
		still := render(t, pngOf(t, img), sized(64, 48, calotype.AVIF, 90)).Body
		for b := range imageheader.Boxes(still, 0, len(still)) {
			if b.Type == "mdat" {
				samples = append(samples, b.Body)
			}
		}
		if i == 0 {
			file = bytes.Clone(still)
			copy(file[8:], "avis")
			at := bytes.Index(still, []byte("av1C")) - 4
			config = still[at:][:binary.BigEndian.Uint32(still[at:])]
		}
	}
	entry := slices.Concat(make([]byte, 6), []byte{0, 1}, make([]byte, 16), []byte{0, 64, 0, 48}, u32s(72<<16, 72<<16, 0), []byte{0, 1}, make([]byte, 32), []byte{0, 24, 0xff, 0xff}, config)
	matrix := u32s(1<<16, 0, 0, 0, 1<<16, 0, 0, 0, 1<<30)
	stts, stsz, length := u32s(0, uint32(len(delays))), u32s(0, 0, uint32(len(delays))), uint32(0)
	for i, delay := range delays {
		stts = append(stts, u32s(1, uint32(delay))...)
		stsz = append(stsz, u32s(uint32(len(samples[i])))...)
		length += uint32(delay)
	}
	movie := func(offset int) []byte {
		return box("moov",
			box("mvhd", u32s(0, 0, 0, 1000, length, 1<<16, 1<<24, 0, 0), matrix, make([]byte, 24), u32s(2)),
			box("trak",
				box("tkhd", u32s(3, 0, 0, 1, 0, 1<<32-1, 0, 0, 0, 0), matrix, u32s(64<<16, 48<<16)),
				box("edts", box("elst", u32s(loops, 1, length, 0, 1<<16))),
				box("mdia",
					box("mdhd", u32s(0, 0, 0, 1000, length, 0x55c40000)),
					box("hdlr", u32s(0, 0), []byte("pict"), make([]byte, 13)),
					box("minf",
						box("vmhd", u32s(1, 0, 0)),
						box("dinf", box("dref", u32s(0, 1), box("url ", u32s(1)))),
						box("stbl",
							box("stsd", u32s(0, 1), box("av01", entry)),
							box("stts", stts),
							box("stsc", u32s(0, 1, 1, uint32(len(samples)), 1)),
							box("stsz", stsz),
							box("stco", u32s(0, 1, uint32(offset))))))))
	}
	offset := len(file) + len(movie(0)) + 8
	return slices.Concat(file, movie(offset), box("mdat", samples...))
}

// An animated AVIF becomes an animated WebP if libheif decodes sequences, and is passed
// through if it does not. It never becomes a still, except as JPEG.
func TestSequence(t *testing.T) {
	delays := []int{200, 40, 5}
	for loops, plays := range map[uint32]int{0: 1, 1: 0} {
		body := sequenceOf(t, delays, loops)
		p, err := Open(body, Limits{Pixels: 64 * 48 * 3, Frames: 3})
		if err != nil {
			t.Fatal(err)
		}
		preset, _ := calotype.DefaultPresets().Lookup("S")
		own := p.Target(calotype.Variant{Preset: "S"}, preset, 80)
		if p.Frames != 3 || p.Width != 64 || p.Height != 48 || own.Format != calotype.WebP {
			t.Fatalf("%d frames of %dx%d, to be written as %s", p.Frames, p.Width, p.Height, own.Format)
		}
		targets := []Target{sized(32, 24, calotype.WebP, 90), sized(32, 24, calotype.JPEG, 90)}
		var got []Rendition
		for r, err := range p.Render(targets) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, r)
		}
		if decodes := decodesSequences(); p.sequence.decodable != decodes {
			t.Errorf("the file is decodable: %v, sequences are: %v", p.sequence.decodable, decodes)
		}
		if p.sequence.decodable {
			animated := play(t, got[0].Body)
			if got[0].AsIs || got[0].Undecoded || !slices.Equal(animated.delays, []int{200, 40, 100}) || animated.plays != plays {
				t.Errorf("delays %v, played %d times, want %d", animated.delays, animated.plays, plays)
			}
			for i, frame := range animated.frames {
				wantColour(t, frame, 16, 12, frameColour(i), 12)
			}
		} else if r := got[0]; !r.AsIs || !r.Undecoded || r.Format != calotype.AVIF || !bytes.Equal(r.Body, body) {
			t.Errorf("got %s, as it is %v, undecoded %v, want the source itself", r.Format, r.AsIs, r.Undecoded)
		}
		still := look(t, got[1].Body)
		if got[1].Format != calotype.JPEG || still.Bounds().Size() != image.Pt(32, 24) {
			t.Errorf("as JPEG: %s of %v", got[1].Format, still.Bounds())
		}
		wantColour(t, still, 16, 12, color.NRGBA(frameColour(0)), 12)
	}
	vips.AssertNoLeaks(t)
}

// Animated targets and others may be in any order, and a caller may stop after each.
func TestPassThroughKeepsTheOrder(t *testing.T) {
	body := sequenceOf(t, []int{200, 40}, 1)
	p, err := Open(body, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	jpeg, webp := sized(32, 24, calotype.JPEG, 90), sized(32, 24, calotype.WebP, 90)
	small := sized(16, 12, calotype.JPEG, 90)
	for _, targets := range [][]Target{{}, {webp}, {jpeg}, {webp, webp, jpeg}, {jpeg, webp, small, webp}, {webp, jpeg, small}} {
		for stop := range len(targets) + 1 {
			n := 0
			for r, err := range p.passThrough(targets) {
				if err != nil {
					t.Fatal(err)
				}
				target := targets[n]
				if isSource := target == webp; r.Undecoded != isSource || !isSource && (r.Width != target.Width || r.Format != target.Format) {
					t.Errorf("%v: target %d is %s of %d pixels, the source %v", targets, n, r.Format, r.Width, r.Undecoded)
				}
				if n++; n == stop {
					break
				}
			}
			if stop == 0 && n != len(targets) || stop > 0 && n != stop {
				t.Errorf("%v: %d renditions, stopped at %d", targets, n, stop)
			}
		}
	}
	vips.AssertNoLeaks(t)
}
