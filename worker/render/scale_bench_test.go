//go:build cgo

package render

import (
	"fmt"
	"math"
	"syscall"
	"testing"

	"calotype"
)

// BenchmarkScale compares the row loops of resample with libvips's own scaling, for the
// ratios of a picture of 1920x1440 to the presets' sizes. It reports the CPU time, which a
// busy machine changes less than the elapsed time, and by how many levels the results
// differ.
func BenchmarkScale(b *testing.B) {
	const width, height = 1920, 1440
	drawn := grainy(width, height)
	for _, bands := range []int{1, 3} {
		d, err := newDecoded(width, height, bands)
		if err != nil {
			b.Fatal(err)
		}
		for i := range width * height {
			copy(d.pixels[i*bands:][:bands], drawn.Pix[i*4:])
		}
		for _, to := range []struct{ width, height int }{{1280, 960}, {837, 628}, {640, 480}, {427, 320}, {240, 180}} {
			target := sized(to.width, to.height, calotype.JPEG, 80)
			name := fmt.Sprintf("%d bands/to %dx%d", bands, to.width, to.height)
			var ours, theirs *decoded
			b.Run(name+"/rows", func(b *testing.B) {
				start := cpuTime(b)
				for b.Loop() {
					if ours, err = d.scaled(target); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric((cpuTime(b)-start)/float64(b.N), "cpu-ms")
			})
			b.Run(name+"/libvips", func(b *testing.B) {
				start := cpuTime(b)
				for b.Loop() {
					theirs = scaledByLibvips(b, d, to.width, to.height)
				}
				b.ReportMetric((cpuTime(b)-start)/float64(b.N), "cpu-ms")
				if ours == nil {
					return
				}
				highest, sum := 0.0, 0.0
				for i := range ours.pixels {
					d := math.Abs(float64(ours.pixels[i]) - float64(theirs.pixels[i]))
					highest, sum = max(highest, d), sum+d
				}
				b.ReportMetric(highest, "levels-at-most")
				b.ReportMetric(sum/float64(len(ours.pixels)), "levels")
			})
		}
	}
}

// cpuTime returns this process's CPU time in milliseconds.
func cpuTime(b *testing.B) float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return 1e3*float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e3
}
