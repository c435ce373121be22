package cases

// Class is a group of cases that test one thing.
type Class struct {
	Name string
	// Title names what is tested.
	Title string
	// Browsers describes what browsers do.
	Browsers string
}

// Classes lists all classes, in the order of the table in docs/fidelity.md.
var Classes = []Class{
	{"jpeg-turn", "JPEG, turned by EXIF", "turn by an orientation of type SHORT and count 1 in the first EXIF segment; ignore other types, XMP and the thumbnail's; halve a picture whose EXIF says 144 pixels an inch and the halved size"},
	{"png-turn", "PNG, turned by `eXIf`", "turn by a chunk that comes before the pixels"},
	{"webp-turn", "WebP with an orientation in EXIF", "do not turn"},
	{"avif-turn", "AVIF, turned by `irot` and `imir`", "turn by the boxes; ignore EXIF"},
	{"avif-clap", "AVIF, cropped by `clap`", "Chromium shows the whole picture, Firefox none"},
	{"heic-turn", "HEIC, turned by `irot` and `imir`", "show no HEIC: the specification counts"},
	{"tiff-turn", "TIFF, turned by its orientation", "show no TIFF: the specification counts"},
	{"jpeg-kinds", "JPEG: sampling, progressive, restarts, RGB", "show it"},
	{"jpeg-arithmetic", "JPEG, arithmetic coding", "Chromium shows it where its libjpeg reads it, Firefox does not"},
	{"jpeg-cmyk", "JPEG of CMYK and YCCK without a profile", "take red as (255 - C)(255 - K) / 255"},
	{"jpeg-colour", "JPEG with an ICC profile", "convert, if all of its parts are there"},
	{"png-kinds", "PNG: channels, depth, interlacing", "show it"},
	{"png-colour", "PNG: iCCP, cICP, gAMA, cHRM, sRGB", "go by cICP, then iCCP, then sRGB, then gAMA with cHRM"},
	{"webp-kinds", "WebP: lossy, lossless, grey", "show it"},
	{"webp-colour", "WebP with an ICC profile", "convert if the header's flag says so"},
	{"avif-kinds", "AVIF: sampling, depth, range, grids", "show it"},
	{"avif-colour", "AVIF: nclx and ICC profiles", "convert by the profile, else by the numbers"},
	{"heic-kinds", "HEIC: colour, alpha, `clap`", "show no HEIC: the specification counts"},
	{"heic-phone", "HEIC in the shapes of iPhones: grid, gain map, tone map", "show no HEIC: the base picture counts"},
	{"hdr", "PQ and HLG in PNG, AVIF and JPEG XL", "tone-map, each in its own way"},
	{"profile-space", "A profile of another colour space than the picture's", "ignore a profile that does not fit"},
	{"png-alpha", "PNG: tRNS, soft alpha", "show it"},
	{"webp-alpha", "WebP: ALPH, lossless alpha, the flag missing", "show it"},
	{"avif-alpha", "AVIF: soft, of limited range, premultiplied", "show it"},
	{"bmp-alpha", "BMP: alpha masks", "use the mask of a header that has one, as it is"},
	{"gif-kinds", "GIF: palettes, interlacing, transparency", "show it"},
	{"gif-timing", "GIF: delays and loops", "play 0 and 10 ms as 100 ms"},
	{"gif-canvas", "GIF: disposal, frames that do not cover the canvas", "leave the canvas transparent where no frame is"},
	{"webp-motion", "WebP: delays, loops, disposal, blending", "play 0 to 10 ms as 100 ms"},
	{"apng", "APNG: delays, loops, disposal, blending, hidden first picture", "play it"},
	{"avif-motion", "AVIF sequences", "play the track"},
	{"bmp-kinds", "BMP: depths, run lengths, masks, headers", "show it"},
	{"bmp-colour", "BMP with an ICC profile", "convert"},
	{"tiff-kinds", "TIFF: depths, BigTIFF, extra samples, YCbCr, float", "show no TIFF: the specification counts"},
	{"ico", "ICO with another picture's extension", "show the largest of its pictures"},
	{"jxl", "JPEG XL", "Chromium shows it, Firefox does not"},
	{"jxl-turn", "JPEG XL, turned by its header", "Chromium turns it, Firefox does not show it"},
	{"jxl-colour", "JPEG XL: colour, depth, premultiplied alpha", "Chromium converts it, Firefox does not show it"},
	{"jxl-motion", "JPEG XL, animated", "Chromium plays it, Firefox does not show it"},
	{"names", "Names of other formats", "go by the bytes"},
	{"jpeg-warning", "JPEG that decoders warn of: stray bytes, scan header, JFIF 2.01", "show it"},
	{"png-warning", "PNG that decoders warn of: checksums of text, chunks", "show it"},
	{"gif-warning", "GIF with what is not needed", "show it"},
	{"webp-warning", "WebP with what is not needed", "show it"},
	{"jpeg-damage", "JPEG, cut or wrong", "show what can be decoded"},
	{"png-damage", "PNG, cut or wrong", "show what can be decoded, and transparent pixels for the rest"},
	{"webp-damage", "WebP, cut or wrong", "show what can be decoded"},
	{"avif-damage", "AVIF, cut or wrong", "show it if the decoder does"},
	{"bmp-damage", "BMP, cut or wrong", "show what can be decoded"},
	{"animation-damage", "Animations, cut or wrong", "play what can be decoded"},
	{"heic-damage", "HEIC, cut", "show no HEIC"},
	{"tiff-damage", "TIFF, cut", "show no TIFF"},
}
