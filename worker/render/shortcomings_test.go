//go:build cgo

package render

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"strings"
	"testing"

	"calotype"
	"calotype/worker/failure"
)

func TestShortcomingNamesTheRemedy(t *testing.T) {
	for version, want := range map[string]string{
		"1.15.1": "libheif 1.15.1 cannot read HEIC of iPhones since iOS 18: 1.18 or newer is needed",
		"1.17.9": "libheif 1.17.9 cannot read HEIC of iPhones since iOS 18: 1.18 or newer is needed",
		"1.18.0": "",
		"1.23.6": "",
		"":       "",
	} {
		if got := iOS18.sentence(version); got != want {
			t.Errorf("%q: got %q, want %q", version, got, want)
		}
	}
}

// The sentences about this machine's libraries match their versions.
func TestShortcomingsAreOfTheLoadedLibraries(t *testing.T) {
	version := loadedVersion("libheif")
	if version == "" {
		t.Fatal("libheif gives no version")
	}
	said := len(Shortcomings()) > 0
	if want := older(version, iOS18.fixed); said != want {
		t.Errorf("libheif %s: %q", version, Shortcomings())
	}
}

// asOfIOS18 changes an AVIF with alpha, as libheif writes it, so that its auxiliary picture
// belongs to two items, as the gain map of an iPhone's HEIC does since iOS 18.
func asOfIOS18(t *testing.T, avif []byte) []byte {
	t.Helper()
	number := binary.BigEndian
	at := func(box string) int {
		i := bytes.Index(avif, []byte(box))
		if i < 0 {
			t.Fatalf("no box %s", box)
		}
		return i - 4
	}
	meta, iref, auxl, iloc := at("meta"), at("iref"), at("auxl"), at("iloc")
	// The box has a size, a type, from_item_ID, reference_count and one to_item_ID.
	if number.Uint32(avif[auxl:]) != 14 || number.Uint16(avif[auxl+10:]) != 1 {
		t.Fatal("the auxiliary picture does not belong to one item")
	}
	number.PutUint16(avif[auxl+10:], 2)
	for _, box := range []int{meta, iref, auxl} {
		number.PutUint32(avif[box:], number.Uint32(avif[box:])+2)
	}
	// Version 0 or 1, offsets and lengths of four bytes; the pictures' bytes follow meta.
	version, sizes := avif[iloc+8], number.Uint16(avif[iloc+12:])
	if version > 1 || sizes&0xff00 != 0x4400 {
		t.Fatalf("iloc of version %d with sizes %04x", version, sizes)
	}
	base := int(sizes>>4) & 15
	entry := iloc + 16
	for range number.Uint16(avif[iloc+14:]) {
		entry += 4 + 2*int(version) + base // item_ID, construction_method, data_reference_index, base_offset.
		extents := int(number.Uint16(avif[entry:]))
		entry += 2
		for range extents {
			number.PutUint32(avif[entry:], number.Uint32(avif[entry:])+2)
			entry += 8
		}
	}
	to := append([]byte{}, avif[auxl+12:auxl+14]...)
	return append(append(append([]byte{}, avif[:auxl+14]...), to...), avif[auxl+14:]...)
}

// A picture that only a newer library can read is no corrupt one, and the detail of its
// failure says which version is needed.
func TestPicturesOfIOS18(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 64, 48))
	for i := range img.Pix {
		img.Pix[i] = 0x80
	}
	img.SetNRGBA(0, 0, color.NRGBA{255, 0, 0, 255})
	avif := render(t, pngOf(t, img), sized(64, 48, calotype.AVIF, 80)).Body
	source := asOfIOS18(t, bytes.Clone(avif))
	var err error
	if p, openErr := Open(source, Limits{}); openErr != nil {
		err = openErr
	} else {
		for r, renderErr := range p.Render([]Target{sized(32, 24, calotype.JPEG, 80)}) {
			if err = renderErr; err == nil && (r.Width != 32 || r.Height != 24) {
				t.Errorf("got %dx%d", r.Width, r.Height)
			}
		}
	}
	if len(Shortcomings()) == 0 {
		if err != nil {
			t.Errorf("libheif %s: %v", loadedVersion("libheif"), err)
		}
		return
	}
	var f *failure.Failure
	if !errors.As(err, &f) || f.Class != failure.UnsupportedFormat || !strings.HasSuffix(f.Detail, iOS18.sentence(loadedVersion("libheif"))) {
		t.Errorf("got %v, want the remedy", err)
	}
}

// Both messages of libheif lead to the remedy, and no other does.
func TestRemedyOfMessages(t *testing.T) {
	sentence := iOS18.sentence(loadedVersion("libheif"))
	for message, want := range map[string]string{
		"heif: Invalid input: Unspecified: Too many auxiliary image references (2.0)":      sentence,
		"heif: Invalid input: Unspecified: Metadata not correctly assigned to image (2.0)": sentence,
		"heif: Invalid input: Unspecified: Bitstream not supported":                        "",
		"": "",
	} {
		if got := remedy(message); got != want {
			t.Errorf("%q: got %q, want %q", message, got, want)
		}
	}
}
