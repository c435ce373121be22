package imageheader

// Colour is what a file declares about its colours. More than one field may be set; Source
// names the one that counts.
type Colour struct {
	// Source is what counts according to the format's specification.
	Source ColourSource
	// CICP is set if the file has code points: PNG cICP, HEIF and AVIF colr nclx, or the
	// sequence header of AV1 or HEVC.
	CICP *CICP
	// ICC is the profile in one piece; nil if there is none or it cannot be read. Its
	// colour space may differ from the picture's: see [Profile].
	ICC []byte
	// SRGB means that the file declares itself sRGB (PNG sRGB, BMP LCS_sRGB).
	SRGB bool
	// Gamma is the exponent of the encoding, such as 0.45455 (PNG gAMA), or zero.
	Gamma float64
	// Primaries are the file's own (PNG cHRM), or nil.
	Primaries *Primaries
}

// ColourSource names the part of a file that defines its colours.
type ColourSource string

// The sources of colour. A file without any is assumed to be sRGB.
const (
	ColourUnstated  ColourSource = ""
	ColourCICP      ColourSource = "cicp"
	ColourICC       ColourSource = "icc"
	ColourSRGB      ColourSource = "srgb"
	ColourGammaChrm ColourSource = "gamma" // Gamma, perhaps with Primaries.
)

// CICP are code points for colour. ITU-T H.273, tables 2 to 4.
type CICP struct {
	Primaries, Transfer, Matrix uint16
	FullRange                   bool
}

// The code points that are used here. ITU-T H.273.
const (
	PrimariesBT709  = 1
	PrimariesBT2020 = 9
	PrimariesP3     = 12
	Unspecified     = 2
	TransferBT709   = 1
	TransferLinear  = 8
	TransferSRGB    = 13
	TransferPQ      = 16
	TransferHLG     = 18
	MatrixIdentity  = 0
	MatrixBT601     = 6
)

// HDR reports whether the transfer function is PQ or HLG.
func (c *CICP) HDR() bool { return c != nil && (c.Transfer == TransferPQ || c.Transfer == TransferHLG) }

// Primaries are chromaticities, in x and y of CIE 1931.
type Primaries struct {
	White, Red, Green, Blue [2]float64
}
