package imageheader

import (
	"fmt"

	"calotype"
)

// The classes of refusals: at most 64 ASCII characters, for people and for metadata.
const (
	ClassTooManyScans    = "too-many-scans"
	ClassTooManyChunks   = "too-many-chunks"
	ClassTooManyChannels = "too-many-channels"
	ClassTooManyFrames   = "too-many-frames"
	ClassDerivedImages   = "derived-images"
	ClassSizeMismatch    = "size-mismatch"
)

// Limits bound what a header may demand of a decoder. Zero means no limit.
type Limits struct {
	// ScanBlocks bounds the blocks in all scans of a JPEG together. ScanPasses permits more
	// for a large one: that many times the picture's own blocks.
	ScanBlocks, ScanPasses int64
	// AncillaryChunks bounds the number of PNG chunks that decoding does not need, and
	// AncillaryBytes their size. InflatedBytes bounds what those of them that are
	// compressed contain.
	AncillaryChunks int
	AncillaryBytes  int64
	InflatedBytes   int64
	// Channels bounds the channels of a TIFF. If it is set, a JPEG XL may have no channels
	// besides colour and alpha.
	Channels int
	// Frames bounds an animation.
	Frames int
	// DerivedDepth bounds how deep derived items of a HEIF or AVIF refer to others: 1 is a
	// grid of coded pictures. DerivedItems bounds how many coded pictures are needed, each
	// counted as often as it is referred to.
	DerivedDepth, DerivedItems int
	// CodedExcess bounds by how many pixels a coded picture of a HEIF or AVIF may be wider
	// or higher than stated: codecs round up to blocks.
	CodedExcess int
}

// DefaultLimits let every file from a camera, phone or editor pass.
var DefaultLimits = Limits{
	ScanBlocks:      1 << 24, // Six seconds of libjpeg.
	ScanPasses:      32,      // Encoders write at most 14.
	AncillaryChunks: 1000,
	AncillaryBytes:  64 << 20,
	InflatedBytes:   16 << 20,
	Channels:        5,
	DerivedDepth:    2,
	DerivedItems:    4096,
	CodedExcess:     256,
}

// Refusal is why a picture is not decoded: another attempt, or another decoder, would cost
// the same.
type Refusal struct {
	Class  string
	Detail string
}

func (r *Refusal) Error() string { return r.Class + ": " + r.Detail }

func refuse(class, format string, args ...any) *Refusal {
	return &Refusal{class, fmt.Sprintf(format, args...)}
}

// Refusal returns the first limit that a picture exceeds, or nil.
func (h *Header) Refusal(l Limits) *Refusal {
	if l.Frames > 0 && h.Frames > l.Frames {
		return refuse(ClassTooManyFrames, "%d frames, the limit is %d", h.Frames, l.Frames)
	}
	switch h.Format {
	case calotype.JPEG:
		return h.JPEG.refusal(h, l)
	case calotype.PNG:
		return h.PNG.refusal(l)
	case calotype.TIFF:
		if l.Channels > 0 && h.TIFF.Samples > l.Channels {
			return refuse(ClassTooManyChannels, "%d channels, the limit is %d: save it as grey, RGB or CMYK, with alpha or without", h.TIFF.Samples, l.Channels)
		}
	case calotype.AVIF, calotype.HEIC:
		return h.HEIF.refusal(l)
	case calotype.JXL:
		return h.JXL.refusal(l)
	}
	return nil
}

func (j *JPEG) refusal(h *Header, l Limits) *Refusal {
	if l.ScanBlocks <= 0 {
		return nil
	}
	var own int64
	for c := range j.Components {
		own += j.blocks(h, c)
	}
	if limit := max(l.ScanBlocks, l.ScanPasses*own); j.ScanBlocks > limit {
		return refuse(ClassTooManyScans, "%d scans go over %d blocks of samples, the limit is %d", j.Scans, j.ScanBlocks, limit)
	}
	return nil
}

func (p *PNG) refusal(l Limits) *Refusal {
	if l.AncillaryChunks > 0 && p.Ancillary > l.AncillaryChunks {
		return refuse(ClassTooManyChunks, "%d ancillary chunks, the limit is %d", p.Ancillary, l.AncillaryChunks)
	}
	if l.AncillaryBytes > 0 && p.AncillaryBytes > l.AncillaryBytes {
		return refuse(ClassTooManyChunks, "ancillary chunks of %d bytes, the limit is %d", p.AncillaryBytes, l.AncillaryBytes)
	}
	if l.InflatedBytes > 0 && inflated(p.compressed, l.InflatedBytes) > l.InflatedBytes {
		return refuse(ClassTooManyChunks, "compressed text or profiles of more than %d bytes", l.InflatedBytes)
	}
	return nil
}

// refusal refuses channels whose meaning libvips does not know: it treats all of them as
// colour and alpha.
func (x *JXL) refusal(l Limits) *Refusal {
	if l.Channels > 0 && (x.Extra > 1 || x.Black) {
		return refuse(ClassTooManyChannels, "%d channels besides colour: only alpha is supported", x.Extra)
	}
	return nil
}

func (f *HEIF) refusal(l Limits) *Refusal {
	switch {
	case f.Unsupported != "":
		return refuse(ClassDerivedImages, "an item of type %q; only coded pictures and grids of them are decoded", f.Unsupported)
	case f.Circular:
		return refuse(ClassDerivedImages, "an item that is derived from itself")
	case f.Overlapping:
		return refuse(ClassDerivedImages, "items whose data overlap")
	case l.DerivedDepth > 0 && f.Nesting > l.DerivedDepth:
		return refuse(ClassDerivedImages, "items derived from derived ones, %d deep, the limit is %d", f.Nesting, l.DerivedDepth)
	case l.DerivedItems > 0 && f.Pictures > l.DerivedItems:
		return refuse(ClassDerivedImages, "%d coded pictures, the limit is %d", f.Pictures, l.DerivedItems)
	case l.CodedExcess > 0 && max(f.Coded.Width-f.Stated.Width, f.Coded.Height-f.Stated.Height) > l.CodedExcess:
		return refuse(ClassSizeMismatch, "a coded picture of %dx%d in a file that declares %dx%d",
			f.Coded.Width, f.Coded.Height, f.Stated.Width, f.Stated.Height)
	}
	return nil
}
