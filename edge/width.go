package edge

import (
	"strconv"
	"strings"

	"calotype"
)

// widthPreset returns the preset for the parameters w, a width in CSS pixels, and dpr, how
// many of the screen's pixels that is: the narrowest one that is wide enough, or else the
// widest. So the table stays the list of what can be requested. It is "" without a valid w
// or without presets that limit the width only.
func (r Rules) widthPreset(query string) string {
	width := parseDecimal(parameter(query, "w"), 5, 0)
	if width < 1 {
		return ""
	}
	if dpr := parseDecimal(parameter(query, "dpr"), 2, 3); dpr > 0 {
		width = (width*dpr + 999) / 1000
	}
	var widest calotype.Preset
	for _, widest = range r.Presets.Widths() {
		if widest.Wide.Width >= width {
			break
		}
	}
	return widest.Name
}

// parseDecimal parses a number with at most `whole` digits before the point and `after`
// digits behind it. It returns the number times 10^after, or -1 if it is invalid.
func parseDecimal(s string, whole, after int) int {
	before, fraction, dotted := strings.Cut(s, ".")
	if len(before) < 1 || len(before) > whole || len(fraction) > after || dotted && fraction == "" {
		return -1
	}
	digits := before + fraction + strings.Repeat("0", after-len(fraction))
	if strings.Trim(digits, "0123456789") != "" {
		return -1
	}
	n, err := strconv.Atoi(digits)
	if err != nil {
		return -1
	}
	return n
}
