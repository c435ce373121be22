package metadata

import "calotype/worker/imageheader"

// fromPNG keeps the chunks that showing the picture needs. Without a profile of sRGB the
// chunks that it takes precedence over would count, so they go too: unlabelled is sRGB.
func fromPNG(file []byte, profiled bool) ([]byte, bool) {
	const signature = 8
	out := append(make([]byte, 0, len(file)), file[:signature]...)
	ended := false
	for c := range imageheader.PNGChunks(file) {
		switch {
		case profiled && (c.Name == "gAMA" || c.Name == "cHRM"):
		case c.Needed():
			out = append(out, file[c.Start:c.End]...)
			ended = c.Name == "IEND"
		case c.Critical():
			return nil, false
		}
	}
	return out, ended
}
