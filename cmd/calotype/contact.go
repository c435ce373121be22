package main

import (
	"bytes"
	"fmt"
	"html/template"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/renameio/v2"
)

// contactSheet is a page with the renditions of all files, for people to look at.
type contactSheet struct {
	path string // Empty if there is none.

	mu    sync.Mutex
	files []fileReport
}

func (s *contactSheet) add(r fileReport) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.path != "" {
		s.files = append(s.files, r)
	}
}

// write writes the page, with the files in the order of the command line.
func (s *contactSheet) write(order []string) error {
	if s.path == "" {
		return nil
	}
	folder, err := filepath.Abs(filepath.Dir(s.path))
	if err != nil {
		return err
	}
	slices.SortFunc(s.files, func(a, b fileReport) int { return slices.Index(order, a.File) - slices.Index(order, b.File) })
	page := template.Must(template.New("sheet").Funcs(template.FuncMap{
		"link": func(path string) (template.URL, error) { return relativeURL(folder, path) },
		"size": fileSize,
	}).Parse(contactPage))
	var b bytes.Buffer
	if err := page.Execute(&b, s.files); err != nil {
		return fmt.Errorf("contact sheet: %w", err)
	}
	return renameio.WriteFile(s.path, b.Bytes(), 0o644)
}

// relativeURL returns the URL of a file for a page in a folder.
func relativeURL(folder, path string) (template.URL, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	relative, err := filepath.Rel(folder, path)
	if err != nil {
		return "", err
	}
	u := url.URL{Path: filepath.ToSlash(relative)}
	if strings.HasPrefix(u.Path, "/") {
		u.Scheme = "file"
	}
	return template.URL(u.String()), nil // Escaped by String, and without another scheme.
}

const contactPage = `<!doctype html>
<meta charset="utf-8">
<title>Contact sheet</title>
<style>
body { font: 14px/1.4 system-ui, sans-serif; margin: 2em; background: #eee; color: #222 }
section { margin-bottom: 2em }
h2 { font-size: 1em; margin: 0 0 .5em }
div { display: flex; flex-wrap: wrap; gap: 1em; align-items: flex-start }
figure { margin: 0 }
img { max-width: 24em; max-height: 24em; background: repeating-conic-gradient(#fff 0 25%, #ccc 0 50%) 0 0/16px 16px }
</style>
{{range .}}<section>
<h2><a href="{{link .File}}">{{.File}}</a>{{if .Format}}, {{.Format}}, {{.Width}}x{{.Height}}, {{size .Bytes}}{{end}}{{with .Focal}}, focal point {{.}}{{end}}{{with .Error}}: {{.}}{{end}}</h2>
<div>{{range .Renditions}}
<figure><img src="{{link .Path}}" width="{{.Width}}" height="{{.Height}}" alt="{{.Variant}}" style="height: auto"><figcaption>{{.Variant}}: {{.Format}}, {{.Width}}x{{.Height}}, {{size .Bytes}}{{if .AsIs}}, the file itself{{end}}{{if .Damaged}}, damaged{{end}}</figcaption></figure>{{end}}
</div>
</section>
{{end}}`
