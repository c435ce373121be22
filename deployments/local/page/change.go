package page

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"calotype"
)

// mostBytes is the largest picture that is taken: what workers read by default.
const mostBytes = 100 << 20

var (
	errEmpty    = errors.New("the picture is empty")
	errTooLarge = fmt.Errorf("the picture is too large: %d MiB is the most", mostBytes>>20)
)

// put stores a picture, new or in another's place.
func (p *Page) put(w http.ResponseWriter, r *http.Request, key string) {
	format, err := p.checkName(key)
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	// A large picture over a slow line may take longer than other requests.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	file, size, err := spool(http.MaxBytesReader(w, r.Body, mostBytes))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		writeError(w, http.StatusRequestEntityTooLarge, errTooLarge)
		return
	case errors.Is(err, errEmpty):
		writeError(w, http.StatusBadRequest, err)
		return
	case err != nil:
		writeError(w, http.StatusInternalServerError, err)
		return
	}
	defer discard(file)
	if err := p.bucket.put(r.Context(), key, format.ContentType(), file, size); err != nil {
		writeError(w, http.StatusBadGateway, err)
		return
	}
	if err := p.renew(r.Context(), key); err != nil {
		writeError(w, http.StatusBadGateway, fmt.Errorf("stored, but: %w", err))
		return
	}
	writeJSON(w, http.StatusOK, map[string]any{"key": key, "bytes": size})
}

// delete removes a picture and its renditions.
func (p *Page) delete(w http.ResponseWriter, r *http.Request, key string) {
	if _, err := p.checkName(key); err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	err := p.bucket.remove(r.Context(), key)
	if err == nil {
		err = p.renew(r.Context(), key)
	}
	if err != nil {
		writeError(w, http.StatusBadGateway, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// checkName says why there can be no picture of a name.
func (p *Page) checkName(key string) (calotype.Format, error) {
	if err := p.Prefix.CheckSource(key); err != nil {
		return "", err
	}
	if Serves("/" + key) {
		return "", fmt.Errorf("key %q is under %s, which is the page's own", key, strings.Trim(folder, "/"))
	}
	format, ok := calotype.FormatOfKey(key)
	if !ok {
		return "", fmt.Errorf("%q is not named like a picture: .jpg, .png, .gif, .webp, .avif, .bmp, .tiff or .heic", key)
	}
	return format, nil
}

// renew takes away what was made from an earlier version of a source, or of one that
// is gone, and asks for it again. In AWS, S3's events have that done.
func (p *Page) renew(ctx context.Context, key string) error {
	found, err := p.catalog.look(ctx)
	if err != nil {
		return err
	}
	known := p.catalog.entry(key)
	var stale []calotype.Variant
	var keys []string
	for v := range found.renditions[key] {
		preset, _ := p.Presets.Lookup(v.Preset)
		if known != nil && known.renditions[v].lineage.Current(known.source.etag, preset, false) {
			continue
		}
		stale = append(stale, v)
		keys = append(keys, p.Prefix.RenditionKey(v, key))
	}
	if len(stale) == 0 {
		return nil
	}
	if err := p.bucket.remove(ctx, keys...); err != nil {
		return err
	}
	if known == nil || p.Jobs == nil {
		return nil
	}
	job := calotype.Job{Source: key, Variants: stale, Exact: true}
	if err := p.Jobs.Send(ctx, job.Encode(), 0); err != nil {
		return fmt.Errorf("ask for renditions of %s: %w", key, err)
	}
	return nil
}

// spool writes a body to a file, at its beginning again: to sign it, the SDK reads
// it twice.
func spool(body io.Reader) (*os.File, int64, error) {
	file, err := os.CreateTemp("", "calotype-*")
	if err != nil {
		return nil, 0, err
	}
	size, err := io.Copy(file, body)
	if err == nil && size == 0 {
		err = errEmpty
	}
	if err == nil {
		_, err = file.Seek(0, io.SeekStart)
	}
	if err != nil {
		discard(file)
		return nil, 0, fmt.Errorf("take picture: %w", err)
	}
	return file, size, nil
}

func discard(file *os.File) {
	file.Close()
	os.Remove(file.Name())
}
