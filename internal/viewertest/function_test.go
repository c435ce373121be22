package viewertest

import (
	"testing"

	"calotype/internal/hermetic"
)

func TestMain(m *testing.M) { hermetic.Main(m) }

// A function that uses what the runtime may not have must fail here.
func TestNothingNewer(t *testing.T) {
	f := Start(t, `import cf from 'cloudfront';
function compiled() { try { return typeof new Function('return 1'); } catch (refused) { return 'refused'; } }
function handler(event) {
  var request = event.request;
  request.uri = [typeof Map, typeof Symbol, typeof ''.includes, typeof [].at, typeof Object.entries, typeof [].map, typeof ''.replace, typeof cf, compiled()].join(' ');
  return request;
}`)
	if got, want := f.Handle(Request{Method: "GET", URI: "/"}).URI, "undefined undefined undefined undefined undefined function function object refused"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
