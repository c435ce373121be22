package main

import (
	"context"
	"net"
	"time"
)

// idleTimeout is the maximum time without a byte on a connection to a service. It exceeds
// the longest poll.
const idleTimeout = time.Minute

type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// withIdleTimeout closes connections on which no byte moves for the timeout. A response may
// take any time in total, but one that stops midway would hold a job's slot or a viewer's
// request.
func withIdleTimeout(dial dial, timeout time.Duration) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return idleConn{conn, timeout}, nil
	}
}

type idleConn struct {
	net.Conn
	timeout time.Duration
}

func (c idleConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write restarts the timeout for reads too: the SDK reads an idle connection all the time.
func (c idleConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.timeout)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
