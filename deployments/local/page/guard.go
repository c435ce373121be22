package page

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

var (
	errReadOnly    = errors.New("only GET and HEAD here")
	errNotReadHere = errors.New("only PUT and DELETE here; the picture itself is at /NAME")
	errOtherSite   = errors.New("only the page itself may change pictures, not another site")
)

// setSafeHeaders restricts the page to its own files.
func setSafeHeaders(h http.Header) {
	h.Set("Content-Security-Policy", "default-src 'self'; img-src 'self' blob:; "+
		"object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}

// refuse returns why a request does not come from the page itself. A site that points its
// name at 127.0.0.1 (DNS rebinding) sends that name as the host.
func (p *Page) refuse(r *http.Request) error {
	if !isLoopback(r.Host) {
		return fmt.Errorf("host %q is not this machine: open the page at localhost or 127.0.0.1", r.Host)
	}
	if p.sameUse.Check(r) != nil {
		return errOtherSite
	}
	return nil
}

// isLoopback reports whether a Host header names this machine.
func isLoopback(hostport string) bool {
	host := hostport
	if h, _, err := net.SplitHostPort(hostport); err == nil {
		host = h
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	if host == "localhost" || strings.HasSuffix(host, ".localhost") {
		return true
	}
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"))
	return err == nil && ip.Unmap().IsLoopback()
}

// writeJSON responds with a value that caches do not keep.
func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(value) // It is not our error if the client has left.
}

// writeError responds with one line: {"error": "..."}.
func writeError(w http.ResponseWriter, status int, err error) {
	line := strings.Join(strings.Fields(err.Error()), " ")
	writeJSON(w, status, map[string]string{"error": line})
}
