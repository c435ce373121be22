package main

import (
	"fmt"
	"reflect"

	"github.com/alecthomas/kong"
)

// problems collects all problems of a command line and its environment, so that they are
// reported together.
type problems struct {
	found []error
}

func (p *problems) add(errs ...error) {
	p.found = append(p.found, errs...)
}

// collect lets the parser continue after an invalid value.
func (p *problems) collect(k *kong.Kong) error {
	return kong.Visit(k.Model, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && !flag.IsBool() {
			flag.Mapper = &collector{p, flag.Mapper}
		}
		return next(nil)
	})
}

type collector struct {
	to     *problems
	mapper kong.Mapper
}

// Decode reads a value and records the error instead of returning it. The default then
// replaces the value, so that later checks do not report it again.
func (c *collector) Decode(ctx *kong.DecodeContext, target reflect.Value) error {
	err := c.mapper.Decode(ctx, target)
	if err == nil {
		return nil
	}
	name := "--" + ctx.Value.Name
	if envs := ctx.Value.Tag.Envs; len(envs) > 0 {
		name += " (or " + envs[0] + ")"
	}
	for _, cause := range causes(err) {
		c.to.add(fmt.Errorf("%s: %w", name, unreadable(cause, target.Type().String())))
	}
	if !ctx.Value.HasDefault {
		return nil
	}
	return c.mapper.Decode(ctx.WithScanner(kong.ScanAsType(kong.FlagValueToken, ctx.Value.Default)), target)
}
