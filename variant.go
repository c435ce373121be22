package calotype

import (
	"fmt"
	"slices"
	"strings"
)

// Variant is one way to show a source: a preset's box and a format. The zero
// Format is the source's own.
type Variant struct {
	Preset string
	Format Format
}

// VariantOf returns the variant for a preset and an asked-for format of a source
// whose own format is own. Asking for what it is anyway is the plain variant.
func VariantOf(preset string, asked, own Format) Variant {
	if asked == own {
		asked = ""
	}
	return Variant{Preset: preset, Format: asked}
}

// VariantsOf is [VariantOf] for the variants that an operator lists, of which several may
// come to the same for a source: each once, in their order.
func VariantsOf(asked []Variant, own Format) []Variant {
	var variants []Variant
	for _, v := range asked {
		if v = VariantOf(v.Preset, v.Format, own); !slices.Contains(variants, v) {
			variants = append(variants, v)
		}
	}
	return variants
}

// String writes the variant as it stands in keys and jobs: "M" or "M.webp".
func (v Variant) String() string {
	if v.Format == "" {
		return v.Preset
	}
	return v.Preset + "." + string(v.Format)
}

// ParseVariant is the inverse of [Variant.String]. It knows the form and the
// formats, not which presets there are.
func ParseVariant(s string) (Variant, error) {
	preset, format, dotted := strings.Cut(s, ".")
	if !isPresetName(preset) {
		return Variant{}, fmt.Errorf("variant %q: want PRESET or PRESET.FORMAT, such as M or M.webp", s)
	}
	if !dotted {
		return Variant{Preset: preset}, nil
	}
	f, ok := ParseFormat(format)
	if !ok {
		return Variant{}, fmt.Errorf("variant %q: unknown format %q; use webp, avif, jpeg or png", s, format)
	}
	return Variant{Preset: preset, Format: f}, nil
}

// MarshalText is [Variant.String].
func (v Variant) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText is [ParseVariant].
func (v *Variant) UnmarshalText(text []byte) (err error) {
	*v, err = ParseVariant(string(text))
	return err
}
