package fidelity

import "calotype/deployments/local/fidelity/cases"

// wanted is the look of four quadrants.
func wanted(w cases.Want) Look {
	l := Look{Shown: true, Width: w.Width, Height: w.Height}
	for q, c := range w.Colours {
		for band := range 4 {
			l.Middles[q][band] = int(c[band])
		}
	}
	for row := range grid {
		for column := range grid {
			c := w.Colours[row*2/grid*2+column*2/grid]
			alpha := float64(c[3]) / 255
			l.Cells = append(l.Cells, float64(c[0])*alpha, float64(c[1])*alpha, float64(c[2])*alpha, float64(c[3]))
		}
	}
	return l
}

// overWhite returns the colours over a white background.
func (s Sample) overWhite() Sample {
	flat := Sample{Middles: s.Middles}
	for i := 0; i+3 < len(s.Cells); i += 4 {
		rest := 255 - s.Cells[i+3]
		flat.Cells = append(flat.Cells, s.Cells[i]+rest, s.Cells[i+1]+rest, s.Cells[i+2]+rest, 255)
	}
	for q, c := range s.Middles {
		for band := range 3 {
			flat.Middles[q][band] = (c[band]*c[3] + 255*(255-c[3])) / 255
		}
		flat.Middles[q][3] = 255
	}
	return flat
}
