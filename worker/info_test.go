package worker

import (
	"bytes"
	"image"
	"image/color"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"calotype"
	"calotype/internal/awstest"
	"calotype/worker/store"
)

// info returns the stored info of a source, or nil.
func (f *fixture) info(t *testing.T, source string) (*calotype.Info, store.Object) {
	t.Helper()
	body, o := f.object(t, "resized/.info/"+source)
	if body == nil {
		return nil, o
	}
	info, err := calotype.ParseInfo(body)
	if err != nil {
		t.Fatal(err)
	}
	return &info, o
}

func infoJob(source string) string { return calotype.Job{Source: source, Info: true}.Encode() }

func TestInfo(t *testing.T) {
	b := newFixture(t)
	table, err := calotype.ParsePresets([]byte(`{"S": "85x48", "square": {"box": "30x30", "fit": "cover", "gravity": "smart"}, "point": {"box": "60x30", "fit": "cover", "gravity": "focal"}}`))
	if err != nil {
		t.Fatal(err)
	}
	b.Presets, b.Siblings = table, SiblingsAll
	source := jpegOf(t, grainy(600, 200))
	b.putFocal(t, "cats/kitty.jpg", source, "0.25,0.5")
	etag := look(t, b.bucket, "cats/kitty.jpg").ETag
	b.do(t, infoJob("cats/kitty.jpg"))
	b.wantDone(t)
	b.wantKeys(t, "cats/kitty.jpg", "resized/.info/cats/kitty.jpg") // And no siblings.
	info, o := b.info(t, "cats/kitty.jpg")
	if info == nil || info.State != calotype.InfoReady || info.Source != "cats/kitty.jpg" || info.ETag != calotype.TrimETag(etag) ||
		info.Bytes != int64(len(source)) || info.Type != "image/jpeg" || info.Width != 600 || info.Height != 200 || info.Frames != 1 ||
		len(info.ThumbHash) < 15 || info.Colour == "" || *info.Focal != (calotype.Point{X: 0.25, Y: 0.5}) {
		t.Fatalf("got %+v", info)
	}
	if _, ok := info.Attention["85x256"]; !ok || len(info.Attention) != 1 { // The focal point needs none.
		t.Errorf("attention: got %v", info.Attention)
	}
	if l := calotype.ParseLineage(o.Metadata); o.ContentType != "application/json" || o.CacheControl != b.CacheControl || l.InfoStaleness(etag, "0.25,0.5") != calotype.Current || o.Metadata[calotype.CacheTagMetadata] == "" {
		t.Errorf("got %+v, %+v", o, l)
	}
	b.do(t, infoJob("cats/kitty.jpg"))
	if _, again := b.info(t, "cats/kitty.jpg"); again.ETag != o.ETag || again.Modified != o.Modified {
		t.Error("a current info is stored again")
	}
	b.putFocal(t, "cats/kitty.jpg", source, "the cat") // The same bytes, and so the same ETag.
	b.do(t, infoJob("cats/kitty.jpg"))
	if info, _ := b.info(t, "cats/kitty.jpg"); info.Focal != nil || len(info.Attention) != 2 {
		t.Errorf("without a focal point: got %+v", info)
	}
	b.wantDone(t)
}

// Nothing is stored, and nothing is asked of the store, unless a setting or a job asks for it.
func TestInfoIsOptional(t *testing.T) {
	var mu sync.Mutex
	var calls []string
	b := newFixture(t, func(r *http.Request) *http.Response {
		mu.Lock()
		defer mu.Unlock()
		if strings.Contains(r.URL.Path, "/.info/") {
			calls = append(calls, r.Method)
		}
		return nil
	})
	b.put(t, "kitty.jpg", jpegOf(t, photo(900, 600)))
	b.do(t, job("kitty.jpg", "M"))
	if len(calls) > 0 {
		t.Errorf("calls: %v", calls)
	}
	b.Info = true
	b.do(t, job("kitty.jpg", "M"))
	if len(calls) > 0 {
		t.Errorf("for a current rendition: calls: %v", calls)
	}
	b.do(t, job("kitty.jpg", "M.webp"))
	if info, _ := b.info(t, "kitty.jpg"); info == nil || !slices.Equal(calls, []string{"GET", "PUT"}) {
		t.Errorf("got %+v by %v", info, calls)
	}
	b.wantDone(t)
}

// faces draws two equal things that attract attention, the one as much as the other.
func faces(width, height int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{120, 125, 130, 255})
			for _, at := range []image.Point{{width / 8, height / 2}, {width * 7 / 8, height / 2}} {
				if d := image.Pt(x, y).Sub(at); d.X*d.X+d.Y*d.Y < height*height/16 {
					img.SetRGBA(x, y, color.RGBA{230, 170, 130, 255})
				}
			}
		}
	}
	return img
}

// A job crops as the info says, and not as it would by itself: so all jobs crop alike.
func TestCropsFollowTheInfo(t *testing.T) {
	b := newFixture(t)
	table, err := calotype.ParsePresets([]byte(`{"small": {"box": "30x30", "fit": "cover", "gravity": "smart"}, "large": {"box": "90x90", "fit": "cover", "gravity": "focal"}}`))
	if err != nil {
		t.Fatal(err)
	}
	b.Presets, b.Siblings, b.Info = table, SiblingsNone, true
	b.put(t, "kitty.jpg", jpegOf(t, faces(800, 200)))
	b.do(t, job("kitty.jpg", "small"))
	first, o := b.info(t, "kitty.jpg")
	if first == nil || len(first.Attention) != 1 {
		t.Fatalf("got %+v", first)
	}
	faceIn := func(variant string) bool {
		t.Helper()
		body, _ := b.object(t, "resized/"+variant+"/kitty.jpg")
		img, _, err := image.Decode(bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r, _, blue, _ := img.At(img.Bounds().Dx()/2, img.Bounds().Dy()/2).RGBA()
		return r > blue+0x3000
	}
	if !faceIn("small") {
		t.Error("the small crop has no face in its middle")
	}
	moved := *first // As if the other job had found the wall in the middle.
	moved.Attention = map[string]calotype.Point{"64x256": {X: 0.5, Y: 0.5}}
	lineage := calotype.ParseLineage(o.Metadata)
	if _, err := b.bucket.Put(t.Context(), "resized/.info/kitty.jpg", moved.Encode(), store.Object{ContentType: o.ContentType, Metadata: lineage.Metadata()}, o.ETag); err != nil {
		t.Fatal(err)
	}
	b.Info = false
	b.do(t, job("kitty.jpg", "large"))
	if faceIn("large") {
		t.Error("the large crop does not follow the info")
	}
	b.wantDone(t)
}

// While a job decodes, another worker stores the info: the job starts over, with its points.
func TestInfoOfAnotherJob(t *testing.T) {
	var other func()
	b := newFixture(t, func(r *http.Request) *http.Response {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/.info/") && other != nil {
			store := other
			other = nil
			store()
		}
		return nil
	})
	table, err := calotype.ParsePresets([]byte(`{"small": {"box": "30x30", "fit": "cover", "gravity": "smart"}}`))
	if err != nil {
		t.Fatal(err)
	}
	b.Presets, b.Info = table, true
	etag := b.put(t, "kitty.jpg", jpegOf(t, faces(800, 200)))
	info := calotype.Info{Source: "kitty.jpg", State: calotype.InfoReady, Width: 800, Height: 200, Attention: map[string]calotype.Point{"64x256": {X: 0.5, Y: 0.5}}}
	lineage := calotype.Lineage{SourceETag: etag, Recipe: calotype.InfoRecipe("other")}
	plain := store.New(awstest.S3(t), b.bucketName)
	other = func() {
		if _, err := plain.Put(t.Context(), "resized/.info/kitty.jpg", info.Encode(), store.Object{Metadata: lineage.Metadata()}, ""); err != nil {
			t.Error(err)
		}
	}
	b.do(t, job("kitty.jpg", "small"))
	body, _ := b.object(t, "resized/small/kitty.jpg")
	img, _, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if r, _, blue, _ := img.At(15, 15).RGBA(); r > blue+0x3000 {
		t.Error("the crop is not the one of the other job's info")
	}
	b.wantDone(t)
}

// An event makes an old info again, or removes it. With the setting, an upload has one.
func TestInfoFollowsEvents(t *testing.T) {
	b := newFixture(t)
	event := func(name string) {
		t.Helper()
		b.do(t, calotype.Event{Name: name, Bucket: b.bucketName, Key: "kitty.jpg"}.Encode())
	}
	b.put(t, "kitty.jpg", jpegOf(t, photo(90, 60)))
	event("ObjectCreated:Put")
	if info, _ := b.info(t, "kitty.jpg"); info != nil {
		t.Errorf("without the setting: got %+v", info)
	}
	b.do(t, infoJob("kitty.jpg"))
	b.put(t, "kitty.jpg", jpegOf(t, photo(60, 90)))
	event("ObjectCreated:Put")
	if info, _ := b.info(t, "kitty.jpg"); info == nil || info.Width != 60 {
		t.Errorf("of the new version: got %+v", info)
	}
	b.remove(t, "kitty.jpg")
	event("ObjectRemoved:Delete")
	b.wantKeys(t)
	b.Info = true
	b.put(t, "kitty.jpg", jpegOf(t, photo(90, 60)))
	event("ObjectCreated:Put")
	b.wantKeys(t, "kitty.jpg", "resized/.info/kitty.jpg")
	b.wantDone(t)

	_, o := b.info(t, "kitty.jpg")
	for _, body := range []string{"{", strings.Repeat(" ", calotype.MaxInfo+1)} { // With the metadata of an info.
		headers := awstest.Headers{ContentType: o.ContentType, Metadata: o.Metadata}
		awstest.Put(t, b.bucketName, "resized/.info/kitty.jpg", []byte(body), headers)
		event("ObjectCreated:Put")
		if info, _ := b.info(t, "kitty.jpg"); info.Width != 90 {
			t.Errorf("in place of what is not an info: got %+v", info)
		}
		awstest.Put(t, b.bucketName, "resized/.info/kitty.jpg", []byte(body), headers)
		b.remove(t, "kitty.jpg")
		event("ObjectRemoved:Delete")
		b.wantKeys(t)
		b.put(t, "kitty.jpg", jpegOf(t, photo(90, 60)))
	}
}

// A source that cannot be rendered has an info that says so, until it is replaced or replayed.
func TestInfoOfABrokenSource(t *testing.T) {
	b := newFixture(t)
	b.put(t, "kitty.jpg", []byte("broken"))
	b.do(t, infoJob("kitty.jpg"))
	info, o := b.info(t, "kitty.jpg")
	if info == nil || info.State != calotype.InfoFailed || info.Reason != "unsupported-format" || o.CacheControl != b.FallbackCacheControl {
		t.Fatalf("got %+v, %+v", info, o)
	}
	b.wantDeadLetter(t, "unsupported-format", infoJob("kitty.jpg"))
	b.do(t, infoJob("kitty.jpg"))
	b.wantDone(t)
	b.put(t, "kitty.jpg", jpegOf(t, photo(90, 60)))
	b.do(t, infoJob("kitty.jpg"))
	if info, _ := b.info(t, "kitty.jpg"); info.State != calotype.InfoReady || info.Reason != "" {
		t.Errorf("after the repair: got %+v", info)
	}
	b.put(t, "broken.jpg", []byte("broken"))
	b.do(t, job("broken.jpg", "M"))
	b.do(t, infoJob("broken.jpg")) // The failure is remembered.
	if info, _ := b.info(t, "broken.jpg"); info == nil || info.State != calotype.InfoFailed {
		t.Errorf("of a failure before: got %+v", info)
	}
	cut := jpegOf(t, photo(400, 300))
	b.put(t, "cut.jpg", cut[:len(cut)/2])
	b.do(t, infoJob("cut.jpg"))
	if info, o := b.info(t, "cut.jpg"); info == nil || info.State != calotype.InfoDamaged || len(info.ThumbHash) == 0 || o.CacheControl != b.FallbackCacheControl {
		t.Errorf("of a damaged picture: got %+v", info)
	}
}
