package imageheader

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
)

// The markers of JPEG. ISO 10918-1, table B.1.
const (
	markerSOF0, markerSOF15             = 0xc0, 0xcf // Also the next three, with gaps.
	markerDHT, markerJPG, markerDAC     = 0xc4, 0xc8, 0xcc
	markerRST0                          = 0xd0
	markerSOI, markerEOI, markerSOS     = 0xd8, 0xd9, 0xda
	markerDQT, markerDRI                = 0xdb, 0xdd
	markerAPP0, markerAPP1, markerAPP2  = 0xe0, 0xe1, 0xe2
	markerAPP14, markerCOM, markerTEM   = 0xee, 0xfe, 0x01
	jfifID, exifID, iccID, adobeID      = "JFIF\x00", "Exif\x00\x00", "ICC_PROFILE\x00", "Adobe"
	sofProgressive, sofLossless, sofDCT = 2, 3, 1
)

// JPEG holds the fields that only a JPEG has.
type JPEG struct {
	// SOF is the frame header's marker: 0xc0 baseline, 0xc2 progressive, and so on.
	SOF byte
	// Progressive, Arithmetic and Lossless describe how the samples are coded.
	Progressive, Arithmetic, Lossless bool
	Components                        []JPEGComponent
	// Model is what the components mean, as libjpeg decides.
	Model JPEGModel
	// JFIF means that there is a JFIF segment. Adobe is the colour transform of an Adobe
	// segment, or -1.
	JFIF  bool
	Adobe int
	// Scans counts the scans. ScanBlocks counts the 8x8 blocks in all scans, which
	// determine the cost of decoding, however few bytes they have.
	Scans      int
	ScanBlocks int64
	// Interleaved means that the first scan has all components, so that rows can be decoded
	// one by one unless the picture is progressive.
	Interleaved bool
	// RestartInterval is in MCUs, or 0.
	RestartInterval int
	// EOI means that the last scan's data ends in an end marker.
	EOI bool
	// StrayBytes counts bytes between segments that belong to none. Decoders warn about
	// them.
	StrayBytes int
	// Trailing counts the bytes after the end marker.
	Trailing int
}

// JPEGComponent is one channel of a frame header. ISO 10918-1, B.2.2.
type JPEGComponent struct {
	ID   byte
	H, V int // Sampling factors.
}

// JPEGModel is what the components of a JPEG mean.
type JPEGModel string

// The colour models of JPEG.
const (
	JPEGGrey    JPEGModel = "grey"
	JPEGYCbCr   JPEGModel = "ycbcr"
	JPEGRGB     JPEGModel = "rgb"
	JPEGCMYK    JPEGModel = "cmyk"
	JPEGYCCK    JPEGModel = "ycck"
	JPEGUnknown JPEGModel = "unknown"
)

// JPEGSegment is a marker segment of a JPEG.
type JPEGSegment struct {
	Marker byte
	// Start and End delimit the segment in the file, starting at its marker's 0xff. For a
	// scan, End follows the entropy-coded data.
	Start, End int
	// Body is the content without marker and length.
	Body []byte
	// Data is the entropy-coded data of a scan, with stuffed zeros and restart markers.
	Data []byte
	// Stray counts the bytes before it that belong to no segment.
	Stray int
}

// JPEGSegments yields the segments of a JPEG up to its end marker, or to where the file is
// cut. Like libjpeg, it skips stray bytes before a marker. ISO 10918-1, B.1.1.
func JPEGSegments(file []byte) iter.Seq[JPEGSegment] {
	return func(yield func(JPEGSegment) bool) {
		for at := 0; ; {
			marker, start, next := nextMarker(file, at)
			if next < 0 {
				return
			}
			s := JPEGSegment{Marker: marker, Start: start, End: next, Stray: start - at}
			if !standalone(marker) {
				if next+2 > len(file) {
					return
				}
				size := int(binary.BigEndian.Uint16(file[next:]))
				if s.End = next + size; size < 2 || s.End > len(file) {
					return
				}
				s.Body = file[next+2 : s.End]
			}
			if marker == markerSOS {
				end := endOfScan(file, s.End)
				s.Data, s.End = file[s.End:end], end
			}
			if !yield(s) || marker == markerEOI {
				return
			}
			at = s.End
		}
	}
}

// nextMarker finds the next marker. It returns the position of its 0xff and the position
// after its code; next is negative if there is none.
func nextMarker(file []byte, at int) (marker byte, start, next int) {
	for {
		ff := bytes.IndexByte(file[at:], 0xff)
		if ff < 0 {
			return 0, 0, -1
		}
		for start, at = at+ff, at+ff+1; at < len(file) && file[at] == 0xff; at++ {
			start = at // Fill bytes belong to no segment.
		}
		if at == len(file) {
			return 0, 0, -1
		}
		if at++; file[at-1] != 0 {
			return file[at-1], start, at
		}
	}
}

// standalone reports whether a marker has no length and no body.
func standalone(marker byte) bool {
	return marker >= markerRST0 && marker <= markerEOI || marker == markerTEM
}

// endOfScan returns the end of entropy-coded data that begins at a position: 0xff is
// stuffed with 0, or starts a restart marker.
func endOfScan(file []byte, at int) int {
	for {
		ff := bytes.IndexByte(file[at:], 0xff)
		if ff < 0 || at+ff+1 == len(file) {
			return len(file)
		}
		at += ff
		switch next := file[at+1]; {
		case next == 0, next&0xf8 == markerRST0:
			at += 2
		case next == 0xff:
			at++
		default:
			return at
		}
	}
}

func isSOF(marker byte) bool {
	return marker >= markerSOF0 && marker <= markerSOF15 && marker != markerDHT && marker != markerJPG && marker != markerDAC
}

func parseJPEG(h *Header, file []byte) error {
	j := &JPEG{Adobe: -1}
	h.JPEG = j
	var exifBlock []byte
	var profile iccParts
	h.NoMetadata = true
	end := 0
	for s := range JPEGSegments(file) {
		end = s.End
		j.StrayBytes += s.Stray
		h.NoMetadata = h.NoMetadata && s.Stray == 0 && s.Needed()
		switch marker := s.Marker; {
		case isSOF(marker) && j.SOF == 0:
			if err := j.readFrame(h, s); err != nil {
				return err
			}
		case marker == markerSOS:
			j.addScan(h, s)
		case marker == markerDRI && len(s.Body) >= 2:
			j.RestartInterval = int(binary.BigEndian.Uint16(s.Body))
		case marker == markerAPP0 && bytes.HasPrefix(s.Body, []byte(jfifID)):
			j.JFIF = true
		case marker == markerAPP1 && exifBlock == nil && bytes.HasPrefix(s.Body, []byte(exifID)):
			exifBlock = s.Body[len(exifID):]
		case marker == markerAPP2 && bytes.HasPrefix(s.Body, []byte(iccID)):
			profile.add(s.Body[len(iccID):])
		case marker == markerAPP14 && len(s.Body) >= 12 && bytes.HasPrefix(s.Body, []byte(adobeID)):
			j.Adobe = int(s.Body[11])
		case marker == markerEOI:
			j.EOI = true
		}
	}
	if j.SOF == 0 {
		return errors.New("no frame header")
	}
	j.Trailing = len(file) - end
	switch {
	case j.Scans == 0:
		h.damaged("no scan")
	case !j.EOI:
		h.damaged("no end marker")
	}
	h.NoMetadata = h.NoMetadata && j.EOI && j.Scans > 0 && j.Trailing == 0
	j.Model = j.model()
	e := readEXIF(exifBlock)
	h.Orientation = max(1, e.orientation)
	if size, ok := e.natural(h.Width, h.Height); ok {
		h.Natural = size.turned(h.Orientation)
	}
	if h.Colour.ICC = profile.join(); h.Colour.ICC != nil {
		h.Colour.Source = ColourICC
	}
	return nil
}

func (s Size) turned(orientation int) Size {
	if orientation >= 5 {
		return Size{s.Height, s.Width}
	}
	return s
}

// Needed reports whether a segment is needed to show the picture, and holds nothing else.
func (s JPEGSegment) Needed() bool {
	const jfifSize, adobeSize = 14, 12 // The size of a JFIF segment without a thumbnail.
	switch marker := s.Marker; {
	case isSOF(marker), marker == markerDHT, marker == markerDAC, marker == markerDQT, marker == markerDRI:
	case marker == markerSOI, marker == markerSOS, marker == markerEOI:
	case marker == markerAPP0:
		return len(s.Body) == jfifSize && bytes.HasPrefix(s.Body, []byte(jfifID))
	case marker == markerAPP14:
		return len(s.Body) == adobeSize && bytes.HasPrefix(s.Body, []byte(adobeID))
	default:
		return false
	}
	return true
}

// readFrame reads a frame header. ISO 10918-1, B.2.2.
func (j *JPEG) readFrame(h *Header, s JPEGSegment) error {
	if len(s.Body) < 6 {
		return errors.New("a frame header cut short")
	}
	j.SOF = s.Marker
	j.Arithmetic, j.Lossless = s.Marker >= 0xc9, s.Marker&3 == sofLossless
	j.Progressive = s.Marker&3 == sofProgressive
	h.Depth = int(s.Body[0])
	h.Height, h.Width = int(binary.BigEndian.Uint16(s.Body[1:])), int(binary.BigEndian.Uint16(s.Body[3:]))
	h.Channels = int(s.Body[5])
	if len(s.Body) < 6+3*h.Channels {
		return errors.New("a frame header cut short")
	}
	for i := range h.Channels {
		c := s.Body[6+3*i:]
		j.Components = append(j.Components, JPEGComponent{ID: c[0], H: int(c[1] >> 4), V: int(c[1] & 15)})
		if c[1]>>4 == 0 || c[1]&15 == 0 {
			return errors.New("a component without samples")
		}
	}
	h.Chroma = j.chroma()
	return nil
}

// addScan counts a scan. ISO 10918-1, B.2.3 and A.2.
func (j *JPEG) addScan(h *Header, s JPEGSegment) {
	if len(s.Body) < 1 || len(j.Components) == 0 {
		return
	}
	n := int(s.Body[0])
	j.Scans++
	if j.Scans == 1 {
		j.Interleaved = n == len(j.Components)
	}
	for i := range n {
		if 1+2*i >= len(s.Body) {
			return
		}
		for c := range j.Components {
			if j.Components[c].ID == s.Body[1+2*i] {
				j.ScanBlocks += j.blocks(h, c)
				break
			}
		}
	}
}

// blocks returns how many blocks of 8x8 samples a component has.
func (j *JPEG) blocks(h *Header, component int) int64 {
	width, height := j.Samples(h, component)
	return (width + 7) / 8 * ((height + 7) / 8)
}

// Samples returns the size of a component in samples.
func (j *JPEG) Samples(h *Header, component int) (width, height int64) {
	var maxH, maxV int
	for _, c := range j.Components {
		maxH, maxV = max(maxH, c.H), max(maxV, c.V)
	}
	up := func(size, factor, maxFactor int) int64 {
		return (int64(size)*int64(factor) + int64(maxFactor) - 1) / int64(max(maxFactor, 1))
	}
	c := j.Components[component]
	return up(h.Width, c.H, maxH), up(h.Height, c.V, maxV)
}

// chroma names the subsampling of three or four components, of which the first is not
// subsampled.
func (j *JPEG) chroma() Chroma {
	c := j.Components
	switch {
	case len(c) == 1:
		return Chroma400
	case len(c) < 3:
		return ""
	case c[1] != (JPEGComponent{c[1].ID, c[2].H, c[2].V}) || c[0].H%c[1].H != 0 || c[0].V%c[1].V != 0:
		return ChromaOther
	}
	return chromaBy(c[0].H/c[1].H, c[0].V/c[1].V)
}

// model decides what the components mean, as libjpeg does: jdapimin.c,
// default_decompress_parms.
func (j *JPEG) model() JPEGModel {
	switch len(j.Components) {
	case 1:
		return JPEGGrey
	case 3:
		ids := [3]byte{j.Components[0].ID, j.Components[1].ID, j.Components[2].ID}
		if !j.JFIF && (j.Adobe == 0 || j.Adobe < 0 && ids == [3]byte{'R', 'G', 'B'}) {
			return JPEGRGB
		}
		return JPEGYCbCr
	case 4:
		if j.Adobe <= 0 {
			return JPEGCMYK
		}
		return JPEGYCCK
	}
	return JPEGUnknown
}
