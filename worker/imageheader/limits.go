package imageheader

import (
	"calotype"
	"calotype/worker/failure"
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

// Refusal returns the failure of a picture for the first limit that it exceeds, or nil:
// another attempt, or another decoder, would cost the same.
func (h *Header) Refusal(l Limits) *failure.Failure {
	if l.Frames > 0 && h.Frames > l.Frames {
		return failure.New(failure.TooManyFrames, "%d frames, the limit is %d", h.Frames, l.Frames)
	}
	switch h.Format {
	case calotype.JPEG:
		return h.JPEG.refusal(h, l)
	case calotype.PNG:
		return h.PNG.refusal(l)
	case calotype.TIFF:
		if l.Channels > 0 && h.TIFF.Samples > l.Channels {
			return failure.New(failure.TooManyChannels, "%d channels, the limit is %d: save it as grey, RGB or CMYK, with alpha or without", h.TIFF.Samples, l.Channels)
		}
	case calotype.AVIF, calotype.HEIC:
		return h.HEIF.refusal(l)
	case calotype.JXL:
		return h.JXL.refusal(l)
	}
	return nil
}

func (j *JPEG) refusal(h *Header, l Limits) *failure.Failure {
	if l.ScanBlocks <= 0 {
		return nil
	}
	var own int64
	for c := range j.Components {
		own += j.blocks(h, c)
	}
	if limit := max(l.ScanBlocks, l.ScanPasses*own); j.ScanBlocks > limit {
		return failure.New(failure.TooManyScans, "%d scans go over %d blocks of samples, the limit is %d", j.Scans, j.ScanBlocks, limit)
	}
	return nil
}

func (p *PNG) refusal(l Limits) *failure.Failure {
	if l.AncillaryChunks > 0 && p.Ancillary > l.AncillaryChunks {
		return failure.New(failure.TooManyChunks, "%d ancillary chunks, the limit is %d", p.Ancillary, l.AncillaryChunks)
	}
	if l.AncillaryBytes > 0 && p.AncillaryBytes > l.AncillaryBytes {
		return failure.New(failure.TooManyChunks, "ancillary chunks of %d bytes, the limit is %d", p.AncillaryBytes, l.AncillaryBytes)
	}
	if l.InflatedBytes > 0 && inflated(p.compressed, l.InflatedBytes) > l.InflatedBytes {
		return failure.New(failure.TooManyChunks, "compressed text or profiles of more than %d bytes", l.InflatedBytes)
	}
	return nil
}

// refusal refuses channels whose meaning libvips does not know: it treats all of them as
// colour and alpha.
func (x *JXL) refusal(l Limits) *failure.Failure {
	if l.Channels > 0 && (x.Extra > 1 || x.Black) {
		return failure.New(failure.TooManyChannels, "%d channels besides colour: only alpha is supported", x.Extra)
	}
	return nil
}

func (f *HEIF) refusal(l Limits) *failure.Failure {
	switch {
	case f.Unsupported != "":
		return failure.New(failure.DerivedImages, "an item of type %q; only coded pictures and grids of them are decoded", f.Unsupported)
	case f.Circular:
		return failure.New(failure.DerivedImages, "an item that is derived from itself")
	case f.Overlapping:
		return failure.New(failure.DerivedImages, "items whose data overlap")
	case l.DerivedDepth > 0 && f.Nesting > l.DerivedDepth:
		return failure.New(failure.DerivedImages, "items derived from derived ones, %d deep, the limit is %d", f.Nesting, l.DerivedDepth)
	case l.DerivedItems > 0 && f.Pictures > l.DerivedItems:
		return failure.New(failure.DerivedImages, "%d coded pictures, the limit is %d", f.Pictures, l.DerivedItems)
	case l.CodedExcess > 0 && max(f.Coded.Width-f.Stated.Width, f.Coded.Height-f.Stated.Height) > l.CodedExcess:
		return failure.New(failure.SizeMismatch, "a coded picture of %dx%d in a file that declares %dx%d",
			f.Coded.Width, f.Coded.Height, f.Stated.Width, f.Stated.Height)
	}
	return nil
}
