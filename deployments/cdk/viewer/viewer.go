// Package viewer writes the CloudFront Function that runs first for every viewer's request.
// It drops query values that the table of presets does not contain, so that a made-up value
// does not cause a cache miss. It does not change the decision: package edge decides the
// same for the query before and after.
package viewer

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"calotype"
)

// maxCode is the maximum size of a function at CloudFront, in bytes.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-functions
const maxCode = 10 << 10

//go:embed viewer.js
var source string

// Code returns the function for a table of presets.
func Code(presets calotype.Presets) (string, error) {
	var sizes []string
	for _, p := range presets {
		sizes = append(sizes, p.Name)
	}
	list, err := json.Marshal(sizes)
	if err != nil {
		return "", fmt.Errorf("write sizes: %w", err)
	}
	code := strings.Replace(source, `["SIZES"]`, string(list), 1)
	if len(code) > maxCode {
		return "", fmt.Errorf("the viewer-request function for %d presets has %d bytes, and CloudFront allows %d: use fewer presets, or shorter names", len(presets), len(code), maxCode)
	}
	return code, nil
}
