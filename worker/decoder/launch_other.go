//go:build unix && !linux

package decoder

// launcher runs functions.
type launcher struct{}

func newLauncher() launcher { return launcher{} }

func (launcher) do(f func()) { f() }

func (launcher) close() {}
