package render

import (
	"errors"
	"strings"
	"testing"
)

func TestCorrupt(t *testing.T) {
	long := strings.Repeat("TIFFReadDirectory: a warning about a tag\n", 20)
	for name, c := range map[string]struct {
		err  string
		want string
	}{
		"one line":           {"VipsJpeg: Premature end of input file\n\nStack:\ngoroutine 1", "corrupt: VipsJpeg: Premature end of input file"},
		"twice the same":     {"vipspng: libpng read error\nvipspng: libpng read error\n", "corrupt: vipspng: libpng read error"},
		"nothing":            {"", "corrupt: the decoder gave up without a reason"},
		"seeks":              {"source: bad seek to 99\nsource: bad seek to 98\nwebp: unable to parse image\n", "corrupt: webp: unable to parse image"},
		"a kind not read":    {"tiff2vips: subsampled images not supported\n", "unsupported-format: tiff2vips: subsampled images not supported"},
		"a lot, the end":     {long + "tiff2vips: read error\n", "corrupt: TIFFReadDirectory: a warning about a tag; tiff2vips: read error"},
		"much in the middle": {strings.Repeat("a", 300) + "\ntiff2vips: read error", "corrupt: …" + strings.Repeat("a", 200-len("; tiff2vips: read error")) + "; tiff2vips: read error"},
	} {
		if got := corrupt(errors.New(c.err)).Error(); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}
