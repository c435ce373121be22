// Package viewer writes the viewer function, the CloudFront Function that runs first for every viewer's request.
// It drops query values that the table of presets does not contain, so that a made-up value
// does not cause a cache miss. [Code] is the function before the edge function, and
// does not change the decision: package edge decides the same for the query before and
// after. [RewriteCode] decides by itself where the request is plain, from tables that
// package edge has filled, and points CloudFront at the rendition in the bucket.
package viewer

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"calotype"
	"calotype/edge"
)

// maxCode is the maximum size of a function at CloudFront, in bytes.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/cloudfront-limits.html#limits-functions
const maxCode = 10 << 10

//go:embed viewer.js
var source string

//go:embed edgefunction.js
var edgeFunction string

// Options are what is switched on at the edge.
type Options struct {
	// Auto are the formats of format=auto. The function reduces the viewer's Accept header
	// to the first one that it names.
	Auto edge.AutoFormats
	// Widths makes w and dpr count. The function turns them into size.
	Widths bool
}

// Code returns the viewer function that runs before the edge function. For format=auto it
// adds the parameter auto with the first format that the viewer accepts; a viewer's own
// value never reaches the cache.
func Code(presets calotype.Presets, options Options) (string, error) {
	return fill(source+edgeFunction, presets, options, nil)
}

// fill writes the tables into a function.
func fill(code string, presets calotype.Presets, options Options, more map[string]any) (string, error) {
	var sizes []string
	for _, p := range presets {
		sizes = append(sizes, p.Name)
	}
	widths := [][2]any{}
	if options.Widths {
		for _, p := range presets.Widths() {
			widths = append(widths, [2]any{p.Name, p.Wide.Width})
		}
	}
	tables := map[string]any{"SIZES": sizes, "FORMATS": calotype.RequestFormats(), "AUTO": append(edge.AutoFormats{}, options.Auto...), "WIDTHS": widths}
	for _, tables := range []map[string]any{tables, more} {
		for place, list := range tables {
			text, err := json.Marshal(list)
			if err != nil {
				return "", fmt.Errorf("write the function: %w", err)
			}
			code = strings.Replace(code, `["`+place+`"]`, string(text), 1)
		}
	}
	if len(code) > maxCode {
		return "", fmt.Errorf("the viewer function for %d presets has %d bytes, and CloudFront allows %d: use fewer presets, or shorter names", len(presets), len(code), maxCode)
	}
	return code, nil
}
