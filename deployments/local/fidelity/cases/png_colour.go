package cases

import "fmt"

func gama(gamma float64) []byte { return chunk("gAMA", b32(int(gamma*100000+0.5))) }

// chrm is the white point and the primaries as x and y: PNG, 11.3.2.1.
func chrm(p [8]float64) []byte {
	var numbers []int
	for _, v := range p {
		numbers = append(numbers, int(v*100000+0.5))
	}
	return chunk("cHRM", b32(numbers...))
}

var (
	chromaSRGB = [8]float64{0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06}
	chromaP3   = [8]float64{0.3127, 0.3290, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06}
)

// cicp are the numbers of ITU-T H.273: primaries, transfer, matrix and full range.
func cicp(primaries, transfer, matrix, full int) []byte {
	return chunk("cICP", []byte{byte(primaries), byte(transfer), byte(matrix), byte(full)})
}

// addPNGColour adds PNGs whose colours are not sRGB.
func addPNGColour(s *set) {
	srgb := chunk("sRGB", []byte{0})
	p3 := iccp(profileRGB(primariesP3, 0))
	for name, chunks := range ordered(
		"gama-1.0", [][]byte{gama(1)}, "gama-0.55", [][]byte{gama(0.55)}, "gama-0.45455", [][]byte{gama(0.45455)}, "gama-0.3", [][]byte{gama(0.3)},
		"gama-0", [][]byte{gama(0)},
		"chrm-p3", [][]byte{chrm(chromaP3)}, "gama-chrm-p3", [][]byte{gama(0.45455), chrm(chromaP3)},
		"gama-1.0-chrm-p3", [][]byte{gama(1), chrm(chromaP3)}, "gama-chrm-srgb", [][]byte{gama(0.45455), chrm(chromaSRGB)},
		"srgb", [][]byte{srgb}, "srgb-gama-1.0", [][]byte{srgb, gama(1)}, "srgb-chrm-p3", [][]byte{srgb, chrm(chromaP3)},
		"iccp-p3", [][]byte{p3}, "iccp-p3-gama-1.0", [][]byte{p3, gama(1)}, "iccp-p3-srgb", [][]byte{p3, srgb},
		"iccp-srgb", [][]byte{iccp(profileRGB(primariesSRGB, 0))}, "iccp-linear", [][]byte{iccp(profileRGB(primariesSRGB, 1))},
		"iccp-2.2", [][]byte{iccp(profileRGB(primariesSRGB, 2.2))}, "iccp-broken", [][]byte{iccp([]byte("no profile at all"))},
		"cicp-srgb", [][]byte{cicp(1, 13, 0, 1)}, "cicp-p3", [][]byte{cicp(12, 13, 0, 1)}, "cicp-bt709", [][]byte{cicp(1, 1, 0, 1)},
		"cicp-linear", [][]byte{cicp(1, 8, 0, 1)}, "cicp-2020", [][]byte{cicp(9, 13, 0, 1)}, "cicp-gamma22", [][]byte{cicp(1, 4, 0, 1)},
		"cicp-p3-iccp-srgb", [][]byte{cicp(12, 13, 0, 1), iccp(profileRGB(primariesSRGB, 0))}, "cicp-srgb-iccp-p3", [][]byte{cicp(1, 13, 0, 1), p3},
		"cicp-srgb-gama-1.0", [][]byte{cicp(1, 13, 0, 1), gama(1)}, "cicp-limited", [][]byte{cicp(12, 13, 0, 0)}, "cicp-limited-iccp-p3", [][]byte{cicp(1, 8, 0, 0), p3},
		"cicp-limited-gama-1.0", [][]byte{cicp(12, 13, 0, 0), gama(1)}, "cicp-matrix-6", [][]byte{cicp(12, 13, 6, 1)},
	) {
		s.add("png-colour", "png-"+name+".png", newCanvas(pngRGB, 8).file(chunks...))
	}
	s.add("hdr", "png-cicp-pq.png", newCanvas(pngRGB, 16).file(cicp(9, 16, 0, 1)))
	s.add("hdr", "png-cicp-hlg.png", newCanvas(pngRGB, 16).file(cicp(9, 18, 0, 1)))
	for _, k := range []struct {
		name          string
		colour, depth int
	}{{"grey-8", pngGrey, 8}, {"grey-16", pngGrey, 16}, {"grey-2", pngGrey, 2}, {"greyalpha-8", pngGreyAlpha, 8}, {"rgb-16", pngRGB, 16}, {"rgba-8", pngRGBA, 8}, {"palette-8", pngPalette, 8}} {
		c := newCanvas(k.colour, k.depth)
		c.alphas = softs
		s.add("png-colour", "png-gama-1.0-"+k.name+".png", c.file(gama(1)))
		if k.colour != pngGrey && k.colour != pngGreyAlpha {
			s.add("png-colour", "png-iccp-p3-"+k.name+".png", c.file(p3))
			s.add("png-colour", "png-cicp-p3-"+k.name+".png", c.file(cicp(12, 13, 0, 1)))
		}
	}
	addProfileSpaces(s)
}

// addProfileSpaces adds PNGs whose profile is for the picture's colour space, or for
// another.
func addProfileSpaces(s *set) {
	for _, k := range []struct {
		name          string
		colour, depth int
	}{{"grey", pngGrey, 8}, {"grey16", pngGrey, 16}, {"greyalpha", pngGreyAlpha, 8}, {"rgb", pngRGB, 8}, {"rgba", pngRGBA, 8}, {"palette", pngPalette, 8}} {
		c := newCanvas(k.colour, k.depth)
		c.alphas = softs
		for name, profile := range ordered("grey1.0", profileGrey(1), "grey2.2", profileGrey(2.2), "rgblinear", profileRGB(primariesSRGB, 1), "cmyk", profileCMYK()) {
			s.add("profile-space", fmt.Sprintf("png-%s-profile-%s.png", k.name, name), c.file(iccp(profile)))
		}
	}
}
