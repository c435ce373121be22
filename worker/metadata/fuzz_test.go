package metadata

import (
	"bytes"
	"reflect"
	"testing"

	"calotype/worker/imageheader"
)

// FuzzRemove checks that whatever comes out is a picture of the same size and frames,
// without metadata, and that nothing else can be removed from it.
func FuzzRemove(f *testing.F) {
	for _, c := range removable(f) {
		f.Add(c[0])
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		h, err := imageheader.Parse(file)
		if err != nil {
			return
		}
		was := bytes.Clone(file)
		got, ok := Remove(file, h)
		if !bytes.Equal(file, was) {
			t.Error("the file was changed")
		}
		if !ok {
			return
		}
		const mended = 1 + 1 // A missing trailer of a GIF, or padding of a WebP.
		if len(got) > len(file)+mended {
			t.Errorf("%d bytes became %d", len(file), len(got))
		}
		after, err := imageheader.Parse(got)
		if err != nil {
			t.Fatalf("%d bytes became %d: %v", len(file), len(got), err)
		}
		if !after.NoMetadata || after.Damage != "" {
			t.Errorf("left: no metadata: %v, damage: %q", after.NoMetadata, after.Damage)
		}
		if after.Width != h.Width || after.Height != h.Height || after.Alpha != h.Alpha || !reflect.DeepEqual(after.Animation, h.Animation) {
			t.Errorf("%+v became %+v", h, after)
		}
		if again, ok := Remove(got, after); !ok || !bytes.Equal(again, got) {
			t.Errorf("removed once more: %v, %d bytes of %d", ok, len(again), len(got))
		}
	})
}
