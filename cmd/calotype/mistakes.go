package main

import (
	"fmt"
	"reflect"

	"github.com/alecthomas/kong"
)

// mistakes gathers all that is wrong with a command line and its environment, so
// that it can be reported at once instead of one by one.
type mistakes struct {
	found []error
}

func (m *mistakes) add(errs ...error) {
	m.found = append(m.found, errs...)
}

// collect makes the parser go on after a value that cannot be read.
func (m *mistakes) collect(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && !flag.IsBool() {
			flag.Mapper = &collector{m, flag.Mapper}
		}
		return next(nil)
	})
}

type collector struct {
	to     *mistakes
	mapper kong.Mapper
}

// Decode reads a value, and remembers the error instead of returning it. The default
// then stands in, so that later checks do not complain a second time.
func (c *collector) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	err := c.mapper.Decode(ctx, target)
	if err == nil {
		return nil
	}
	name := "--" + ctx.Value.Name
	if envs := ctx.Value.Tag.Envs; len(envs) > 0 {
		name += " (or " + envs[0] + ")"
	}
	c.to.add(fmt.Errorf("%s: %w", name, err))
	if !ctx.Value.HasDefault {
		return nil
	}
	return c.mapper.Decode(ctx.WithScanner(kong.ScanAsType(kong.FlagValueToken, ctx.Value.Default)), target)
}
