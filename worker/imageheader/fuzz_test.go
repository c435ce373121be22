package imageheader

import (
	"bytes"
	"testing"

	"calotype"
)

// checkHeader fails if the rest of the program could not rely on a header, whatever the
// bytes are.
func checkHeader(t *testing.T, file []byte, format calotype.Format) {
	t.Helper()
	h, err := Parse(file)
	if err != nil {
		return
	}
	if h.Format != format {
		return // The fuzzer found another format.
	}
	size := h.Display()
	if h.Width < 1 || h.Height < 1 || size.Width < 1 || size.Height < 1 {
		t.Errorf("%dx%d, shown as %v", h.Width, h.Height, size)
	}
	if c := h.Crop; c.X < 0 || c.Y < 0 || c.X+c.Width > h.Width || c.Y+c.Height > h.Height {
		t.Errorf("a crop of %v from %dx%d", c, h.Width, h.Height)
	}
	if h.Orientation < 1 || h.Orientation > 8 || h.Frames < 1 {
		t.Errorf("orientation %d, %d frames", h.Orientation, h.Frames)
	}
	if a := h.Animation; a != nil && (a.Plays < 0 || len(a.Frames) > len(file)/12+1) {
		t.Errorf("%d plays, %d frames of %d bytes", a.Plays, len(a.Frames), len(file))
	}
	if len(h.Colour.ICC) > maxProfile+len(file) {
		t.Errorf("a profile of %d bytes", len(h.Colour.ICC))
	}
	h.Refusal(DefaultLimits)
	if behind, err := Parse(append(file[:len(file):len(file)], "behind"...)); h.NoMetadata && err == nil && behind.NoMetadata {
		t.Error("no metadata with something behind it, too")
	}
}

func FuzzSniff(f *testing.F) {
	f.Add(jpegFile())
	f.Add([]byte("\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic"))
	f.Fuzz(func(t *testing.T, file []byte) {
		if format, ok := Sniff(file); ok != (format != "") {
			t.Errorf("%q, %v", format, ok)
		}
	})
}

func FuzzJPEG(f *testing.F) {
	f.Add(jpegFile())
	f.Add(jpegFile(jpegSegment(markerDQT, bytes.Repeat([]byte{9}, 65))))
	f.Add(jpegFile(exifSegment(exifOf(tiffEntry(tagOrientation, typeShort, 1, 6), tiffEntry(tagExifIFD, typeLong, 1, 8)))))
	f.Add(jpegFile(jpegSegment(markerAPP2, []byte(iccID), []byte{1, 1}), []byte("stray"), jpegScan(1)))
	f.Fuzz(func(t *testing.T, file []byte) {
		checkHeader(t, file, calotype.JPEG)
		if quality, ok := JPEGQuality(file); ok && (quality < 1 || quality > 100) {
			t.Errorf("quality %d", quality)
		}
		end := 0
		for s := range JPEGSegments(file) {
			if s.Start != end+s.Stray || s.End <= s.Start || s.End > len(file) {
				t.Fatalf("a segment from %d to %d behind %d, of %d", s.Start, s.End, end, len(file))
			}
			end = s.End
		}
	})
}

func FuzzPNG(f *testing.F) {
	f.Add(pngFile())
	f.Add(pngFile(iccp([]byte("profile")), pngChunk("cICP", []byte{9, 16, 0, 1}), pngChunk("gAMA", be32(45455)), pngChunk("tRNS", make([]byte, 6))))
	f.Add(pngFile(pngChunk("acTL", be32(2), be32(3)), fctl(0, 4, 3, 0, 0, 1, 10, 0, 0)))
	f.Fuzz(func(t *testing.T, file []byte) {
		checkHeader(t, file, calotype.PNG)
		end := len(pngSignature)
		for c := range PNGChunks(file) {
			if c.Start != end || c.End != c.Start+12+len(c.Body) || c.End > len(file) {
				t.Fatalf("a chunk from %d to %d behind %d, of %d", c.Start, c.End, end, len(file))
			}
			end = c.End
		}
	})
}

func FuzzWebP(f *testing.F) {
	f.Add(webpFile(vp8(4, 3)))
	f.Add(webpFile(vp8x(WebPICC, 4, 3), riffChunk("ICCP", []byte("profile")), vp8l(4, 3, 1)))
	f.Add(webpFile(vp8x(WebPAnimation, 4, 3), riffChunk("ANIM", le32(0), le16(0)), anmf(0, 0, 4, 3, 70, 0, vp8(4, 3))))
	f.Fuzz(func(t *testing.T, file []byte) {
		checkHeader(t, file, calotype.WebP)
		end := RIFFHeaderSize
		for c := range RIFFChunks(file, RIFFHeaderSize, len(file)) {
			if c.Start != end || c.End < c.Start+8+len(c.Body) || c.End > len(file) {
				t.Fatalf("a chunk from %d to %d behind %d, of %d", c.Start, c.End, end, len(file))
			}
			end = c.End
		}
	})
}

func FuzzGIF(f *testing.F) {
	f.Add(gifFile(4, 3, gifLoopOf(0), gifControl(9, 7), gifFrame(0, 0, 4, 3), gifFrame(0, 0, 4, 3)))
	f.Fuzz(func(t *testing.T, file []byte) {
		checkHeader(t, file, calotype.GIF)
		end := -1
		for b := range GIFBlocks(file) {
			if end > len(file) || end >= 0 && b.Start != end || b.End <= b.Start {
				t.Fatalf("a block from %d to %d behind %d, of %d", b.Start, b.End, end, len(file))
			}
			end = b.End
		}
	})
}

func FuzzHEIF(f *testing.F) {
	f.Add(heifFile("avif", join(ispe(64, 48), av1C(nil), auxC(alphaURN), ispe(128, 48), clapOf(Size{32, 24}, 0, 0), box("irot", []byte{1})),
		heifTestItem{kind: "grid", data: []byte{0, 0, 0, 1, 0, 128, 0, 48}, properties: []byte{4, 5, 6}, derived: []int{2, 2}, prem: 3},
		heifTestItem{kind: "av01", data: av1OBU(64, 48, 0, 0), properties: []byte{1, 2}},
		heifTestItem{kind: "av01", data: av1OBU(64, 48, 0, 1), properties: []byte{1, 2, 3}, auxiliary: 1}))
	f.Add(heifFile("heic", join(ispe(64, 48), hvcC(hevcSet(64, 48, 10)), nclx(1, 13, 6, 1)), heifTestItem{kind: "hvc1", data: hevcSet(64, 48, 8), properties: []byte{1, 2, 3}}))
	f.Add(avisFile("avis", 1))
	f.Fuzz(func(t *testing.T, file []byte) {
		checkHeader(t, file, calotype.AVIF)
		checkHeader(t, file, calotype.HEIC)
		end := 0
		for b := range Boxes(file, 0, len(file)) {
			if b.Start != end || b.End < b.Start+8+len(b.Body) || b.End > len(file) {
				t.Fatalf("a box from %d to %d behind %d, of %d", b.Start, b.End, end, len(file))
			}
			end = b.End
		}
	})
}

// A sequence header is read from arbitrary bytes.
func FuzzSequenceHeader(f *testing.F) {
	f.Add(av1OBU(64, 48, 2, 1))
	f.Add(hevcSet(64, 48, 10))
	f.Fuzz(func(t *testing.T, data []byte) {
		if p, ok := av1Sequence(data); ok && (p.Width < 1 || p.Height < 1 || p.depth < 8 || p.chroma == "") {
			t.Errorf("AV1: %+v", p)
		}
		if p, ok := readHEVCSPS(data); ok && (p.Width < 1 || p.Height < 1 || p.depth < 8 || p.chroma == "") {
			t.Errorf("HEVC: %+v", p)
		}
	})
}

func FuzzTIFF(f *testing.F) {
	f.Add(littleTIFF.file([]byte("profile"), littleTIFF.rgb(littleTIFF.entry(tagProfile, 7, 7, le32(80)), littleTIFF.shorts(tagExtraSamples, 1))...))
	f.Add(bigTIFF.file(nil, bigTIFF.rgb(bigTIFF.shorts(tagSubsampling, 2, 1))...))
	f.Fuzz(func(t *testing.T, file []byte) {
		checkHeader(t, file, calotype.TIFF)
		if h, err := Parse(file); err == nil && h.TIFF != nil && (h.TIFF.Pages < 1 || h.TIFF.Samples < 0) {
			t.Errorf("got %+v", h.TIFF)
		}
	})
}

func FuzzBMP(f *testing.F) {
	f.Add(bmpFile(bmpVersion5, 24, 0, map[int]int{56: bmpEmbedded, 112: 124, 116: 7}, nil, make([]byte, 36)))
	f.Add(bmpFile(bmpCore, 8, 0, nil, make([]byte, 6), make([]byte, 12)))
	f.Add(bmpFile(bmpInfo, 8, BMPRLE8, nil, make([]byte, 8), []byte("\x03\x01\x00\x00\x00\x03\x01\x00\x01\x00\x00\x01")))
	f.Fuzz(func(t *testing.T, file []byte) {
		checkHeader(t, file, calotype.BMP)
		h, err := Parse(file)
		if err != nil || h.BMP == nil {
			return
		}
		if start, _, ok := h.Rows24(); ok && start+BMPStride(h.Width, 24)*int64(h.Height) > int64(len(file)) {
			t.Errorf("rows from %d, of %dx%d pixels in %d bytes", start, h.Width, h.Height, len(file))
		}
	})
}

func FuzzICO(f *testing.F) {
	f.Add(icoFile(join([]byte(pngSignature), pngIHDR(300, 200, 8, pngRGBA)), make([]byte, bmpInfo)))
	f.Fuzz(func(t *testing.T, file []byte) { checkHeader(t, file, calotype.ICO) })
}

func FuzzJXL(f *testing.F) {
	f.Add(jxlStream(jxlFull))
	f.Add(join(jxlContainer, box("jxlp", be32(0), jxlStream(jxlFull))))
	f.Fuzz(func(t *testing.T, file []byte) { checkHeader(t, file, calotype.JXL) })
}

func FuzzIsSRGB(f *testing.F) {
	f.Add(make([]byte, 140))
	f.Fuzz(func(t *testing.T, profile []byte) {
		if IsSRGB(profile) && len(profile) < iccHeaderSize {
			t.Error("less than a header is sRGB")
		}
		if p, ok := ReadProfile(profile); ok && len(p.Space) != 4 {
			t.Errorf("space %q", p.Space)
		}
	})
}
