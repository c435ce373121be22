//go:build unix && !linux

package decoder

// launcher runs what it is given.
type launcher struct{}

func newLauncher() launcher { return launcher{} }

func (launcher) do(f func()) { f() }

func (launcher) close() {}
