package page

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"calotype"
)

// maxBytes is the maximum size of an upload: the workers' default limit.
const maxBytes = 100 << 20

var (
	errEmpty    = errors.New("the picture is empty")
	errTooLarge = fmt.Errorf("the picture is too large: the maximum is %d MiB", maxBytes>>20)
)

// put stores a picture, possibly in place of another. The renditions follow through the
// store's events.
func (p *Page) put(w http.ResponseWriter, r *http.Request, key string) {
	format, err := p.checkName(key)
	if err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	// A large picture over a slow line may take longer than other requests.
	_ = http.NewResponseController(w).SetReadDeadline(time.Time{})
	file, size, err := spool(http.MaxBytesReader(w, r.Body, maxBytes))
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
	writeJSON(w, http.StatusOK, map[string]any{"key": key, "bytes": size})
}

// delete removes a picture. Its renditions are removed through the store's events.
func (p *Page) delete(w http.ResponseWriter, r *http.Request, key string) {
	if _, err := p.checkName(key); err != nil {
		writeError(w, http.StatusBadRequest, err)
		return
	}
	if err := p.bucket.remove(r.Context(), key); err != nil {
		writeError(w, http.StatusBadGateway, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

// checkName explains why a picture cannot have a name.
func (p *Page) checkName(key string) (calotype.Format, error) {
	if err := p.Prefix.CheckSource(key); err != nil {
		return "", err
	}
	if Serves("/" + key) {
		return "", fmt.Errorf("key %q is under %s, which belongs to the page", key, strings.Trim(folder, "/"))
	}
	format, ok := calotype.FormatOfKey(key)
	if !ok {
		return "", fmt.Errorf("%q has no image file extension: .jpg, .png, .gif, .webp, .avif, .jxl, .bmp, .tiff or .heic", key)
	}
	return format, nil
}

// spool writes a body to a file and rewinds it: to sign the body, the SDK reads it twice.
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
