package sqsd

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"time"

	_ "modernc.org/sqlite" // the driver "sqlite"
)

// store keeps queues and messages. One goroutine, the writer, owns all fields from
// statement on: the rest of the package reaches them only through [store.do].
type store struct {
	ops     chan op
	quit    chan struct{} // closed by close
	stopped chan struct{} // closed once the writer has returned
	closing sync.Once
	db      *sql.DB
	conn    *sql.Conn

	statement statements
	queues    map[string]*queue    // keyed by name
	draining  bool                 // polls do not wait
	answers   []func(failed error) // to polls, at the end of the transaction
	swept     time.Time            // when expired messages were last removed
}

// queue is the writer's state of a queue. Its messages are in the file.
type queue struct {
	id                int64
	name              string
	settings          settings
	created, modified time.Time

	parked  []*poll   // the polls that wait, the oldest first
	touched bool      // a parked poll may find something
	next    time.Time // when the next message becomes visible; zero if none does
}

// The index contains everything that finding and counting messages needs. A message is
// visible once it is due; before that it is in flight if it has a receipt, and otherwise
// delayed. Times are in milliseconds, as in SQS.
const schema = `
CREATE TABLE IF NOT EXISTS queues (
	id       INTEGER PRIMARY KEY AUTOINCREMENT,
	name     TEXT NOT NULL UNIQUE,
	settings TEXT NOT NULL,
	created  INTEGER NOT NULL,
	modified INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS messages (
	id         INTEGER PRIMARY KEY,
	queue      INTEGER NOT NULL,
	due        INTEGER NOT NULL,
	receipt    INTEGER NOT NULL DEFAULT 0, -- of the last receive in this queue
	sent       INTEGER NOT NULL,
	taken      INTEGER NOT NULL DEFAULT 0, -- when it was last received
	first      INTEGER NOT NULL DEFAULT 0, -- when it was first received
	received   INTEGER NOT NULL DEFAULT 0, -- how often, in all queues
	arrived    INTEGER NOT NULL DEFAULT 0, -- received as it was on arrival in this queue
	source     TEXT NOT NULL DEFAULT '',   -- the name of the queue it was dead-lettered from
	uuid       TEXT NOT NULL,
	sender     TEXT NOT NULL,
	grp        TEXT NOT NULL,
	trace      TEXT NOT NULL,
	attributes TEXT NOT NULL,
	body       TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS tags (
	queue INTEGER NOT NULL,
	name  TEXT NOT NULL,
	value TEXT NOT NULL,
	PRIMARY KEY (queue, name)
);
CREATE INDEX IF NOT EXISTS messages_due ON messages (queue, due, receipt, sent);
`

// pragmas: the exclusive lock, which ends with the process, makes a second server on the
// file fail. In WAL mode a commit is a write without a sync, which survives the process but
// not the machine.
var pragmas = []string{
	"PRAGMA busy_timeout = 2000", // a previous process may be closing the file
	"PRAGMA locking_mode = EXCLUSIVE",
	"PRAGMA journal_mode = WAL",
	"PRAGMA synchronous = NORMAL",
	"PRAGMA wal_autocheckpoint = 4000",
	"PRAGMA temp_store = MEMORY",
}

func openStore(path string) (_ *store, err error) {
	path, err = filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(filepath.Dir(path)); err != nil {
		return nil, err // SQLite reports it as "out of memory"
	}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	db.SetMaxOpenConns(1) // the connection holds the lock
	for _, p := range append(pragmas, schema) {
		if _, err := db.Exec(p); err != nil {
			return nil, fmt.Errorf("%.40s: %w", p, err)
		}
	}
	conn, err := db.Conn(context.Background())
	if err != nil {
		return nil, err
	}
	s := &store{
		ops:     make(chan op),
		quit:    make(chan struct{}),
		stopped: make(chan struct{}),
		db:      db,
		conn:    conn,
	}
	if s.statement, err = prepare(context.Background(), conn); err != nil {
		return nil, err
	}
	if err := s.load(); err != nil {
		return nil, err
	}
	go s.write()
	return s, nil
}

// close waits for the writer, which ends the polls that wait.
func (s *store) close() (err error) {
	s.closing.Do(func() {
		close(s.quit)
		<-s.stopped
		err = errors.Join(s.conn.Close(), s.db.Close())
	})
	return err
}
