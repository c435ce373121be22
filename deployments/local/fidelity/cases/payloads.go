package cases

import (
	_ "embed"
	"encoding/base64"
	"fmt"
	"strings"
	"sync"
)

//go:embed testdata/payloads.txt
var payloadText string

var payloads = sync.OnceValue(func() map[string][]byte {
	all := map[string][]byte{}
	for line := range strings.Lines(payloadText) {
		name, text, ok := strings.Cut(strings.TrimSpace(line), " ")
		if !ok || name == "#" {
			continue
		}
		body, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			panic(fmt.Sprintf("payload %s: %v", name, err))
		}
		all[name] = body
	}
	return all
})

// payload returns a coded picture, without its container: the quadrants (or greys, or
// the alphas softs) in AV1, HEVC, VP8, VP8L or JPEG XL. "second" and "third" have the
// quadrants in other places, for animations.
func payload(name string) []byte {
	body, ok := payloads()[name]
	if !ok {
		panic("no payload " + name)
	}
	return body
}
