package cases

import "iter"

// ordered iterates over pairs of a name and a value, in their order. A map has none, and
// cases are the same in every run.
func ordered[V any](name string, value V, more ...any) iter.Seq2[string, V] {
	return func(yield func(string, V) bool) {
		if !yield(name, value) {
			return
		}
		for i := 0; i+1 < len(more); i += 2 {
			if !yield(more[i].(string), more[i+1].(V)) {
				return
			}
		}
	}
}
