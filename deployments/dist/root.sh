#!/bin/sh
# Builds the programs and lays out the image's root: root.sh TARGET. For its list of packages.
set -eu
target=$1
cd "$(dirname "$0")/../.."
programs=$(mktemp -d)
trap 'rm -rf "$programs"' EXIT
CGO_ENABLED=0 go build -o "$programs/" ./cmd/calotype
go build -o "$programs/" ./cmd/calotype-decode
deployments/docker/rootfs.sh "$programs" presets.json "$target"
