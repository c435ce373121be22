package render

// fromCMYK converts samples of print colours, 0 for no ink, to RGB as browsers do without a
// profile: (255-C)(255-K)/255.
func fromCMYK(cmyk []byte) []byte {
	rgb := make([]byte, len(cmyk)/4*3)
	for i, o := 0, 0; i+4 <= len(cmyk); i, o = i+4, o+3 {
		white := 255 - int(cmyk[i+3])
		for j := range 3 {
			rgb[o+j] = byte(((255-int(cmyk[i+j]))*white + 127) / 255)
		}
	}
	return rgb
}

func invert(samples []byte) {
	for i, v := range samples {
		samples[i] = 255 - v
	}
}
