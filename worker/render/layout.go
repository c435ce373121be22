package render

import "calotype"

// whole returns the size in which a target needs the whole picture.
func (t Target) whole() calotype.Box {
	if t.Whole != (calotype.Box{}) {
		return t.Whole
	}
	return calotype.Box{Width: t.Width, Height: t.Height}
}

// offset returns the distance from the left edge of a row of length whole to that of its
// part, which has the gravity's third of what is left over: 0, 1 or 2. It is negative if the
// part is the longer of both.
func offset(whole, part, third int) int {
	spare := whole - part
	switch {
	case third == 0:
		return 0
	case third == 2:
		return spare
	case spare < 0:
		return -(-spare / 2)
	}
	return (spare + 1) / 2
}

// centred returns the offset of a part whose middle is at a fraction of the whole, or as near
// as possible.
func centred(whole, part int, at float64) int {
	return min(max(0, int(at*float64(whole))-part/2), whole-part)
}

// Pixels returns how many pixels are computed for a frame of the target.
func (t Target) Pixels() int64 {
	whole := t.whole()
	return max(int64(t.Width)*int64(t.Height), int64(whole.Width)*int64(whole.Height))
}

// enlarges reports whether a target scales the picture up.
func (p *Picture) enlarges(t Target) bool {
	whole := t.whole()
	return whole.Width > p.Width || whole.Height > p.Height
}
