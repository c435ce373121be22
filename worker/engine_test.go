package worker

import (
	"context"
	"os"

	"calotype/internal/awstest"
	"calotype/worker/decoder"
	"calotype/worker/render"
)

// engine renders in child processes, as in production. It ends with the tests.
var engine *decoder.Pool

func startEngine() error {
	if err := render.Start(); err != nil { // For tests that open a picture themselves.
		return err
	}
	program, err := awstest.Decoder()
	if err != nil {
		return err
	}
	engine, err = decoder.NewPool(context.Background(), decoder.Config{Path: program, Idle: 2})
	return err
}

// opened is an engine that calls a function before it opens a picture.
type opened struct {
	decoder.Engine
	before func()
}

func (e opened) Open(ctx context.Context, source *decoder.Source, limits render.Limits, grant decoder.Grant) (decoder.Picture, error) {
	e.before()
	return e.Engine.Open(ctx, source, limits, grant)
}

// failing is an engine that fails to open pictures.
type failing func() error

func (e failing) Open(context.Context, *decoder.Source, render.Limits, decoder.Grant) (decoder.Picture, error) {
	return nil, e()
}

func (e failing) Encoder() string { return "none" }

func exitOn(err error) {
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
}
