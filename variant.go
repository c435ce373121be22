package calotype

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Variant is a preset and a format in which a source is shown. The zero Format is the
// preset's, or the source's own.
type Variant struct {
	Preset string
	Format Format
}

// VariantOf returns the variant of a preset and a requested format, where [Presets.OwnFormat]
// is own. Requesting that format gives the plain variant.
func VariantOf(preset string, asked, own Format) Variant {
	if asked == own {
		asked = ""
	}
	return Variant{Preset: preset, Format: asked}
}

// OwnFormat returns the format of a preset's plain variant: the preset's, or the source's
// own.
func (p Presets) OwnFormat(preset string, own Format) Format {
	known, _ := p.Lookup(preset)
	return cmp.Or(known.Format, own)
}

// Variants applies [VariantOf] to the variants that an operator lists, for a source of
// format own, and removes duplicates. It keeps their order.
func (p Presets) Variants(asked []Variant, own Format) []Variant {
	var variants []Variant
	for _, v := range asked {
		if v = VariantOf(v.Preset, v.Format, p.OwnFormat(v.Preset, own)); !slices.Contains(variants, v) {
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
