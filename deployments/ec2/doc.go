// Package ec2 holds the systemd units and settings for machines of one's own, and a test that
// follows docs/one-machine.md from the package to a picture: "make test-machine".
package ec2
