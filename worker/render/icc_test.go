//go:build cgo

package render

import (
	"bytes"
	"calotype/worker/imageheader"
	"encoding/binary"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"
)

// profileOf is one of the profiles that are built into libvips.
func profileOf(t testing.TB, name string) []byte {
	t.Helper()
	ref, err := vips.LoadImageFromBuffer(pngOf(t, quadrants(4, 4)), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ref.Close()
	if err := ref.TransformICCProfile(name); err != nil {
		t.Fatal(err)
	}
	return ref.GetICCProfile()
}

func TestIsSRGB(t *testing.T) {
	srgb := profileOf(t, "srgb")
	changed := func(from, to string) []byte { return bytes.ReplaceAll(srgb, []byte(from), []byte(to)) }
	for name, c := range map[string]struct {
		profile []byte
		want    bool
	}{
		"libvips' sRGB":          {srgb, true},
		"IEC 61966-2.1":          {profileOf(t, vips.SRGBIEC6196621ICCProfilePath), true},
		"Display P3":             {profileOf(t, "p3"), false},
		"Adobe RGB":              {profileOf(t, adobeRGB(t)), false},
		"CMYK":                   {profileOf(t, "cmyk"), false},
		"nothing":                {nil, false},
		"a header":               {srgb[:128], false},
		"cut":                    {srgb[:len(srgb)/2], false},
		"another space":          {changed("RGB XYZ ", "RGB Lab "), false},
		"no green":               {changed("gXYZ", "xXYZ"), false},
		"a table has precedence": {changed("desc", "A2B0"), false},
	} {
		if got := imageheader.IsSRGB(c.profile); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

// adobeRGB writes a profile with the primaries and the gamma of Adobe RGB (1998), and
// returns its path.
func adobeRGB(t testing.TB) string {
	t.Helper()
	tags := []struct{ name, body string }{
		{"wtpt", xyz(0.9505, 1, 1.0891)},
		{"rXYZ", xyz(0.60974, 0.31111, 0.01947)},
		{"gXYZ", xyz(0.20528, 0.62567, 0.06087)},
		{"bXYZ", xyz(0.14919, 0.06322, 0.74457)},
		{"rTRC", "curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33\x00\x00"}, // 2.19921875
		{"gTRC", "curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33\x00\x00"},
		{"bTRC", "curv\x00\x00\x00\x00\x00\x00\x00\x01\x02\x33\x00\x00"},
	}
	header := make([]byte, 128)
	copy(header[8:], "\x02\x10\x00\x00mntrRGB XYZ ")
	copy(header[36:], "acsp")
	copy(header[68:], xyz(0.9642, 1, 0.8249)[8:])
	table := binary.BigEndian.AppendUint32(nil, uint32(len(tags)))
	var bodies []byte
	for _, tag := range tags {
		table = append(table, tag.name...)
		table = binary.BigEndian.AppendUint32(table, uint32(len(header)+4+12*len(tags)+len(bodies)))
		table = binary.BigEndian.AppendUint32(table, uint32(len(tag.body)))
		bodies = append(bodies, tag.body...)
	}
	profile := slices.Concat(header, table, bodies)
	binary.BigEndian.PutUint32(profile, uint32(len(profile)))
	path := filepath.Join(t.TempDir(), "adobe.icc")
	if err := os.WriteFile(path, profile, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// xyz is an XYZType.
func xyz(values ...float64) string {
	b := []byte("XYZ \x00\x00\x00\x00")
	for _, v := range values {
		b = binary.BigEndian.AppendUint32(b, uint32(v*65536+0.5))
	}
	return string(b)
}
