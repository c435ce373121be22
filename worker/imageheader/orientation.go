package imageheader

// An orientation is a matrix that maps the stored picture to the shown one, in quarter
// turns: CIPA DC-008 (Exif 2.32), 4.6.4.A "Orientation".
type matrix [2][2]int

var orientations = [9]matrix{
	1: {{1, 0}, {0, 1}},
	2: {{-1, 0}, {0, 1}},
	3: {{-1, 0}, {0, -1}},
	4: {{1, 0}, {0, -1}},
	5: {{0, 1}, {1, 0}},
	6: {{0, -1}, {1, 0}},
	7: {{0, -1}, {-1, 0}},
	8: {{0, 1}, {-1, 0}},
}

// orientationAfter returns the orientation that applies first and then second.
func orientationAfter(first, second int) int {
	a, b := orientations[second], orientations[first]
	var product matrix
	for i := range 2 {
		for j := range 2 {
			product[i][j] = a[i][0]*b[0][j] + a[i][1]*b[1][j]
		}
	}
	for o := 1; o <= 8; o++ {
		if orientations[o] == product {
			return o
		}
	}
	return 1
}

// stored returns the position of a part of the turned picture in the stored one, whose size
// is given.
func (rect Rect) stored(size Size, orientation int) Rect {
	m := orientations[orientation]
	// Twice the distance between the centres of part and picture, in integers.
	shown := size.turned(orientation)
	x, y := 2*rect.X+rect.Width-shown.Width, 2*rect.Y+rect.Height-shown.Height
	// A matrix of turns is inverted by transposing it.
	x, y = m[0][0]*x+m[1][0]*y, m[0][1]*x+m[1][1]*y
	if orientation >= 5 {
		rect.Width, rect.Height = rect.Height, rect.Width
	}
	rect.X, rect.Y = (x+size.Width-rect.Width)/2, (y+size.Height-rect.Height)/2
	return rect
}

// clap is a clean aperture: a size and the distance of its centre from the picture's, as
// fractions. ISO 14496-12, 12.1.4.
type clap struct {
	width, height, x, y fraction
}

type fraction struct{ n, d int64 }

// rect returns the pixels that a clean aperture leaves; ok is false unless they are whole
// pixels of the picture.
func (c clap) rect(size Size) (Rect, bool) {
	if c.width.d <= 0 || c.height.d <= 0 || c.x.d <= 0 || c.y.d <= 0 {
		return Rect{}, false
	}
	start := func(size int64, length, offset fraction) (at, n int64, ok bool) {
		if length.n <= 0 || length.n%length.d != 0 {
			return 0, 0, false
		}
		n = length.n / length.d
		// (size-n)/2 + offset, over 2*d.
		at = (size-n)*offset.d + 2*offset.n
		if at < 0 || at%(2*offset.d) != 0 {
			return 0, 0, false
		}
		at /= 2 * offset.d
		return at, n, at+n <= size
	}
	x, width, okX := start(int64(size.Width), c.width, c.x)
	y, height, okY := start(int64(size.Height), c.height, c.y)
	return Rect{int(x), int(y), int(width), int(height)}, okX && okY
}
