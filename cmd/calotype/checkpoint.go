package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/google/renameio/v2"

	"calotype/worker/backfill"
)

// A checkpoint is a file that holds the position of a backfill. With an empty file name,
// checkpoints are off.
type checkpoint struct {
	file string
	// Of identifies the run: bucket, prefix and flags. A checkpoint of another run is refused.
	Of       string            `json:"of"`
	Position backfill.Position `json:"position"`
}

// load returns the position to resume from: the beginning if there is no file.
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
		return backfill.Position{}, fmt.Errorf("--checkpoint %s: %w; is it a checkpoint?%w", c.file, err, markErr(errUsage))
	}
	if found.Of != c.Of {
		return backfill.Position{}, fmt.Errorf("--checkpoint %s belongs to another run (%s): name another file, or remove this one%w", c.file, found.Of, markErr(errUsage))
	}
	return found.Position, nil
}

// save replaces the file atomically: a kill leaves the last position or this one.
func (c checkpoint) save(p backfill.Position) error {
	if c.file == "" {
		return nil
	}
	c.Position = p
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return renameio.WriteFile(c.file, data, 0o644)
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
