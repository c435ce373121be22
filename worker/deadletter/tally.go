package deadletter

import (
	"cmp"
	"slices"
	"time"
)

// Group is the dead letters of one reason class.
type Group struct {
	Class string
	Count int
	// Oldest and Newest are when the first and the last of them were sent.
	Oldest, Newest time.Time
	// Sample is the source's key of the newest one, or empty if that is not a job. ID is
	// the newest one's ID.
	Sample, ID string
}

// Tally counts dead letters by reason. The zero value is ready.
type Tally struct {
	Total  int
	groups map[string]*Group
}

func (t *Tally) add(l Letter) {
	if t.groups == nil {
		t.groups = map[string]*Group{}
	}
	t.Total++
	g := t.groups[l.Reason.Class]
	if g == nil {
		g = &Group{Class: l.Reason.Class, Oldest: l.Sent}
		t.groups[l.Reason.Class] = g
	}
	g.Count++
	if l.Sent.Before(g.Oldest) {
		g.Oldest = l.Sent
	}
	if !l.Sent.Before(g.Newest) {
		g.Newest, g.Sample, g.ID = l.Sent, l.Job.Source, l.ID
	}
}

// Groups returns the groups, the largest first.
func (t *Tally) Groups() []Group {
	groups := make([]Group, 0, len(t.groups))
	for _, g := range t.groups {
		groups = append(groups, *g)
	}
	slices.SortFunc(groups, func(a, b Group) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), cmp.Compare(a.Class, b.Class))
	})
	return groups
}
