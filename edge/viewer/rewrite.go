package viewer

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"

	"calotype"
	"calotype/edge"
)

//go:embed rewrite.js
var rewrite string

// The ids of the distribution's origins that the function of [RewriteCode] names. The
// default origin, which serves what the function does not decide, has any other id.
const (
	// BucketOrigin is the bucket, with the renditions' prefix as its path.
	BucketOrigin = "bucket"
	// RewrittenOrigin is calotype edge with the same path and the secret header of package
	// origin. Only this function sends requests to it.
	RewrittenOrigin = "rewritten"
)

// The cache key of a distribution with [RewriteCode]: the query parameters, and the headers
// if there is format=auto.
var (
	RewriteParameters = []string{"size", "to_webp", "format", "undecided"}
	RewriteHeaders    = []string{"Accept"}
)

// RewriteCode returns the viewer function that needs no edge function. It rewrites a plain request for a
// rendition to /VARIANT/SOURCE, at an origin group of [BucketOrigin] and
// [RewrittenOrigin]. Whatever it does not read with certainty goes to the default
// origin, with the path unchanged.
func RewriteCode(presets calotype.Presets, options Options) (string, error) {
	tables := decisions(presets, options)
	return fill("import cf from 'cloudfront';\n"+source+rewrite, presets, options, tables)
}

// decisions asks package edge for the variant of each preset, each format of a source and
// each format that a viewer may ask for. Presets with the same variants share a row.
func decisions(presets calotype.Presets, options Options) map[string]any {
	rules := edge.Rules{Presets: presets, Prefix: "resized", Auto: options.Auto, Widths: options.Widths}
	asks := []string{""}
	for _, f := range calotype.RequestFormats() {
		asks = append(asks, string(f))
	}
	if len(options.Auto) > 0 {
		asks = append(asks, "auto")
		for _, f := range options.Auto {
			asks = append(asks, "auto "+string(f))
		}
	}
	extensions, examples := [][2]any{}, []string{}
	var formats []calotype.Format
	for _, extension := range calotype.Extensions() {
		own, _ := calotype.FormatOfKey("a" + extension)
		at := slices.Index(formats, own)
		if at < 0 {
			at = len(formats)
			formats, examples = append(formats, own), append(examples, "/a"+extension)
		}
		extensions = append(extensions, [2]any{extension, at})
	}
	suffixes, rows, rowOf := []string{}, [][]string{}, []int{}
	for _, p := range presets {
		var row []string
		for _, path := range examples {
			var line strings.Builder
			for _, ask := range asks {
				line.WriteString(suffixOf(rules, p.Name, path, ask, &suffixes))
			}
			row = append(row, line.String())
		}
		at := slices.IndexFunc(rows, func(other []string) bool { return slices.Equal(row, other) })
		if at < 0 {
			at = len(rows)
			rows = append(rows, row)
		}
		rowOf = append(rowOf, at)
	}
	return map[string]any{"EXTENSIONS": extensions, "ASKS": asks, "SUFFIXES": suffixes, "ROWS": rows, "ROWOF": rowOf}
}

// suffixOf returns the digit of what follows a preset's name in the variant that a request
// gets, or "-" if it gets none that can be rewritten.
func suffixOf(rules edge.Rules, preset, path, ask string, suffixes *[]string) string {
	format, best, _ := strings.Cut(ask, " ")
	request := edge.Request{Method: "GET", Path: path, Query: "size=" + preset + "&format=" + format, Accept: edge.AcceptOf("auto=" + best)}
	d := rules.Decide(request)
	suffix, ok := strings.CutPrefix(d.Variant.String(), preset)
	if d.Verdict != edge.Resize || !ok || rules.DecideRewritten(rewritten(d, request.Query)) != d {
		return "-"
	}
	at := slices.Index(*suffixes, suffix)
	if at < 0 {
		if len(*suffixes) == 10 { // One digit each.
			return "-"
		}
		at = len(*suffixes)
		*suffixes = append(*suffixes, suffix)
	}
	return strconv.Itoa(at)
}

// rewritten returns the request that the function makes of one that is decided.
func rewritten(d edge.Decision, query string) edge.Request {
	if !strings.HasSuffix(query, "format=auto") {
		query = ""
	}
	return edge.Request{Method: "GET", Path: "/" + d.Rendition, Query: query}
}
