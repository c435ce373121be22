package worker

import (
	"slices"
	"time"

	"calotype"
	"calotype/worker/store"
)

// focalOf returns the focal point in a source's metadata. One that is not valid is ignored.
func focalOf(source store.Object) calotype.Focal {
	focal, _ := calotype.FocalOf(source.Metadata)
	return focal
}

func (p *publication) focal() calotype.Focal { return focalOf(p.source) }

// focalFor returns the focal point for a preset's renditions: none if they do not depend on
// it.
func (p *publication) focalFor(preset calotype.Preset) calotype.Focal {
	if preset.Gravity != calotype.GravityFocal {
		return ""
	}
	return p.focal()
}

// usesFocal reports whether any target, or the info, depends on the focal point.
func (p *publication) usesFocal() bool {
	return p.info.key != "" || slices.ContainsFunc(p.targets, func(t target) bool { return t.preset.Gravity == calotype.GravityFocal })
}

// logFocal logs that the source's focal point is ignored, once an hour for a version.
func (p *publication) logFocal() {
	_, err := calotype.FocalOf(p.source.Metadata)
	if err == nil || !p.usesFocal() {
		return
	}
	if !p.worker.badFocal.add(failedKey(p.job.Source, p.source.ETag), time.Now().Add(rememberFor)) {
		return
	}
	p.worker.log.Warn().Err(err).Str("source", p.job.Source).Msg("focal point ignored")
}
