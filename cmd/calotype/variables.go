package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// otherVariables begin the names of variables that this program does not read and other
// programs of the project do: the local servers, the tests.
var otherVariables = []string{
	"CALOTYPE_LOCAL_", "CALOTYPE_TEST_", "CALOTYPE_CORPUS", "CALOTYPE_CASES", "CALOTYPE_SOAK", "CALOTYPE_RECORD",
	"CALOTYPE_SEED", "CALOTYPE_SCREENSHOTS", "CALOTYPE_CONFORMANCE_SQS",
}

// unknownVariables returns a warning for each variable of the environment that begins with
// CALOTYPE_ and sets no flag of any command: probably a typing error.
func unknownVariables(model *kong.Application, environ []string) (warnings []string) {
	known := variablesOf(model.Node)
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		if !strings.HasPrefix(name, "CALOTYPE_") || value == "" || slices.Contains(known, name) ||
			slices.ContainsFunc(otherVariables, func(other string) bool { return strings.HasPrefix(name, other) }) {
			continue
		}
		warning := fmt.Sprintf("warning: the variable %s sets nothing", name)
		if near := nearest(name, known); near != "" {
			warning += ", did you mean " + near + "?"
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

// variablesOf returns the variables of a command and of those below it.
func variablesOf(node *kong.Node) (names []string) {
	for _, flag := range node.Flags {
		names = append(names, flag.Envs...)
	}
	for _, child := range node.Children {
		names = append(names, variablesOf(child)...)
	}
	return names
}

// nearest returns the candidate that a word was probably meant to be, or "".
func nearest(word string, candidates []string) (near string) {
	least := 1 + max(1, len(word)/5)
	for _, candidate := range candidates {
		if d := distance(word, candidate); d < least {
			near, least = candidate, d
		}
	}
	return near
}

// distance is the number of letters to insert, delete, replace, or swap with the next one
// (the optimal string alignment distance).
func distance(a, b string) int {
	before, last := make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		now := make([]int, len(b)+1)
		now[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			now[j] = min(last[j]+1, now[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				now[j] = min(now[j], before[j-2]+1)
			}
		}
		before, last = last, now
	}
	return last[len(b)]
}
