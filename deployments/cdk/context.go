package main

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// contextReader reads values that are either text, as the command line gives them, or of
// JSON's types.
type contextReader struct {
	values   map[string]any
	known    map[string]bool
	problems []error
}

func (c *contextReader) check(ok bool, key, format string, args ...any) {
	if !ok {
		c.problems = append(c.problems, fmt.Errorf("context %s: %s", key, fmt.Sprintf(format, args...)))
	}
}

func (c *contextReader) text(key, otherwise, pattern, want string) string {
	c.known[key] = true
	value, given := c.values[key]
	if !given || value == "" {
		return otherwise
	}
	text := fmt.Sprint(value)
	if !regexp.MustCompile(pattern).MatchString(text) {
		c.check(false, key, "%q: want %s", text, want)
		return otherwise
	}
	return text
}

func (c *contextReader) flag(key string) bool {
	c.known[key] = true
	value, given := c.values[key]
	if !given {
		return false
	}
	set, err := strconv.ParseBool(fmt.Sprint(value))
	c.check(err == nil, key, "%q: want true or false", fmt.Sprint(value))
	return set
}

func (c *contextReader) number(key string, otherwise, least, most int) int {
	c.known[key] = true
	value, given := c.values[key]
	if !given {
		return otherwise
	}
	n, err := strconv.Atoi(fmt.Sprint(value))
	if err != nil || n < least || n > most {
		c.check(false, key, "%q: want %d to %d", fmt.Sprint(value), least, most)
		return otherwise
	}
	return n
}

// unknown returns the keys that are not settings. The CDK's own keys have a colon or an @.
func (c *contextReader) unknown() {
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		if !c.known[key] && !strings.ContainsAny(key, ":@") {
			c.check(false, key, "no such setting; there are %s", strings.Join(slices.Sorted(maps.Keys(c.known)), ", "))
		}
	}
}
