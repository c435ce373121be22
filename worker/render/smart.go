//go:build cgo

package render

/*
#cgo pkg-config: vips
#include <vips/vips.h>

// smart_crop finds the part of width x height of a picture.
static int smart_crop(VipsImage *in, int width, int height, int *left, int *top) {
	VipsImage *out = NULL;
	if (vips_smartcrop(in, &out, width, height, "interesting", VIPS_INTERESTING_ATTENTION, NULL))
		return -1;
	*left = -out->Xoffset;
	*top = -out->Yoffset;
	g_object_unref(out);
	return 0;
}
*/
import "C"

import (
	"fmt"
	"sync"

	"calotype"
)

// libvips looks for what attracts attention in a copy of 32x32 pixels, and centres the part
// on one of them. It looks at a probe of probeSide x probeSide pixels here, whatever the
// picture's shape: from the part's place in it follows which of the pixels that was. So the
// result depends on the picture and the part's shape, and not on the rendition's size.
const probeSide = calotype.PartScale

// smartCrops are the places that attract attention in one picture.
type smartCrops struct {
	mu    sync.Mutex
	probe *pages
	tiff  *decoded // Of the probe.
	of    map[calotype.Box][2]float64
}

// find returns the middle of the part that attracts attention, as fractions of the picture's
// width and height.
func (c *smartCrops) find(d *decoded, t Target) (x, y float64, err error) {
	part := calotype.Layout{Rendition: calotype.Box{Width: t.Width, Height: t.Height}, Scaled: t.whole()}.Part()
	c.mu.Lock()
	defer c.mu.Unlock()
	if at, ok := c.of[part]; ok {
		return at[0], at[1], nil
	}
	if c.probe == nil {
		if err := c.open(d); err != nil {
			return 0, 0, fmt.Errorf("smart crop: %w", err)
		}
	}
	var left, top C.int
	if C.smart_crop(c.probe.image, C.int(part.Width), C.int(part.Height), &left, &top) != 0 {
		return 0, 0, fmt.Errorf("smart crop: %w", lastError())
	}
	x, y = attended(int(left), part.Width), attended(int(top), part.Height)
	if c.of == nil {
		c.of = map[calotype.Box][2]float64{}
	}
	c.of[part] = [2]float64{x, y}
	return x, y, nil
}

// attended returns the middle of a part of the probe. At an edge the part may be nearer to
// the middle than what attracts attention, which makes no difference.
func attended(start, length int) float64 {
	switch start {
	case 0:
		return 0
	case probeSide - length:
		return 1
	}
	return float64(start+length/2) / probeSide
}

// open makes the probe of the first frame: without alpha, on black.
func (c *smartCrops) open(d *decoded) error {
	still := Target{Width: probeSide, Height: probeSide, Format: calotype.BMP}
	scaled := d
	if !d.fits(still) {
		var err error
		if scaled, err = d.scaled(still); err != nil {
			return err
		}
		defer scaled.free()
	}
	probe, err := newDecoded(probeSide, probeSide, 3)
	if err != nil {
		return err
	}
	if scaled.bands%2 == 0 {
		flatten(probe.pixels, 3, scaled.pixels, scaled.bands, [3]uint8{})
	} else {
		widen(probe.pixels, 3, scaled.pixels, scaled.bands)
	}
	c.tiff = probe
	c.probe, err = loadPages(calotype.TIFF, probe.tiff, loadOptions{failOn: failOnError})
	return err
}

// close frees the probe.
func (c *smartCrops) close() {
	if c.probe != nil {
		c.probe.Close()
	}
	if c.tiff != nil {
		c.tiff.free()
	}
}
