package worker

import (
	"fmt"
	"slices"

	"calotype"
)

// Siblings says which other variants a job makes in addition: once the source is decoded
// they cost little.
type Siblings string

// The kinds of siblings.
const (
	// SiblingsNone makes only the requested variants.
	SiblingsNone Siblings = "none"
	// SiblingsFormat makes the same format in every other preset.
	SiblingsFormat Siblings = "format"
	// SiblingsAll makes every preset in the source's own format, in WebP, and in the
	// requested format.
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

// of returns the variants to make for a job: the requested ones, then their siblings.
func (s Siblings) of(job calotype.Job, presets calotype.Presets) []calotype.Variant {
	variants := slices.Clone(job.Variants)
	if job.Exact || job.Reconcile || len(job.Variants) == 0 || s == SiblingsNone {
		return variants
	}
	own, _ := calotype.FormatOfKey(job.Source)
	var formats []calotype.Format
	for _, v := range job.Variants {
		formats = append(formats, v.Format)
	}
	if s == SiblingsAll {
		formats = append(formats, "", calotype.VariantOf("", calotype.WebP, own).Format)
	}
	for _, format := range formats {
		for _, p := range presets {
			if v := calotype.VariantOf(p.Name, format, presets.OwnFormat(p.Name, own)); !slices.Contains(variants, v) {
				variants = append(variants, v)
			}
		}
	}
	return variants
}
