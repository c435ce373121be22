// Package viewer writes the CloudFront Function that every viewer's request meets
// first: it drops what the presets' table does not know from the query, so that a
// made-up value does not cause a miss of its own. It decides nothing: whatever it leaves has the
// same meaning to package edge as what came.
package viewer

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"calotype"
)

// maxCode is the largest function that CloudFront takes, in bytes.
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
		return "", fmt.Errorf("the viewer-request function for %d presets has %d bytes, and CloudFront takes %d: have fewer presets, or shorter names", len(presets), len(code), maxCode)
	}
	return code, nil
}
