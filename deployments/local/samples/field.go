package samples

// field is a slowly changing function. It is sampled coarsely once and then interpolated
// for every pixel, which makes 12 megapixels affordable.
type field struct {
	step   float64
	across int
	down   int
	values []float32
}

// field samples f over w by h units, at most once per canvas pixel.
func (c *canvas) field(w, h, step float64, f func(x, y float64) float64) *field {
	step = max(step, 1/c.scale)
	across, down := int(w/step)+2, int(h/step)+2
	values := make([]float32, 0, across*down)
	for y := range down {
		for x := range across {
			values = append(values, float32(f(float64(x)*step, float64(y)*step)))
		}
	}
	return &field{step, across, down, values}
}

// at reads a place inside the field, or just beyond its right and lower edge.
func (f *field) at(x, y float64) float64 {
	x, y = x/f.step, y/f.step
	ix, iy := min(int(x), f.across-2), min(int(y), f.down-2)
	u, v := float32(x-float64(ix)), float32(y-float64(iy))
	row := f.values[iy*f.across+ix:]
	top := row[0] + (row[1]-row[0])*u
	bottom := row[f.across] + (row[f.across+1]-row[f.across])*u
	return float64(top + (bottom-top)*v)
}
