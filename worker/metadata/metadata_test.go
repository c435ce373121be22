package metadata

import (
	"bytes"
	"compress/zlib"
	"reflect"
	"testing"

	"calotype/worker/imageheader"
)

func header(t testing.TB, file []byte) *imageheader.Header {
	t.Helper()
	h, err := imageheader.Parse(file)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func deflated(t testing.TB, body []byte) []byte {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// removable are files with metadata, and each file without.
func removable(t testing.TB) map[string][2][]byte {
	photo, drawing, animated := jpegFile(t), pngFile(t), gifFile(t, 3)
	jfif := jpegSegment(0xe0, []byte("JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"))
	adobe := jpegSegment(0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x01"))
	apng := withChunks(drawing, pngChunk("acTL", []byte{0, 0, 0, 1, 0, 0, 0, 0}),
		pngChunk("fcTL", []byte{0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 10, 0, 0}))
	animWebP := func(chunks ...[]byte) []byte {
		return riffFile(vp8x(imageheader.WebPAnimation|imageheader.WebPAlpha), riffChunk("ANIM", make([]byte, 6)),
			webpFrame(webpFiles[0], chunks...), webpFrame(webpFiles[2], chunks...))
	}
	alpha := webpFiles[1][12+18:]
	return map[string][2][]byte{
		"jpeg: exif":        {withSegments(photo, jpegSegment(0xe1, []byte("Exif\x00\x00"), exif(1))), photo},
		"jpeg: xmp":         {withSegments(photo, jpegSegment(0xe1, []byte("http://ns.adobe.com/xap/1.0/\x00"), []byte(secret))), photo},
		"jpeg: iptc":        {withSegments(photo, jpegSegment(0xed, []byte("Photoshop 3.0\x008BIM"), []byte(secret))), photo},
		"jpeg: comment":     {withSegments(photo, jpegSegment(0xfe, []byte(secret))), photo},
		"jpeg: profile":     {withSegments(photo, jpegSegment(0xe2, []byte("ICC_PROFILE\x00\x01\x01"), srgb())), photo},
		"jpeg: foreign":     {withSegments(photo, jpegSegment(0xe2, []byte("ICC_PROFILE\x00\x01\x01"), profile("CMYK", 0, 1.8))), photo},
		"jpeg: gain map":    {append(bytes.Clone(photo), withSegments(photo, jpegSegment(0xfe, []byte(secret)))...), photo},
		"jpeg: stray bytes": {withSegments(photo, adobe, []byte(secret)), withSegments(photo, adobe)},
		"jpeg: thumbnail": {
			withSegments(photo, jpegSegment(0xe0, []byte("JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x01\x01"), []byte{1, 2, 3}, []byte(secret))),
			withSegments(photo, jfif),
		},
		"jpeg: JFIF's own extension": {withSegments(photo, jfif, jpegSegment(0xe0, []byte("JFXX\x00\x13"), []byte(secret))), withSegments(photo, jfif)},
		"jpeg: a long Adobe segment": {
			withSegments(photo, jpegSegment(0xee, []byte("Adobe\x00\x64\x00\x00\x00\x00\x01"), []byte(secret))),
			withSegments(photo, adobe),
		},
		"png: texts":          {withChunks(drawing, pngChunk("tEXt", []byte("Software\x00"), []byte(secret)), pngChunk("tIME", make([]byte, 7))), drawing},
		"png: exif":           {withChunks(drawing, pngChunk("eXIf", exif(1))), drawing},
		"png: unknown":        {withChunks(drawing, pngChunk("juMB", []byte(secret))), drawing},
		"png: behind the end": {append(bytes.Clone(drawing), secret...), drawing},
		"png: profile": {
			withChunks(drawing, pngChunk("iCCP", []byte("sRGB\x00\x00"), deflated(t, srgb())), pngChunk("gAMA", []byte{0, 1, 0x86, 0xa0})),
			drawing,
		},
		"apng: texts":        {withChunks(apng, pngChunk("iTXt", []byte("XML:com.adobe.xmp\x00\x00\x00\x00\x00"), []byte(secret))), apng},
		"gif: comment":       {withBlocks(animated, gifExtension(0xfe, secret)), animated},
		"gif: xmp":           {withBlocks(animated, gifExtension(0xff, "XMP DataXMP", secret)), animated},
		"gif: plain text":    {withBlocks(animated, gifExtension(0x01, "123456789012", secret)), animated},
		"gif: unknown":       {withBlocks(animated, gifExtension(0x77, secret)), animated},
		"gif: in the loop":   {bytes.Replace(animated, []byte("NETSCAPE2.0\x03\x01\x03\x00"), append([]byte("NETSCAPE2.0\x03\x01\x03\x00\x13"), secret...), 1), animated},
		"gif: no end":        {animated[:len(animated)-1], animated},
		"gif: behind":        {append(bytes.Clone(animated), secret...), animated},
		"webp: exif":         {riffFile(vp8x(imageheader.WebPEXIF|imageheader.WebPAlpha), webpFiles[0][12:], riffChunk("EXIF", exif(1))), riffFile(vp8x(imageheader.WebPAlpha), webpFiles[0][12:])},
		"webp: turned":       {riffFile(vp8x(imageheader.WebPEXIF), webpFiles[2][12:], riffChunk("EXIF", exif(6))), riffFile(vp8x(0), webpFiles[2][12:])},
		"webp: xmp":          {riffFile(vp8x(imageheader.WebPXMP), webpFiles[2][12:], riffChunk("XMP ", []byte(secret))), riffFile(vp8x(0), webpFiles[2][12:])},
		"webp: not declared": {riffFile(webpFiles[2][12:], riffChunk("XMP ", []byte(secret))), webpFiles[2]},
		"webp: profile":      {riffFile(vp8x(imageheader.WebPICC|imageheader.WebPAlpha), riffChunk("ICCP", srgb()), alpha), riffFile(vp8x(imageheader.WebPAlpha), alpha)},
		"webp: behind":       {append(bytes.Clone(webpFiles[0]), secret...), webpFiles[0]},
		"webp: in frames":    {animWebP(riffChunk("EXIF", []byte(secret))), animWebP()},
	}
}

// What is needed to show a picture stays, byte for byte, and the rest goes.
func TestRemove(t *testing.T) {
	for name, c := range removable(t) {
		with, want := c[0], c[1]
		h := header(t, with)
		if h.NoMetadata {
			t.Errorf("%s: there is nothing to remove", name)
		}
		got, ok := Remove(with, h)
		if !ok || !bytes.Equal(got, want) {
			t.Errorf("%s: %v, %d bytes of %d, want %d", name, ok, len(got), len(with), len(want))
			continue
		}
		after := header(t, got)
		if !after.NoMetadata || bytes.Contains(got, []byte(secret)) {
			t.Errorf("%s: metadata are left", name)
		}
		if !reflect.DeepEqual(after.Animation, h.Animation) || after.Width != h.Width || after.Alpha != h.Alpha || after.Chroma != h.Chroma {
			t.Errorf("%s: it became %+v", name, after)
		}
		if name == "gif: unknown" || name == "gif: no end" {
			with = want // Go's decoder refuses it.
		}
		if !reflect.DeepEqual(pixels(t, got), pixels(t, with)) {
			t.Errorf("%s: other pixels", name)
		}
		if again, ok := Remove(got, after); !ok || !bytes.Equal(again, got) {
			t.Errorf("%s: removed once more: %v, %d bytes", name, ok, len(again))
		}
	}
}

// Metadata that change what a browser shows cannot be removed.
func TestNotRemovable(t *testing.T) {
	photo, drawing := jpegFile(t), pngFile(t)
	animated := riffFile(vp8x(imageheader.WebPAnimation), riffChunk("ANIM", make([]byte, 6)), webpFrame(webpFiles[0]), webpFrame(webpFiles[2]))
	icc := func(profile []byte) []byte { return jpegSegment(0xe2, []byte("ICC_PROFILE\x00\x01\x01"), profile) }
	for name, file := range map[string][]byte{
		"jpeg: a turn":                 withSegments(photo, jpegSegment(0xe1, []byte("Exif\x00\x00"), exif(6))),
		"jpeg: colours":                withSegments(photo, icc(wideGamma())),
		"jpeg: a segment of its codec": withSegments(photo, jpegSegment(0xf7, []byte{0})),
		"jpeg: two pictures in one":    withSegments(photo, photo[:2]),
		"jpeg: cut":                    photo[:len(photo)-2],
		"jpeg: JFIF cut short":         withSegments(photo, jpegSegment(0xe0, []byte("JFIF\x00\x01\x02"))),
		"png: a turn":                  withChunks(drawing, pngChunk("eXIf", exif(3))),
		"png: colours":                 withChunks(drawing, pngChunk("iCCP", []byte("wide\x00\x00"), deflated(t, wideGamma()))),
		"png: a chunk of its codec":    withChunks(drawing, pngChunk("CgBI", []byte{0, 0, 0, 0})),
		"png: cut":                     drawing[:len(drawing)-12],
		"webp: colours":                riffFile(vp8x(imageheader.WebPICC), riffChunk("ICCP", wideGamma()), webpFiles[2][12:]),
		"webp: cut":                    animated[:len(animated)-2],
	} {
		if got, ok := Remove(file, header(t, file)); ok || got != nil {
			t.Errorf("%s: %d bytes became %d", name, len(file), len(got))
		}
	}
}
