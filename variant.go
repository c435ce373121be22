package calotype

import (
	"fmt"
	"slices"
	"strings"
)

// Variant is a preset and a format in which a source is shown. The zero Format is the
// source's own.
type Variant struct {
	Preset string
	Format Format
}

// VariantOf returns the variant of a preset and a requested format, for a source of
// format own. Requesting the source's own format gives the plain variant.
func VariantOf(preset string, asked, own Format) Variant {
	if asked == own {
		asked = ""
	}
	return Variant{Preset: preset, Format: asked}
}

// VariantsOf applies [VariantOf] to the variants that an operator lists and removes
// duplicates. It keeps their order.
func VariantsOf(asked []Variant, own Format) []Variant {
	var variants []Variant
	for _, v := range asked {
		if v = VariantOf(v.Preset, v.Format, own); !slices.Contains(variants, v) {
			variants = append(variants, v)
		}
	}
	return variants
}

// String returns the variant as it is written in keys and jobs: "M" or "M.webp".
func (v Variant) String() string {
	if v.Format == "" {
		return v.Preset
	}
	return v.Preset + "." + string(v.Format)
}

// ParseVariant is the inverse of [Variant.String]. It checks the form and the format,
// not whether the preset exists.
func ParseVariant(s string) (Variant, error) {
	preset, format, dotted := strings.Cut(s, ".")
	if !isPresetName(preset) {
		return Variant{}, fmt.Errorf("variant %q: want PRESET or PRESET.FORMAT, such as M or M.webp", s)
	}
	if !dotted {
		return Variant{Preset: preset}, nil
	}
	f, ok := parseFormat(format)
	if !ok {
		return Variant{}, fmt.Errorf("variant %q: unknown format %q; use %s", s, format, FormatList("or"))
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
