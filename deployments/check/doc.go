// Package check holds tests, and nothing but tests, of deployments that cannot be run
// where they are tested: the container image, the systemd unit. "make check-deploy"
// runs them. The tested files are in the neighbouring folders; the templates have
// their own checks, in deployments/cdk.
//
// A tool that is missing is a failure with its name, never a test that is left out.
package check
