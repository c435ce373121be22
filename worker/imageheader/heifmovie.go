package imageheader

import (
	"slices"
	"time"
)

// heifTrack is a track of a sequence of pictures. ISO 14496-12, 8.3 to 8.6.
type heifTrack struct {
	handler   string
	size      Size
	timescale uint32
	durations []byte // From stts: counts and durations.
	samples   uint32
	edited    bool   // There is an edit list.
	loops     bool   // The edit list repeats.
	length    uint64 // The duration of the track, in the movie's time scale.
	edit      uint64 // The duration of the repeated part.
	auxiliary bool
	config    heifProperties
	coding    string
}

// readMovie reads the tracks of a sequence. As in Chromium and Firefox, it counts only if
// the major brand declares it: other files with tracks are stills that contain a sequence
// too.
func (r *heifReader) readMovie(movie Box) {
	if r.Brand != "avis" && r.Brand != "hevc" && r.Brand != "hevx" || r.Sequence {
		return
	}
	var tracks []heifTrack
	for b := range movie.children(0) {
		if b.Type == "trak" && len(tracks) < maxTracks {
			t := heifTrack{}
			t.read(b, 0)
			tracks = append(tracks, t)
		}
	}
	i := slices.IndexFunc(tracks, func(t heifTrack) bool { return t.handler == "pict" && !t.auxiliary && t.samples > 0 })
	if i < 0 {
		return
	}
	t := tracks[i]
	r.Sequence = true
	r.Coding = t.coding
	r.h.Width, r.h.Height = t.size.Width, t.size.Height
	r.h.Depth, r.h.Chroma, r.h.Channels = max(8, t.config.depth), t.config.chroma, 3
	r.h.Alpha = slices.ContainsFunc(tracks, func(t heifTrack) bool { return t.handler == "auxv" || t.auxiliary })
	r.h.Animation = t.animation(len(r.file))
	r.h.Frames = int(min(t.samples, 1<<30))
	r.readColour(t.config)
}

const maxTracks = 16

// read reads the boxes of a track, recursively.
func (t *heifTrack) read(parent Box, depth int) {
	const maxDepth = 4
	for b := range parent.children(0) {
		version, flags, rest := b.full()
		wide := 4
		if version == 1 {
			wide = 8
		}
		switch b.Type {
		case "mdia", "minf", "stbl", "edts":
			if depth < maxDepth {
				t.read(b, depth+1)
			}
		case "tkhd":
			rest.take(2*wide + 4 + 4)
			t.length = rest.number(wide)
			rest.take(8 + 2*4 + 36)
			t.size = Size{int(rest.u32() >> 16), int(rest.u32() >> 16)}
		case "mdhd":
			rest.take(2 * wide)
			t.timescale = rest.u32()
		case "hdlr":
			rest.take(4)
			t.handler = string(rest.take(4))
		case "elst":
			t.edited, t.loops = true, flags&1 != 0
			rest.take(4)
			t.edit = rest.number(wide)
		case "stts":
			rest.take(4)
			t.durations = rest.b
		case "stsz":
			rest.take(4)
			t.samples = rest.u32()
		case "stsd":
			t.readSample(b)
		}
	}
}

// readSample reads the first description of a track's samples. ISO 14496-12, 12.1.3.
func (t *heifTrack) readSample(description Box) {
	const visualEntry = 78
	for b := range description.children(8) {
		t.coding = b.Type
		for p := range b.children(visualEntry) {
			if p.Type == "auxi" {
				t.auxiliary = true
			}
			t.config.read(p)
		}
		return
	}
}

// plays returns how often Chromium plays the track; zero is forever, as without an edit
// list. A list that repeats its edit fills the track's length with it. ISO 14496-12, 8.6.6.
func (t *heifTrack) plays() int {
	const unknown32 = 1<<32 - 1
	switch {
	case !t.edited:
		return 0
	case !t.loops:
		return 1
	case t.edit == 0 || t.length == 0 || t.length >= unknown32:
		return 0
	case t.edit >= t.length:
		return 1
	}
	return int((t.length + t.edit - 1) / t.edit)
}

// animation lists the frames, if there can be as many: a sample takes some bytes of the
// file.
func (t *heifTrack) animation(fileSize int) *Animation {
	const leastSample = 16
	a := &Animation{Plays: t.plays()}
	count := int(min(int64(t.samples), int64(fileSize/leastSample)))
	b := bytesReader{b: t.durations}
	for len(a.Frames) < count && len(b.b) > 0 {
		n, ticks := b.u32(), b.u32()
		for range min(int64(n), int64(count-len(a.Frames))) {
			f := Frame{Width: int32(t.size.Width), Height: int32(t.size.Height), Replace: true}
			if t.timescale > 0 {
				f.Delay = time.Duration(uint64(ticks) * uint64(time.Second) / uint64(t.timescale))
			}
			a.Frames = append(a.Frames, f)
		}
	}
	return a
}
