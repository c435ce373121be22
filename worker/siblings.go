package worker

import (
	"fmt"
	"slices"

	"calotype"
)

// Siblings are the variants that a job makes beside those it was asked for, since
// the decode is paid already.
type Siblings string

// The kinds of siblings.
const (
	// SiblingsNone makes only what was asked for.
	SiblingsNone Siblings = "none"
	// SiblingsFormat makes the same format in every other preset.
	SiblingsFormat Siblings = "format"
	// SiblingsAll makes every preset in the source's own format, in WebP, and in
	// the format that was asked for.
	SiblingsAll Siblings = "all"
)

// UnmarshalText reads an operator's choice.
func (s *Siblings) UnmarshalText(text []byte) error {
	switch v := Siblings(text); v {
	case SiblingsNone, SiblingsFormat, SiblingsAll:
		*s = v
		return nil
	}
	return fmt.Errorf("%q is not none, format or all", text)
}

// of returns what to make for a job: what was asked for, first, and then its siblings.
func (s Siblings) of(job calotype.Job, presets calotype.Presets) []calotype.Variant {
	variants := slices.Clone(job.Variants)
	if job.Exact || job.Reconcile || s == SiblingsNone {
		return variants
	}
	var formats []calotype.Format
	for _, v := range job.Variants {
		formats = append(formats, v.Format)
	}
	if s == SiblingsAll {
		own, _ := calotype.FormatOfKey(job.Source)
		formats = append(formats, "", calotype.VariantOf("", calotype.WebP, own).Format)
	}
	for _, format := range formats {
		for _, p := range presets {
			if v := (calotype.Variant{Preset: p.Name, Format: format}); !slices.Contains(variants, v) {
				variants = append(variants, v)
			}
		}
	}
	return variants
}
