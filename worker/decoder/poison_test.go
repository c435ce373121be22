package decoder

import (
	"bytes"
	"testing"

	"calotype/worker/render"
)

// The rendition of a damaged picture does not depend on earlier content of the memory. The
// source names the byte with which the process fills the memory that it allocates and
// frees.
func TestDamagedIsDefined(t *testing.T) {
	p := newPool(t, func(c *Config) { c.Sandbox = SandboxRequire })
	whole := photo(t, 300, 200, "")
	body, end := whole[:len(whole)/2], whole[len(whole)-2:]
	for name, tail := range map[string][]byte{"cut": nil, "ends early": end} {
		var first []render.Rendition
		for _, fault := range []string{"testfault:open:poison1;", "testfault:open:poison170;", ""} {
			source := bytes.Join([][]byte{body[:2], comment(fault), body[2:], tail}, nil)
			picture, err := p.Open(t.Context(), SourceOf(source), render.Limits{Lenient: true}, enough)
			if err != nil {
				t.Fatal(err)
			}
			var made []render.Rendition
			for r, err := range picture.Render(t.Context(), small, enough) {
				if err != nil {
					t.Fatal(err)
				}
				made = append(made, r)
			}
			picture.Close()
			if first == nil {
				first = made
			}
			for i, r := range made {
				if !bytes.Equal(r.Body, first[i].Body) {
					t.Errorf("%s, %q: another %s", name, fault, r.Format)
				}
			}
		}
	}
}

// comment is a segment of a JPEG that decoders skip.
func comment(text string) []byte {
	return append([]byte{0xff, 0xfe, 0, byte(len(text) + 2)}, text...)
}
