#!/usr/bin/env bash
# Builds the container image on this machine, which is Debian, without a daemon: build.sh OUT
# [PRESETS]. It writes calotype-image-ARCHITECTURE.tar and calotype-sbom-ARCHITECTURE.json into
# OUT. The same commit and the same versions of Debian's packages give the same bytes.
#
# GOARCH is the image's architecture, this machine's by default. Another one is compiled
# with Debian's cross compiler and linked with the libraries in SYSROOT; without it, they
# are fetched.
set -euo pipefail
out=${1:?usage: build.sh OUT [PRESETS]} presets=${2:-presets.json}
cd "$(dirname "$0")/../.."
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"

export GOFLAGS="-trimpath -buildvcs=true"
architecture=$(go env GOARCH) sysroot=
if [ "$architecture" != "$(go env GOHOSTARCH)" ]; then
	case $architecture in amd64) triplet=x86_64-linux-gnu ;; arm64) triplet=aarch64-linux-gnu ;; *) echo "build.sh: GOARCH=$architecture: want amd64 or arm64" >&2; exit 2 ;; esac
	command -v "$triplet-gcc" >/dev/null || { echo "build.sh: $triplet-gcc is missing: install Debian's gcc-${triplet//_/-}" >&2; exit 1; }
	sysroot=${SYSROOT:-$work/sysroot}
	[ -d "$sysroot" ] || deployments/docker/sysroot.sh "$architecture" "$sysroot" \
		libvips-dev libheif-plugin-aomenc libheif-plugin-dav1d libheif-plugin-libde265
	export CC=$triplet-gcc CGO_ENABLED=1 CGO_CFLAGS="-O2 -g --sysroot=$sysroot" CGO_LDFLAGS="--sysroot=$sysroot"
	export PKG_CONFIG_SYSROOT_DIR=$sysroot PKG_CONFIG_LIBDIR=$sysroot/usr/lib/$triplet/pkgconfig:$sysroot/usr/share/pkgconfig
fi
CGO_ENABLED=0 go build -o "$work/programs/" ./cmd/calotype
go build -o "$work/programs/" ./cmd/calotype-decode
deployments/docker/rootfs.sh "$work/programs" "$presets" "$work/root" "$sysroot"
created=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
cd deployments/docker/oci
CGO_ENABLED=0 GOARCH= go run . --dockerfile ../Dockerfile --root "$work/root" --time "$created" \
	--architecture "$architecture" --image "$out/calotype-image-$architecture.tar" --sbom "$out/calotype-sbom-$architecture.json"
