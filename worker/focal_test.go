package worker

import (
	"bytes"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"calotype"
	"calotype/internal/awstest"
)

// putFocal puts a source with a focal point.
func (f *fixture) putFocal(t *testing.T, key string, body []byte, focal string) {
	t.Helper()
	_, err := awstest.S3(t).PutObject(t.Context(), &s3.PutObjectInput{
		Bucket: &f.bucketName, Key: &key, Body: bytes.NewReader(body), Metadata: map[string]string{"focal": focal},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A changed preset makes its own renditions old, a changed focal point those that depend on
// it, and neither any other.
func TestPresetObjectsStayCurrent(t *testing.T) {
	b := newFixture(t)
	b.Siblings = SiblingsNone
	presets := func(card string) {
		t.Helper()
		table, err := calotype.ParsePresets([]byte(`{"S": "85x48", "card": ` + card + `, "point": {"box": "30x30", "fit": "cover", "gravity": "focal"}}`))
		if err != nil {
			t.Fatal(err)
		}
		b.Presets = table
	}
	etags := func() (all [3]string) {
		t.Helper()
		b.do(t, job("kitty.jpg", "S", "card", "point"))
		for i, v := range []string{"S", "card", "point"} {
			_, o := b.object(t, "resized/"+v+"/kitty.jpg")
			all[i] = o.ETag + calotype.ParseLineage(o.Metadata).Recipe.Boxes + string(calotype.ParseLineage(o.Metadata).Focal)
		}
		return all
	}
	source := jpegOf(t, grainy(600, 200))
	b.putFocal(t, "kitty.jpg", source, "0.1, 0.5")
	presets(`{"box": "60x40", "fit": "cover", "gravity": "smart", "format": "webp", "quality": {"webp": 40}}`)
	first := etags()
	body, o := b.object(t, "resized/card/kitty.jpg")
	if f, w, h := size(t, body); f != calotype.WebP || w != 60 || h != 40 || o.ContentType != "image/webp" {
		t.Errorf("card: got %s %dx%d (%s)", f, w, h, o.ContentType)
	}
	if l := calotype.ParseLineage(o.Metadata); l.Recipe.Boxes != "60x40 cover smart webp" || l.Recipe.Quality != 40 || l.Focal != "" {
		t.Errorf("card: lineage %+v", l)
	}
	if second := etags(); second != first {
		t.Errorf("made again without a reason: %v, %v", first, second)
	}
	presets(`{"box": "60x40", "fit": "cover", "gravity": "west", "format": "webp", "quality": {"webp": 40}}`)
	second := etags()
	if second[0] != first[0] || second[1] == first[1] || second[2] != first[2] {
		t.Errorf("a gravity changed: %v, %v", first, second)
	}
	presets(`{"box": "60x40", "fit": "cover", "gravity": "west", "format": "webp", "quality": {"webp": 90}}`)
	third := etags()
	if third[0] != second[0] || third[1] == second[1] || third[2] != second[2] {
		t.Errorf("a quality changed: %v, %v", second, third)
	}
	b.putFocal(t, "kitty.jpg", source, "0.9,0.5")
	fourth := etags()
	if fourth[0] != third[0] || fourth[1] != third[1] || fourth[2] == third[2] {
		t.Errorf("the focal point changed: %v, %v", third, fourth)
	}
	b.wantDone(t)
}

func TestBadFocalPointIsLoggedOnce(t *testing.T) {
	b := newFixture(t)
	log := &bytes.Buffer{}
	b.Worker.log = b.Worker.log.Output(log)
	table, err := calotype.ParsePresets([]byte(`{"a": {"box": "30x30", "fit": "cover", "gravity": "focal"}, "b": {"box": "20x20", "fit": "cover", "gravity": "focal"}}`))
	if err != nil {
		t.Fatal(err)
	}
	b.Presets, b.Siblings = table, SiblingsNone
	b.putFocal(t, "kitty.jpg", jpegOf(t, grainy(600, 200)), "the cat")
	b.do(t, job("kitty.jpg", "a"))
	b.do(t, job("kitty.jpg", "b"))
	if n := bytes.Count(log.Bytes(), []byte("focal point ignored")); n != 1 {
		t.Errorf("logged %d times:\n%s", n, log)
	}
	_, o := b.object(t, "resized/b/kitty.jpg")
	if l := calotype.ParseLineage(o.Metadata); l.Focal != "" || l.Size != (calotype.Box{Width: 20, Height: 20}) {
		t.Errorf("got %+v", l)
	}
	b.wantDone(t)
}
