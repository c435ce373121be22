#!/usr/bin/env bash
# Builds the container image on this machine, which is Debian, without a daemon: build.sh OUT
# [PRESETS]. It writes OUT/calotype-image.tar and OUT/calotype-sbom.json. The same commit and
# the same versions of Debian's packages give the same bytes.
set -euo pipefail
out=${1:?usage: build.sh OUT [PRESETS]} presets=${2:-presets.json}
cd "$(dirname "$0")/../.."
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

export GOFLAGS="-trimpath -buildvcs=true"
CGO_ENABLED=0 go build -o "$work/programs/" ./cmd/calotype
go build -o "$work/programs/" ./cmd/calotype-decode
deployments/docker/rootfs.sh "$work/programs" "$presets" "$work/root"
created=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
cd deployments/docker/oci
CGO_ENABLED=0 go run . --dockerfile ../Dockerfile --root "$work/root" --time "$created" \
	--architecture "$(go env GOARCH)" --image "$out/calotype-image.tar" --sbom "$out/calotype-sbom.json"
