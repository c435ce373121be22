package calotype

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// infoVersion is the version of [Info] that this program writes and reads.
const infoVersion = 1

// MaxInfo is the maximum size of a stored [Info], in bytes.
const MaxInfo = 64 << 10

// Info describes a source. It is stored as JSON beside the source's renditions, without the
// presets, which the edge adds to its response. info.schema.json describes the response.
type Info struct {
	Version int `json:"version"`
	// Source is the source's key.
	Source string `json:"source"`
	// State is what is known: the other fields may be zero unless it is [InfoReady].
	State InfoState `json:"state"`
	// Reason is the class of the failure, for [InfoFailed] only.
	Reason string `json:"reason,omitempty"`
	// ETag is the version of the source, without quotes.
	ETag string `json:"etag,omitempty"`
	// Bytes is the source's size.
	Bytes int64 `json:"bytes,omitempty"`
	// Type is the media type of the source's content, whatever its name is.
	Type string `json:"type,omitempty"`
	// Width and Height are in pixels, as a browser shows the picture.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// Frames is above 1 for an animation.
	Frames int `json:"frames,omitempty"`
	// ThumbHash is the hash of the first frame, in base64.
	ThumbHash []byte `json:"thumbhash,omitempty"`
	// Colour is the most frequent one. A transparent picture has none.
	Colour Colour `json:"colour,omitempty"`
	// Focal is the focal point in the source's metadata.
	Focal *Point `json:"focal,omitempty"`
	// Attention are the points that smart crops have in their middle, by the part of the
	// picture that they show, as [Layout.Part] returns it: "128x256".
	Attention map[string]Point `json:"attention,omitempty"`
	// Presets are the renditions, by the preset's name. Stored objects have none.
	Presets map[string]InfoPreset `json:"presets,omitempty"`
}

// InfoState is how much of a source was processed.
type InfoState string

const (
	// InfoPending sources were not decoded yet.
	InfoPending InfoState = "pending"
	// InfoReady sources were decoded.
	InfoReady InfoState = "ready"
	// InfoDamaged sources were decoded in part.
	InfoDamaged InfoState = "damaged"
	// InfoFailed sources cannot be rendered.
	InfoFailed InfoState = "failed"
)

// Point is a point of a picture, as fractions of its width and height.
type Point struct {
	X float64 `json:"x"`
	Y float64 `json:"y"`
}

// PointOf returns a focal point's coordinates, or nil without one.
func PointOf(f Focal) *Point {
	x, y, ok := f.Point()
	if !ok {
		return nil
	}
	return &Point{x, y}
}

// InfoPreset describes a source's rendition in one preset.
type InfoPreset struct {
	// Width and Height are those of the rendition, unless it is a copy of the source. They
	// are zero while the source's size is not known.
	Width  int `json:"width,omitempty"`
	Height int `json:"height,omitempty"`
	// URL is the rendition's path and query at the edge.
	URL string `json:"url"`
}

// Encode returns the info as it is stored, without presets.
func (i Info) Encode() []byte {
	i.Version, i.Presets = infoVersion, nil
	body, err := json.Marshal(i)
	if err != nil {
		panic("encode info: " + err.Error()) // Only for points that are not numbers.
	}
	return body
}

// Text returns the info with its presets, for people and programs to read.
func (i Info) Text() []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // URLs have "&".
	enc.SetIndent("", "  ")
	if err := enc.Encode(i); err != nil {
		panic("encode info: " + err.Error()) // As in Encode.
	}
	return b.Bytes()
}

// ParseInfo is the inverse of [Info.Encode]. Unknown fields are ignored.
func ParseInfo(body []byte) (Info, error) {
	var i Info
	if err := json.Unmarshal(body, &i); err != nil {
		return Info{}, fmt.Errorf("parse info: %w", err)
	}
	if i.Version != infoVersion {
		return Info{}, fmt.Errorf("parse info: version %d: this program reads %d", i.Version, infoVersion)
	}
	i.Presets = nil
	return i, nil
}

// WithPresets returns the info with the size and the URL of each preset's plain variant.
func (i Info) WithPresets(table Presets, url func(Variant) string) Info {
	i.Version, i.Presets = infoVersion, map[string]InfoPreset{}
	for _, p := range table {
		shown := InfoPreset{URL: url(Variant{Preset: p.Name})}
		if i.Width > 0 && i.Height > 0 {
			box := p.Layout(i.Width, i.Height).Rendition
			shown.Width, shown.Height = box.Width, box.Height
		}
		i.Presets[p.Name] = shown
	}
	return i
}

// AttentionFor returns the point that a preset's renditions have in their middle, where the
// preset depends on what attracts attention. It is empty if that is not known, and for all
// other presets.
func (i Info) AttentionFor(p Preset) Focal {
	at, ok := i.Attention[i.partOf(p).String()]
	if !ok {
		return ""
	}
	return FocalAt(at.X, at.Y)
}

// Parts returns the parts of the picture that a table's smart crops show, each once.
func (i Info) Parts(table Presets) []Box {
	var parts []Box
	seen := map[Box]bool{{}: true}
	for _, p := range table {
		if part := i.partOf(p); !seen[part] {
			seen[part] = true
			parts = append(parts, part)
		}
	}
	return parts
}

// partOf returns the part of the picture that a preset's smart crop shows, or the zero Box.
func (i Info) partOf(p Preset) Box {
	if i.Width < 1 || i.Height < 1 || p.Gravity != GravitySmart && (p.Gravity != GravityFocal || i.Focal != nil) {
		return Box{}
	}
	return p.Layout(i.Width, i.Height).Part()
}

// infoRecipe is what the lineage of a stored [Info] has in place of a preset's boxes. It
// changes with what an info contains.
const infoRecipe = "info 1"

// InfoRecipe returns the recipe of a stored [Info].
func InfoRecipe(encoder string) Recipe { return Recipe{Boxes: infoRecipe, Encoder: encoder} }

// InfoStaleness returns why an object at the key of a source's info is not that of a version
// of the source, with its focal point.
func (l Lineage) InfoStaleness(sourceETag string, focal Focal) Staleness {
	switch {
	case l.SourceETag == "":
		return Missing
	case l.SourceETag != TrimETag(sourceETag):
		return Replaced
	case l.Recipe.Boxes != infoRecipe:
		return OtherBox
	case l.Focal != focal:
		return OtherFocal
	}
	return Current
}
