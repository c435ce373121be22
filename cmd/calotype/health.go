package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

// healthCommand asks a worker or an edge on this machine for its health. It is for
// container runtimes whose images have no other HTTP client.
type healthCommand struct {
	AdminListen string        `help:"The --admin-listen address of the worker or edge." placeholder:"ADDRESS"`
	Ready       bool          `env:"-" help:"Check that it takes work (/readyz), not only that it is healthy."`
	Timeout     time.Duration `help:"How long to wait for the response." default:"3s"`
}

func (c *healthCommand) check() []error {
	errs := between("timeout", c.Timeout, time.Millisecond, time.Minute)
	if c.AdminListen == "" {
		return append(errs, errors.New("--admin-listen is missing: give the same address as the worker or the edge (or set CALOTYPE_ADMIN_LISTEN)"))
	}
	if _, _, err := net.SplitHostPort(c.AdminListen); err != nil {
		errs = append(errs, fmt.Errorf("--admin-listen %q: %w; it looks like :9090 or 127.0.0.1:9090", c.AdminListen, err))
	}
	return errs
}

func (c *healthCommand) run(ctx context.Context, stdout, _ io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	host, port, _ := net.SplitHostPort(c.AdminListen)
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // An address without a host listens on all interfaces.
	}
	path := "/healthz"
	if c.Ready {
		path = "/readyz"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+path, nil)
	if err != nil {
		return err
	}
	// Not the default transport: a proxy from the environment cannot reach this machine.
	response, err := (&http.Transport{}).RoundTrip(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, 4096))
	if err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s", request.URL, response.Status, body)
	}
	_, err = show(stdout, "%s\n", body)
	return err
}
