package fidelity

import (
	"bufio"
	_ "embed"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Record is what a browser showed of a case when the record was made.
type Record struct {
	Name    string
	Shown   string // yes, no or unknown-format, for what browsers do not read at all.
	Size    string
	Middles [4]string
	Delays  string
	// Firefox is "same" where Firefox shows the case as Chromium does, or "differs".
	Firefox string
}

// recordOf is the record of a look.
func recordOf(name string, l Look) Record {
	r := Record{Name: name, Shown: "no", Size: "-", Middles: [4]string{"-", "-", "-", "-"}, Delays: "-", Firefox: "-"}
	if !l.Shown {
		return r
	}
	r.Shown, r.Size = "yes", fmt.Sprintf("%dx%d", l.Width, l.Height)
	for q, c := range l.Middles {
		r.Middles[q] = fmt.Sprintf("%d,%d,%d,%d", c[0], c[1], c[2], c[3])
	}
	var delays []string
	for _, f := range l.Frames {
		delays = append(delays, strconv.Itoa(int(f.Milliseconds+0.5)))
	}
	if delays != nil {
		r.Delays = strings.Join(delays, ",")
	}
	return r
}

// same reports whether two records show the same look, within 3 of 255.
func (r Record) same(other Record) bool {
	if r.Shown != other.Shown || r.Size != other.Size || r.Delays != other.Delays {
		return false
	}
	for q := range r.Middles {
		a, b := strings.Split(r.Middles[q], ","), strings.Split(other.Middles[q], ",")
		for i := range min(len(a), len(b)) {
			x, errX := strconv.Atoi(a[i])
			y, errY := strconv.Atoi(b[i])
			if (errX == nil) != (errY == nil) || x-y > 3 || y-x > 3 {
				return false
			}
		}
	}
	return true
}

const columns = "case\tshown\tsize\ttop_left\ttop_right\tbottom_left\tbottom_right\tdelays_ms\tfirefox"

// writeRecords writes a table, with the browsers' versions in its first line.
func writeRecords(w io.Writer, versions string, records []Record) error {
	b := bufio.NewWriter(w)
	fmt.Fprintf(b, "# %s\n%s\n", versions, columns)
	for _, r := range records {
		fields := append([]string{r.Name, r.Shown, r.Size}, r.Middles[:]...)
		fmt.Fprintln(b, strings.Join(append(fields, r.Delays, r.Firefox), "\t"))
	}
	return b.Flush()
}

// readRecords reads the output of writeRecords.
func readRecords(text string) (versions string, records map[string]Record, err error) {
	records = map[string]Record{}
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if v, ok := strings.CutPrefix(line, "# "); ok {
			versions = v
			continue
		}
		f := strings.Split(line, "\t")
		if line == columns {
			continue
		}
		if len(f) != 9 {
			return "", nil, fmt.Errorf("record %q has %d fields, want 9", line, len(f))
		}
		records[f[0]] = Record{f[0], f[1], f[2], [4]string(f[3:7]), f[7], f[8]}
	}
	return versions, records, nil
}
