package fidelity

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"

	"calotype"
	"calotype/deployments/local/fidelity/cases"
	"calotype/worker/failure"
)

// Verdict describes how a case's renditions look.
type Verdict struct {
	Name string
	// Original is what the browser shows of the case. For formats that browsers do not
	// show, it is what the case declares.
	Original Look
	// Differences lists how renditions differ from the original. It is empty if none does.
	Differences []string
}

// batch is the number of cases that a page measures at a time.
const batch = 16

// judge renders cases and compares what a browser shows. Rendering continues while the
// browser measures.
func judge(ctx context.Context, s *site, b Browser, all []cases.Case) ([]Verdict, error) {
	group, ctx := errgroup.WithContext(ctx)
	rendered := make(chan []trial, 1)
	group.Go(func() error {
		defer close(rendered)
		for len(all) > 0 {
			n := min(batch, len(all))
			var trials []trial
			for _, c := range all[:n] {
				made, err := makeAll(ctx, c.Body)
				trials = append(trials, trial{c, made, err})
			}
			all = all[n:]
			select {
			case rendered <- trials:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	var verdicts []Verdict
	group.Go(func() error {
		for trials := range rendered {
			some, err := compare(ctx, s, b, trials)
			if err != nil {
				return err
			}
			verdicts = append(verdicts, some...)
		}
		return nil
	})
	err := group.Wait()
	return verdicts, err
}

// trial is a case with the engine's renditions.
type trial struct {
	cases.Case
	made []Made
	err  error
}

func compare(ctx context.Context, s *site, b Browser, trials []trial) ([]Verdict, error) {
	var pictures []Picture
	for _, t := range trials {
		pictures = append(pictures, Picture{t.Name, t.Body})
		for _, m := range t.made {
			pictures = append(pictures, Picture{"rendition." + string(m.Format), m.Body})
		}
	}
	looks, err := s.Look(ctx, b, pictures)
	if err != nil {
		return nil, err
	}
	var verdicts []Verdict
	for _, t := range trials {
		v := Verdict{Name: t.Name, Original: looks[0]}
		if t.Want != nil {
			v.Original = wanted(*t.Want)
		}
		v.Differences = t.differences(v.Original, looks[1:1+len(t.made)])
		looks = looks[1+len(t.made):]
		verdicts = append(verdicts, v)
	}
	return verdicts, nil
}

// differences lists the differences of all renditions. A picture that the browser shows
// must be rendered. One that it does not show may be refused with a failure of the picture.
func (t trial) differences(original Look, renditions []Look) []string {
	var fault *failure.Failure
	switch {
	case t.err != nil && !errors.As(t.err, &fault):
		return []string{"error without a class: " + firstLine(t.err)}
	case t.err != nil && original.Shown && !original.empty():
		return []string{"refused: " + firstLine(t.err)}
	}
	var all []string
	for i, m := range t.made {
		allowed := atNatural
		if m.Kind == "half" {
			allowed = atHalf
		}
		for _, d := range Differences(m.reference(original), m.seen(renditions[i]), allowed) {
			all = append(all, fmt.Sprintf("%s (%s): %s", m.Kind, m.Format, d))
		}
	}
	return all
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}

// reference returns how a rendition must look: in JPEG without alpha.
func (m Made) reference(original Look) Look {
	if m.Format == calotype.JPEG {
		original.Sample = original.overWhite()
	}
	return original
}

// seen returns a rendition's look. A rendition of the requested smaller size counts as of
// natural size.
func (m Made) seen(l Look) Look {
	smaller := m.Kind == "half" || max(m.natural[0], m.natural[1]) > calotype.MaxSide
	if smaller && l.Width == m.Width && l.Height == m.Height {
		l.Width, l.Height = m.natural[0], m.natural[1]
	}
	return l
}
