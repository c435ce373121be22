//go:build cgo

package render

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"hash/crc32"
	"image/color"
	"slices"
	"strings"
	"testing"

	"github.com/davidbyttow/govips/v2/vips"

	"calotype"
)

// jpegWithSecret is a JPEG with a secret in its EXIF (also as GPS position), XMP, IPTC and
// comment.
func jpegWithSecret(t testing.TB) []byte {
	return withSegments(jpegOf(t, quadrants(800, 600)), exif(6),
		segment(0xe1, "http://ns.adobe.com/xap/1.0/\x00"+xmp),
		segment(0xed, "Photoshop 3.0\x008BIM\x04\x04\x00\x00\x00\x00\x00\x15\x1c\x02\x78\x00\x10"+secret+"\x00"),
		segment(0xfe, secret))
}

const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/">` + secret + `</x:xmpmeta>`

// secretHEIC is [jpegWithSecret] as libvips 8.14 saves it to HEIC: with the orientation in
// Exif and no irot. Not every libheif can write HEIC: the image's cannot.
//
//go:embed testdata/secrets.heic
var secretHEIC []byte

// picturesWithSecrets are pictures of every format that can hold a secret.
func picturesWithSecrets(t *testing.T) map[string][]byte {
	chunk := func(name, body string) []byte {
		b := binary.BigEndian.AppendUint32(nil, uint32(len(body)))
		b = append(b, name+body...)
		return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name+body)))
	}
	pic, anim := pngOf(t, quadrants(800, 600)), animatedGIF(t, 2, 80, 60)
	pictures := map[string][]byte{
		"jpeg": jpegWithSecret(t),
		"png": slices.Concat(pic[:33], chunk("tEXt", "Comment\x00"+secret), chunk("iTXt", "XML:com.adobe.xmp\x00\x00\x00\x00\x00"+xmp),
			chunk("eXIf", string(exif(1)[10:])), pic[33:]),
		"gif": slices.Concat(anim[:len(anim)-1], []byte("\x21\xfe\x10"+secret+"\x00"),
			[]byte("\x21\xff\x0bXMP DataXMP\x10"+secret+"\x00"), []byte{0x3b}),
		"heic": secretHEIC,
	}
	// The others, as libvips writes them with all metadata.
	ref, err := vips.LoadImageFromBuffer(jpegWithSecret(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ref.Close()
	for name, export := range map[string]func() ([]byte, *vips.ImageMetadata, error){
		"webp": func() ([]byte, *vips.ImageMetadata, error) { return ref.ExportWebp(vips.NewWebpExportParams()) },
		"tiff": func() ([]byte, *vips.ImageMetadata, error) { return ref.ExportTiff(vips.NewTiffExportParams()) },
		"avif": func() ([]byte, *vips.ImageMetadata, error) {
			return ref.ExportAvif(&vips.AvifExportParams{Quality: 50, Bitdepth: 8, Effort: 1})
		},
	} {
		if pictures[name], _, err = export(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return pictures
}

// No rendition of any format holds the source's metadata: neither in its bytes nor in what
// a decoder reads.
func TestMetadataIsRemoved(t *testing.T) {
	for from, body := range picturesWithSecrets(t) {
		if !bytes.Contains(body, []byte(secret)) {
			t.Errorf("%s: holds no secret to begin with", from)
		}
		p, err := Open(body, Limits{})
		if err != nil {
			t.Fatalf("%s: %v", from, err)
		}
		for _, to := range []calotype.Format{calotype.JPEG, calotype.WebP, calotype.PNG, calotype.AVIF, calotype.GIF, calotype.BMP} {
			for _, size := range [][2]int{{p.Width / 2, p.Height / 2}, {p.Width, p.Height}} {
				r := render(t, body, sized(size[0], size[1], to, 80))
				if r.AsIs {
					t.Errorf("%s to %s is the source itself", from, to)
				}
				for _, trace := range []string{secret, "Exif\x00", "EXIF", "eXIf", "xmpmeta", "XMP ", "ICC_PROFILE", "iCCP", "ICCP", "8BIM", "tEXt", "iTXt"} {
					if bytes.Contains(r.Body, []byte(trace)) {
						t.Errorf("%s to %s: %q is left", from, to, trace)
					}
				}
				wantNothingTold(t, from+" to "+string(to), r)
			}
		}
	}
	vips.AssertNoLeaks(t)
}

func wantNothingTold(t *testing.T, name string, r Rendition) {
	t.Helper()
	if r.Format == calotype.BMP {
		return // It has no place for metadata.
	}
	ref, err := vips.LoadImageFromBuffer(r.Body, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ref.Close()
	for _, field := range ref.GetFields() {
		for _, prefix := range []string{"exif-", "xmp-", "iptc-", "icc-profile", "jpeg-thumbnail", "gif-comment", "png-comment", "photoshop-"} {
			if strings.HasPrefix(field, prefix) {
				t.Errorf("%s: a decoder reads %s", name, field)
			}
		}
	}
	if o := ref.Orientation(); o > 1 {
		t.Errorf("%s: orientation %d", name, o)
	}
}

// HEIC and TIFF become JPEG if no format is requested: browsers show neither.
func TestShownAsJPEG(t *testing.T) {
	pictures := picturesWithSecrets(t)
	tl, tr, bl, br := corners[0][0], corners[0][1], corners[1][0], corners[1][1]
	turned := [2][2]color.NRGBA{{bl, tl}, {br, tr}} // The first row is the right side.
	for from, want := range map[string][2][2]color.NRGBA{
		"heic": corners, // Turned only by its container (ISO 23008-12, 6.5.10), not by Exif.
		"tiff": turned,  // Turned by the tag.
	} {
		p, err := Open(pictures[from], Limits{})
		if err != nil {
			t.Fatal(err)
		}
		box := calotype.Box{Width: 360, Height: 360}
		r := render(t, pictures[from], p.Target(calotype.Variant{Preset: "SS"}, calotype.Preset{Name: "SS", Wide: box, Tall: box}, 90))
		if f, _ := Sniff(r.Body); string(p.Format) != from || f != calotype.JPEG || r.Format != calotype.JPEG {
			t.Errorf("%s is %s and became %s, %s", from, p.Format, f, r.Format)
		}
		wantQuadrants(t, look(t, r.Body), want, 24)
	}
	vips.AssertNoLeaks(t)
}
