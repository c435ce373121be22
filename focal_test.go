package calotype

import "testing"

func TestParseFocal(t *testing.T) {
	for s, want := range map[string]Focal{
		"0.3,0.7": "0.3,0.7", " .30 ,\t0.70": "0.3,0.7", "0,1": "0,1", "1e-1,0.33333": "0.1,0.3333", "-0,0.5": "0,0.5",
	} {
		got, err := ParseFocal(s)
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", s, got, err, want)
		}
	}
	for _, s := range []string{"", "0.3", "0.3,", "0.3,0.7,0.1", "1.1,0", "-0.1,0", "nan,0", "inf,0", "30%,70%", "0,3,0,7", "0.3;0.7"} {
		if got, err := ParseFocal(s); err == nil {
			t.Errorf("%q is %q", s, got)
		}
	}
}

func TestFocalOf(t *testing.T) {
	if got, err := FocalOf(nil); got != "" || err != nil {
		t.Errorf("got %q, %v for a source without a point", got, err)
	}
	if got, err := FocalOf(map[string]string{"focal": "north"}); got != "" || err == nil {
		t.Errorf("got %q, %v, want an error", got, err)
	}
	got, err := FocalOf(map[string]string{"focal": "0.25, 0.75"})
	x, y, ok := got.Point()
	if err != nil || !ok || x != 0.25 || y != 0.75 {
		t.Errorf("got %q, %v: %v, %v, %v", got, err, x, y, ok)
	}
	if _, _, ok := Focal("").Point(); ok {
		t.Error("nothing is a point")
	}
}
