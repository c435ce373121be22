// Package check tests deployments that cannot be run on the test machine: the container
// image and the systemd unit. "make check-deploy" runs the tests. The tested files are in
// the neighbouring folders. The templates have their own checks in deployments/cdk.
//
// A missing tool is a failure that names the tool; no test is skipped.
package check
