package main

import (
	"fmt"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

// readDockerfile returns the settings of a Dockerfile's last stage. An instruction that it
// does not know is an error, but for COPY, which the root folder stands for.
func readDockerfile(path string) (v1.Config, error) {
	var config v1.Config
	file, err := os.Open(path)
	if err != nil {
		return config, err
	}
	defer file.Close()
	parsed, err := parser.Parse(file)
	if err != nil {
		return config, fmt.Errorf("parse %s: %w", path, err)
	}
	stages, _, err := instructions.Parse(parsed.AST, nil)
	if err != nil {
		return config, fmt.Errorf("parse %s: %w", path, err)
	}
	for _, command := range stages[len(stages)-1].Commands {
		switch c := command.(type) {
		case *instructions.CopyCommand:
		case *instructions.EnvCommand:
			for _, pair := range c.Env {
				config.Env = append(config.Env, pair.Key+"="+pair.Value)
			}
		case *instructions.LabelCommand:
			config.Labels = map[string]string{}
			for _, pair := range c.Labels {
				config.Labels[pair.Key] = pair.Value
			}
		case *instructions.UserCommand:
			config.User = c.User
		case *instructions.VolumeCommand:
			config.Volumes = map[string]struct{}{}
			for _, volume := range c.Volumes {
				config.Volumes[volume] = struct{}{}
			}
		case *instructions.ExposeCommand:
			config.ExposedPorts = map[string]struct{}{}
			for _, port := range c.Ports {
				config.ExposedPorts[port+"/tcp"] = struct{}{}
			}
		case *instructions.StopSignalCommand:
			config.StopSignal = c.Signal
		case *instructions.HealthCheckCommand:
			config.Healthcheck = &v1.HealthConfig{
				Test: c.Health.Test, Interval: c.Health.Interval, Timeout: c.Health.Timeout,
				StartPeriod: c.Health.StartPeriod, Retries: c.Health.Retries,
			}
		case *instructions.EntrypointCommand:
			config.Entrypoint = c.CmdLine
		case *instructions.CmdCommand:
			config.Cmd = c.CmdLine
		default:
			return config, fmt.Errorf("%s: %s is not known here", path, c.Name())
		}
	}
	return config, nil
}
