package page

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed assets
var assetFiles embed.FS

// asset is a file of the page. Its ETag identifies its content. Browsers revalidate it each
// time, so that a new program never runs with an old page.
type asset struct {
	name string
	etag string
	body []byte
}

// assets are the page's files, keyed by path.
var assets = loadAssets()

func loadAssets() map[string]asset {
	loaded := map[string]asset{}
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		panic("embedded assets: " + err.Error())
	}
	for _, entry := range entries {
		name := entry.Name()
		body, err := fs.ReadFile(assetFiles, path.Join("assets", name))
		if err != nil {
			panic("embedded assets: " + err.Error())
		}
		loaded[folder+name] = asset{name, fmt.Sprintf(`"%.16x"`, sha256.Sum256(body)), body}
	}
	loaded[home] = loaded[folder+"index.html"]
	return loaded
}

// The types by extension, which Go would otherwise take from the machine's tables.
var assetTypes = map[string]string{
	".html": "text/html; charset=utf-8",
	".css":  "text/css; charset=utf-8",
	".js":   "text/javascript; charset=utf-8",
	".svg":  "image/svg+xml",
}

func serveAsset(w http.ResponseWriter, r *http.Request) {
	a, ok := assets[r.URL.Path]
	if !ok {
		writeError(w, http.StatusNotFound, errors.New("no such page: "+strings.ToValidUTF8(r.URL.Path, "?")))
		return
	}
	h := w.Header()
	h.Set("Content-Type", assetTypes[path.Ext(a.name)])
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", a.etag)
	http.ServeContent(w, r, a.name, time.Time{}, bytes.NewReader(a.body))
}
