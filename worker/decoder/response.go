package decoder

import (
	"errors"

	"calotype"
	"calotype/worker/imageheader"
	"calotype/worker/render"
)

// maxThumbHash is the length of the longest ThumbHash, in bytes.
const maxThumbHash = 25

var (
	errHeader      = errors.New("a header over the limits, or of an unknown format")
	errNoPicture   = errors.New("a rendition that is not a picture of its format and size")
	errDescription = errors.New("a description that was not asked for, or is none")
)

// checkHeader checks what a process read. The number of frames determines how much time the
// process gets, and the rest is shown to viewers.
func checkHeader(p *render.Picture, l render.Limits) error {
	if !p.Format.Known() || l.Frames > 0 && p.Frames > l.Frames || l.Pixels > 0 && int64(p.Width) > l.Pixels/int64(p.Height)/int64(p.Frames) {
		return errHeader
	}
	return nil
}

// checkResponse checks what a process sent for a target. A picture may control it, and what
// is stored is shown to viewers: the format becomes the content type.
func checkResponse(p *render.Picture, t render.Target, r render.Rendition) error {
	d := r.Description
	if !t.Describe {
		if d != nil {
			return errDescription
		}
		format, ok := imageheader.Sniff(r.Body)
		if !ok || format != r.Format || r.Width < 1 || r.Height < 1 || r.Width > max(p.Width, t.Width) || r.Height > max(p.Height, t.Height) {
			return errNoPicture
		}
		return nil
	}
	if d == nil || len(r.Body) > 0 || len(d.ThumbHash) > maxThumbHash {
		return errDescription
	}
	if d.Colour != "" {
		if colour, err := calotype.ParseColour(string(d.Colour)); err != nil || colour != d.Colour {
			return errDescription
		}
	}
	if d.Attention != "" {
		if x, y, ok := d.Attention.Point(); !ok || d.Attention != calotype.FocalAt(x, y) || !(x >= 0 && x <= 1 && y >= 0 && y <= 1) {
			return errDescription
		}
	}
	return nil
}
