package sqsd

import (
	"context"
	"database/sql"
	"fmt"
)

// statements are the SQL of the store. The limit is "? + 0", because SQLite plans the
// statement a second time, with the value, if the limit is a bare parameter.
type statements struct {
	begin, commit, rollback *sql.Stmt

	queues, createQueue, configure, deleteQueue, purge *sql.Stmt

	insert, visible, next, receive, deadLetter, unreceive *sql.Stmt

	held, extend, remove, discard, count, sweep *sql.Stmt

	tag, untag, untagAll, tags *sql.Stmt
}

func prepare(ctx context.Context, conn *sql.Conn) (s statements, err error) {
	for _, p := range []struct {
		stmt **sql.Stmt
		sql  string
	}{
		{&s.begin, `BEGIN IMMEDIATE`},
		{&s.commit, `COMMIT`},
		{&s.rollback, `ROLLBACK`},
		{&s.queues, `SELECT id, name, settings, created, modified FROM queues`},
		{&s.createQueue, `INSERT INTO queues (name, settings, created, modified) VALUES (?, ?, ?, ?)`},
		{&s.configure, `UPDATE queues SET settings = ?, modified = ? WHERE id = ?`},
		{&s.deleteQueue, `DELETE FROM queues WHERE id = ?`},
		{&s.purge, `DELETE FROM messages WHERE queue = ?`},
		{&s.insert, `INSERT INTO messages (queue, due, sent, uuid, sender, grp, trace, attributes, body)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`},
		{&s.visible, `SELECT id, due, sent, taken, first, received, arrived, source,
			uuid, sender, grp, trace, attributes, body
			FROM messages WHERE queue = ? AND due <= ? ORDER BY due LIMIT ? + 0`},
		{&s.next, `SELECT due FROM messages WHERE queue = ? AND due > ? ORDER BY due LIMIT 1`},
		{&s.receive, `UPDATE messages SET due = ?, receipt = ?, taken = ?, first = ?, received = ? WHERE id = ?`},
		{&s.deadLetter, `UPDATE messages SET queue = ?, source = ?, arrived = received, receipt = 0 WHERE id = ?`},
		{&s.unreceive, `UPDATE messages SET due = ?, receipt = 0, taken = ?, first = ?, received = received - 1
			WHERE id = ? AND receipt = ?`},
		{&s.held, `SELECT due, taken FROM messages WHERE id = ? AND queue = ? AND receipt = ?`},
		{&s.extend, `UPDATE messages SET due = ? WHERE id = ?`},
		{&s.remove, `DELETE FROM messages WHERE id = ? AND queue = ? AND receipt = ?`},
		{&s.discard, `DELETE FROM messages WHERE id = ?`},
		{&s.count, `SELECT count(*) FILTER (WHERE due <= ?1),
			count(*) FILTER (WHERE due > ?1 AND receipt <> 0),
			count(*) FILTER (WHERE due > ?1 AND receipt = 0)
			FROM messages WHERE queue = ?2 AND sent > ?3`},
		{&s.sweep, `DELETE FROM messages WHERE queue = ? AND sent <= ?`},
		{&s.tag, `INSERT OR REPLACE INTO tags (queue, name, value) VALUES (?, ?, ?)`},
		{&s.untag, `DELETE FROM tags WHERE queue = ? AND name = ?`},
		{&s.untagAll, `DELETE FROM tags WHERE queue = ?`},
		{&s.tags, `SELECT name, value FROM tags WHERE queue = ?`},
	} {
		if *p.stmt, err = conn.PrepareContext(ctx, p.sql); err != nil {
			return s, fmt.Errorf("prepare %.60q: %w", p.sql, err)
		}
	}
	return s, nil
}
