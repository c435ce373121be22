package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"calotype/worker/backfill"
)

// checkpoint is a file that says how far a backfill is. One without a name is none.
type checkpoint struct {
	file string
	// Of is the backfill that it is of.
	Of       string            `json:"of"`
	Position backfill.Position `json:"position"`
}

// load reads the position to go on from: the beginning where there is no file.
func (c checkpoint) load() (backfill.Position, error) {
	if c.file == "" {
		return backfill.Position{}, nil
	}
	data, err := os.ReadFile(c.file)
	if errors.Is(err, fs.ErrNotExist) {
		return backfill.Position{}, nil
	}
	if err != nil {
		return backfill.Position{}, fmt.Errorf("--checkpoint: %w", err)
	}
	var found checkpoint
	if err := json.Unmarshal(data, &found); err != nil {
		return backfill.Position{}, fmt.Errorf("--checkpoint %s: %w; is it a checkpoint?%w", c.file, err, quiet(errUsage))
	}
	if found.Of != c.Of {
		return backfill.Position{}, fmt.Errorf("--checkpoint %s is of another run (%s): name another file, or remove it%w", c.file, found.Of, quiet(errUsage))
	}
	return found.Position, nil
}

// save writes a position so that a kill leaves this one or the last.
func (c checkpoint) save(p backfill.Position) error {
	if c.file == "" {
		return nil
	}
	c.Position = p
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	next := c.file + ".new"
	if err := os.WriteFile(next, data, 0o644); err != nil {
		return err
	}
	return os.Rename(next, c.file)
}

func (c checkpoint) remove() error {
	if c.file == "" {
		return nil
	}
	if err := os.Remove(c.file); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
