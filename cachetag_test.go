package calotype

import "testing"

// The tag is stored with objects, so it never changes. These are FNV-1a's published values
// for "" and "a".
func TestCacheTag(t *testing.T) {
	for source, want := range map[string]string{"": "6c62272e07bb014262b821756295c58d", "a": "d228cb696f1a8caf78912b704e4a8964"} {
		if got := CacheTag(source); got != want {
			t.Errorf("%q: got %s, want %s", source, got, want)
		}
	}
	if CacheTag("Kitty.jpg") == CacheTag("kitty.jpg") {
		t.Error("keys that differ in case have one tag")
	}
}
