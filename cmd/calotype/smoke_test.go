package main

import (
	"testing"

	"calotype/edge"
)

// The state of a fallback copy depends on the deployment's mode.
func TestSmokeExpectsAFallbackCopy(t *testing.T) {
	for want, c := range map[string]smokeCommand{
		edge.StateKept:      {Pending: "best"},
		edge.StateRendition: {Pending: "best", FunctionMode: true},
		edge.StateHidden:    {Pending: "none"},
	} {
		if got := (&smoke{smokeCommand: &c}).keptState(); got != want {
			t.Errorf("%+v: got %q, want %q", c, got, want)
		}
	}
}
