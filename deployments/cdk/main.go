// Program cdk writes the CloudFormation templates of Calotype on AWS. "npx cdk deploy" runs
// it, and so does "go run .". stacks.go lists the stacks; each part has its own file.
// Defaults that the programs have are taken from the worker's and the edge's packages.
//
// It needs neither credentials nor a network nor libvips (build it with CGO_ENABLED=0).
// docs/deployment.md explains how to use it.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func main() {
	code := 0
	if err := run(os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "calotype cdk:", err)
		code = 1
	}
	jsii.Close()
	os.Exit(code)
}

// run writes the templates to CDK_OUTDIR, or to cdk.out, and prints where.
func run(stdout io.Writer) error {
	outdir := os.Getenv("CDK_OUTDIR") // The cdk program sets it.
	if outdir == "" {
		outdir = "cdk.out"
	}
	app := newApp(outdir, nil)
	s, err := readSettings(app.Node())
	if err != nil {
		return err
	}
	if err := build(app, s); err != nil {
		return err
	}
	assembly := app.Synth(nil)
	if err := complete(*assembly.Directory()); err != nil {
		return err
	}
	fmt.Fprintln(stdout, *assembly.Directory())
	return nil
}

// complete checks that no value of the templates would be looked up in an account. It reads
// the manifest itself: the library's binding cannot.
func complete(directory string) error {
	data, err := os.ReadFile(filepath.Join(directory, "manifest.json"))
	if err != nil {
		return err
	}
	var manifest struct {
		Missing []json.RawMessage `json:"missing"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return fmt.Errorf("parse the manifest: %w", err)
	}
	if len(manifest.Missing) > 0 {
		return errors.New("the templates depend on values that only an account has, such as its zones: this is a bug in this program")
	}
	return nil
}

// newApp sets the feature flags here and not in cdk.json, so that "go run ." and the cdk
// program write the same templates. Values on the command line override the context.
func newApp(outdir string, context map[string]any) awscdk.App {
	flags := map[string]any{
		"@aws-cdk/aws-iam:minimizePolicies":                                     true,
		"@aws-cdk/core:validateAgainstDefaultRules":                             true,
		"@aws-cdk/core:enablePartitionLiterals":                                 true,
		"@aws-cdk/core:target-partitions":                                       []string{"aws"},
		"@aws-cdk/aws-ecs:reduceEc2FargateCloudWatchPermissions":                true,
		"@aws-cdk/aws-ecs:disableExplicitDeploymentControllerForCircuitBreaker": true,
		"@aws-cdk/aws-ecs:removeDefaultDeploymentAlarm":                         true,
		"@aws-cdk/aws-cloudfront:useStableIdForOriginAccessControl":             true,
	}
	for key, value := range context {
		flags[key] = value
	}
	return awscdk.NewApp(&awscdk.AppProps{
		Outdir:             &outdir,
		Context:            &flags,
		AnalyticsReporting: jsii.Bool(false),
	})
}
