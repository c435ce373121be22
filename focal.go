package calotype

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Focal is the point of a picture that crops keep in the middle where they can: "0.3,0.7"
// is 30 % of the width from the left, and 70 % of the height from the top, as the picture is
// shown. It is empty if a source names none. Values that [ParseFocal] returns are equal if
// the points are.
type Focal string

// metaFocal is the source's metadata, without "x-amz-meta-".
const metaFocal = "focal"

var errFocal = errors.New("want two numbers from 0 to 1, such as 0.3,0.7")

// ParseFocal parses a point, and rounds it to four digits.
func ParseFocal(s string) (Focal, error) {
	first, second, ok := strings.Cut(s, ",")
	if !ok {
		return "", fmt.Errorf("focal point %q: %w", s, errFocal)
	}
	var words [2]string
	for i, part := range []string{first, second} {
		v, err := strconv.ParseFloat(strings.Trim(part, " \t"), 64)
		if err != nil || !(v >= 0 && v <= 1) { // Not a number is neither.
			return "", fmt.Errorf("focal point %q: %w", s, errFocal)
		}
		words[i] = strconv.FormatFloat(math.Abs(math.Round(v*1e4)/1e4), 'f', -1, 64)
	}
	return Focal(words[0] + "," + words[1]), nil
}

// FocalAt returns the point with these coordinates, exactly.
func FocalAt(x, y float64) Focal {
	return Focal(strconv.FormatFloat(x, 'f', -1, 64) + "," + strconv.FormatFloat(y, 'f', -1, 64))
}

// FocalOf returns the focal point in a source's metadata. Without one it is empty, and with
// one that is not valid there is an error, too.
func FocalOf(metadata map[string]string) (Focal, error) {
	s, ok := metadata[metaFocal]
	if !ok {
		return "", nil
	}
	return ParseFocal(s)
}

// Point returns the coordinates. It reports false if there is no point.
func (f Focal) Point() (x, y float64, ok bool) {
	first, second, _ := strings.Cut(string(f), ",")
	x, errX := strconv.ParseFloat(first, 64)
	y, errY := strconv.ParseFloat(second, 64)
	return x, y, errX == nil && errY == nil
}
