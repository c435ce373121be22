package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"slices"
	"strings"

	"calotype"
	"calotype/edge"
)

type srcsetCommand struct {
	URL     string      `arg:"" help:"The URL of a picture." placeholder:"URL"`
	Sizes   string      `env:"-" help:"How wide the page shows it: the sizes attribute of HTML." default:"100vw" placeholder:"LIST"`
	Alt     string      `env:"-" help:"The text in place of the picture." placeholder:"TEXT"`
	Auto    bool        `env:"-" help:"Leave the format to format=auto, which the edge must have switched on, instead of listing formats in a <picture>."`
	Presets presetsFile `help:"A JSON file of presets, as the edge has it; its presets that limit the width only count." default:"web" placeholder:"FILE"`
}

// Help is shown with the command's help.
func (srcsetCommand) Help() string {
	return `It prints the HTML that lets a browser choose among the widths of a table: a <picture> with
AVIF, WebP and the picture's own format, or one <img>. It asks nothing of the network.`
}

func (c *srcsetCommand) check() []error {
	var errs []error
	if _, _, err := c.picture(); err != nil {
		errs = append(errs, err)
	}
	if len(c.Presets.orDefault().Widths()) == 0 {
		errs = append(errs, fmt.Errorf("--presets: no preset limits the width only, such as \"320x%d/320x%d\"", calotype.MaxSide, calotype.MaxSide))
	}
	return errs
}

// picture parses the URL. It returns the format that the key's extension names.
func (c *srcsetCommand) picture() (*url.URL, calotype.Format, error) {
	u, err := url.Parse(c.URL)
	if err != nil {
		return nil, "", fmt.Errorf("%q is not a URL: %w", c.URL, err)
	}
	own, ok := calotype.FormatOfKey(u.Path)
	if !ok {
		return nil, "", fmt.Errorf("%q has no image file extension", c.URL)
	}
	return u, own, nil
}

func (c *srcsetCommand) run(_ context.Context, stdout, _ io.Writer) error {
	u, own, err := c.picture()
	if err != nil {
		return errors.Join(err, errUsage)
	}
	widths := c.Presets.orDefault().Widths()
	query := func(p calotype.Preset, format calotype.Format) string {
		q := edge.EncodeQuery(calotype.VariantOf(p.Name, format, cmp.Or(p.Format, own)))
		if c.Auto {
			q += "&format=auto"
		}
		return html.EscapeString(withQuery(u, q))
	}
	srcset := func(format calotype.Format) string {
		var list []string
		for _, p := range widths {
			list = append(list, fmt.Sprintf("%s %dw", query(p, format), p.Wide.Width))
		}
		return strings.Join(list, ", ")
	}
	var b strings.Builder
	indent := ""
	if formats := formatsOf(own); !c.Auto && len(formats) > 0 {
		indent = "  "
		b.WriteString("<picture>\n")
		for _, f := range formats {
			fmt.Fprintf(&b, "  <source type=%q srcset=\"%s\" sizes=\"%s\">\n", f.ContentType(), srcset(f), html.EscapeString(c.Sizes))
		}
	}
	middle := widths[len(widths)/2]
	fmt.Fprintf(&b, "%s<img src=\"%s\" srcset=\"%s\" sizes=\"%s\" alt=\"%s\" loading=\"lazy\">\n",
		indent, query(middle, ""), srcset(""), html.EscapeString(c.Sizes), html.EscapeString(c.Alt))
	if indent != "" {
		b.WriteString("</picture>\n")
	}
	_, err = io.WriteString(stdout, b.String())
	return err
}

// formatsOf returns the formats to list for a source, the smallest first. A GIF is left out
// of AVIF, as which it would be the same animated WebP.
func formatsOf(own calotype.Format) []calotype.Format {
	formats := []calotype.Format{calotype.AVIF, calotype.WebP}
	if own == calotype.GIF {
		formats = formats[1:]
	}
	return slices.DeleteFunc(formats, func(f calotype.Format) bool { return f == own })
}

// withQuery returns the URL with a query, and with the parameters of its own that Calotype
// does not read.
func withQuery(u *url.URL, query string) string {
	for pair := range strings.SplitSeq(u.RawQuery, "&") {
		name, _, _ := strings.Cut(pair, "=")
		if pair != "" && !slices.Contains([]string{"size", "w", "dpr", "format", "to_webp", "auto"}, name) {
			query += "&" + pair
		}
	}
	own := *u
	own.RawQuery, own.ForceQuery = query, false
	return own.String()
}
