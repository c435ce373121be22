package origin

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"calotype"
	"calotype/edge"
)

// serveInfo serves the description of a picture. The presets are the edge's own, so that no
// description has to be made again when they change.
func (v view) serveInfo() {
	info, object, err := v.readInfo()
	v.note("read info", v.decision.Rendition, err)
	observed := observe(object, err)
	resolution := v.rules.Resolve(v.decision, observed, edge.Observation{})
	if resolution.Serve == edge.InspectSource {
		source, bytes := v.inspectSource()
		if resolution = v.rules.Resolve(v.decision, observed, source); resolution.Serve == edge.ServePendingInfo {
			info = edge.PendingInfo(v.decision.Source, bytes, source)
		}
	}
	switch resolution.Serve {
	case edge.ServeRendition:
		v.writeInfo(http.StatusOK, info, object.cacheControl, resolution)
	case edge.ServePendingInfo:
		v.enqueue(v.r, v.decision, false)
		v.writeInfo(http.StatusAccepted, info, resolution.CacheControl, resolution)
	default:
		v.refuse(resolution)
	}
}

// readInfo reads the stored description. An object that is not a description counts as
// missing.
func (v view) readInfo() (calotype.Info, *object, error) {
	ctx, cancel := context.WithTimeoutCause(v.r.Context(), min(v.bucket.timeouts.rendition, time.Until(v.deadline)), errTimeout)
	defer cancel()
	o := &object{bucket: v.bucket, key: v.decision.Rendition, ctx: ctx}
	body, err := o.readAll(calotype.MaxInfo)
	switch {
	case context.Cause(ctx) == errTimeout:
		err = errTimeout
		fallthrough
	case err != nil:
		return calotype.Info{}, nil, fmt.Errorf("read %s: %w", o.key, err)
	}
	info, err := calotype.ParseInfo(body)
	if err != nil {
		o.lineage = calotype.Lineage{}
	}
	return info, o, nil
}

// readAll reads at most limit bytes of an object.
func (o *object) readAll(limit int64) ([]byte, error) {
	if err := o.get(); err != nil {
		return nil, err
	}
	defer o.body.Close()
	return io.ReadAll(io.LimitReader(o.body, limit))
}

// inspectSource sends a HEAD for the source, and returns its size too.
func (v view) inspectSource() (edge.Observation, int64) {
	ctx, cancel := context.WithTimeoutCause(v.r.Context(), time.Until(v.deadline), errTimeout)
	defer cancel()
	o := &object{bucket: v.bucket, key: v.decision.Source, ctx: ctx}
	err := o.head()
	v.note("inspect source", v.decision.Source, err)
	return observe(o, err), o.size
}

// writeInfo writes a description as JSON. Its ETag is that of the text, which depends on the
// presets too.
func (v view) writeInfo(status int, info calotype.Info, cacheControl string, resolution edge.Resolution) {
	text := info.WithPresets(v.rules.Presets, edge.InfoURL(v.decision.Source)).Text()
	h := v.w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("Cache-Control", cacheControl)
	h.Set(edge.StateHeader, resolution.State)
	if status == http.StatusOK {
		sum := sha256.Sum256(text)
		h.Set("ETag", `"`+hex.EncodeToString(sum[:16])+`"`)
		http.ServeContent(v.w, v.r, "", time.Time{}, bytes.NewReader(text))
		return
	}
	v.w.WriteHeader(status)
	if v.r.Method != http.MethodHead {
		_, _ = v.w.Write(text)
	}
}
