package thumbhash

import (
	_ "embed"
	"encoding/base64"
	"os"
	"strconv"
	"strings"
	"testing"
)

// reference holds what npm's thumbhash 0.1.1 makes of the pictures below. testdata's
// generate.mjs prints it.
//
//go:embed testdata/hashes.tsv
var reference string

func TestEqualsTheReference(t *testing.T) {
	lines := strings.Split(strings.TrimSpace(reference), "\n")
	if len(lines) != 72 {
		t.Errorf("got %d pictures", len(lines))
	}
	for _, line := range lines {
		fields := strings.Split(line, "\t")
		width, _ := strconv.Atoi(fields[1])
		height, _ := strconv.Atoi(fields[2])
		if got := base64.StdEncoding.EncodeToString(Encode(width, height, drawn(fields[0], width, height))); got != fields[3] {
			t.Errorf("%s of %dx%d: got %s, want %s", fields[0], width, height, got, fields[3])
		}
	}
	if dir := os.Getenv("CALOTYPE_CORPUS"); dir != "" {
		comparePhotos(t, dir)
	}
}

// drawn draws a picture of the table.
func drawn(kind string, width, height int) []byte {
	rgba := make([]byte, 0, 4*width*height)
	state := 12345 + width*7 + height*3
	random := func() int {
		state = (state*1103 + 12345) % 65521
		return state & 255
	}
	for y := range height {
		for x := range width {
			noise := [4]int{random(), random(), random(), random()}
			blob := func(centreX, centreY int) int {
				dx, dy := x-centreX, y-centreY
				return max(0, 255-(dx*dx+dy*dy)*1000/(width*width+height*height))
			}
			fade := x * 255 / width
			var pixel [4]int
			switch kind {
			case "noise":
				pixel = [4]int{noise[0], noise[1], noise[2], 255}
			case "blobs":
				pixel = [4]int{blob(width>>2, height>>1), blob(width>>1, height>>3), blob(width-1, height-1), 255}
			case "gradient":
				pixel = [4]int{fade, y * 255 / height, 255 - fade, 255}
			case "flat":
				pixel = [4]int{12, 200, 77, 255}
			case "clear":
				pixel = [4]int{200, 100, 50, 0}
			case "fading":
				pixel = [4]int{blob(0, 0), 128, fade, fade}
			case "hole":
				pixel = [4]int{noise[0] >> 1, blob(0, height>>1), 40, 255}
				if x*2 > width && y*2 > height {
					pixel[3] = 0
				}
			case "grey":
				grey := blob(width>>1, height>>1)
				pixel = [4]int{grey, grey, grey, 255}
			}
			for _, sample := range pixel {
				rgba = append(rgba, byte(sample))
			}
		}
	}
	return rgba
}

func BenchmarkEncode(b *testing.B) {
	rgba := drawn("blobs", 100, 75)
	for b.Loop() {
		Encode(100, 75, rgba)
	}
}
