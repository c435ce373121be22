package main

import (
	"context"
	"net"
	"time"
)

// silence is how long a service may say nothing, before its answer or in the midst
// of one: more than the longest poll.
const silence = time.Minute

type dial = func(ctx context.Context, network, address string) (net.Conn, error)

// patient gives up connections on which nothing moves for so long. An answer may take
// as long as it needs, but one that stops in the midst of a picture's bytes is an
// error, where it would hold a job's slot or a viewer's request.
func patient(dial dial, patience time.Duration) dial {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		return patientConn{conn, patience}, nil
	}
}

type patientConn struct {
	net.Conn
	patience time.Duration
}

func (c patientConn) Read(p []byte) (int, error) {
	if err := c.SetReadDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Read(p)
}

// Write begins the patience anew for the answer too: an idle connection is being read
// all the while.
func (c patientConn) Write(p []byte) (int, error) {
	if err := c.SetDeadline(time.Now().Add(c.patience)); err != nil {
		return 0, err
	}
	return c.Conn.Write(p)
}
