package fidelity

import (
	"fmt"
	"path"
	"strings"

	"calotype/deployments/local/fidelity/cases"
)

// releases are the releases of Debian in the table.
var releases = []string{"12", "13"}

// table writes the table of docs/fidelity.md: for each class what browsers do, and what
// Calotype does on each release of Debian.
func table(versions string, all []cases.Case, records map[string]Record, differences []known) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d cases. Measured with %s.\n\n", len(all), versions)
	b.WriteString("| What | Cases | Browsers | Firefox as Chromium | Calotype on Debian 12 | on Debian 13 |\n|---|---|---|---|---|---|\n")
	for _, class := range cases.Classes {
		var members []cases.Case
		same, asked := 0, 0
		for _, c := range all {
			if c.Class != class.Name {
				continue
			}
			members = append(members, c)
			switch records[c.Name].Firefox {
			case "same":
				same++
				asked++
			case "differs":
				asked++
			}
		}
		opinion := "-"
		if asked > 0 {
			opinion = fmt.Sprintf("%d of %d", same, asked)
		}
		fmt.Fprintf(&b, "| %s | %d | %s | %s |", class.Title, len(members), class.Browsers, opinion)
		for _, release := range releases {
			fmt.Fprintf(&b, " %s |", outcome(members, differences, release))
		}
		b.WriteString("\n")
	}
	return b.String()
}

// outcome describes what Calotype does with a class.
func outcome(members []cases.Case, differences []known, release string) string {
	var reasons []string
	count := map[string]int{}
	names := map[string]string{}
	for _, c := range members {
		k, ok := find(differences, c.Name, release)
		if !ok {
			continue
		}
		if count[k.reason] == 0 {
			reasons = append(reasons, k.reason)
		}
		count[k.reason]++
		names[k.reason] = strings.TrimSuffix(c.Name, path.Ext(c.Name))
	}
	if reasons == nil {
		return "the same"
	}
	var parts []string
	for _, r := range reasons {
		what := fmt.Sprintf("%d differ", count[r])
		if count[r] == 1 {
			what = "`" + names[r] + "` differs"
		}
		parts = append(parts, what+": "+r)
	}
	return strings.Join(parts, "; ")
}
