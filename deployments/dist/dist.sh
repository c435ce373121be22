#!/usr/bin/env bash
# Makes a release in a folder: dist.sh OUT. The decoder, and with it the Debian package, is for
# this machine's Debian and architecture. The same commit and toolchain give the same bytes.
# DEB_ONLY=1 makes only the Debian package; WITHOUT_LAMBDA=1 leaves out what needs npm.
set -euo pipefail
out=${1:?usage: dist.sh OUT}
cd "$(dirname "$0")/../.."
rm -rf "$out"
mkdir -p "$out"
out=$(cd "$out" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
VERSION=$(sed -n 's/^const Version = "\(.*\)"$/\1/p' version.go)
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}
ARCH=$(go env GOARCH) WORK=$work
DEBIAN=$(. /etc/os-release && echo "${VERSION_ID:-0}")
# Debian 13 renamed the library with the 64-bit time, and split libheif's codecs off.
DEPENDS=$([ "$DEBIAN" -ge 13 ] && echo "libvips42t64, libheif-plugin-aomenc, libheif-plugin-dav1d, libheif-plugin-libde265" || echo libvips42)
export VERSION SOURCE_DATE_EPOCH ARCH DEPENDS WORK
build() { go build -trimpath -ldflags "-s -w -buildid=" "$@"; }
pack() { # pack NAME FOLDER: FOLDER as NAME.tar.gz
  tar -C "$2" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -cf - . | gzip -9n >"$out/$1.tar.gz"
}

go build -o "$work/calotype" ./cmd/calotype
"$work/calotype" man "$work/man"
mkdir "$work/completion"
for shell in bash zsh fish; do "$work/calotype" completion "$shell" >"$work/completion/calotype.$shell"; done
rm "$work/calotype"
(cd deployments/dist && go build -o "$work/dist" .)
"$work/dist" notices "$work/third-party-licences.txt"

# All commands but worker and render --in-process need no library: those start the decoder.
targets="linux/amd64 linux/arm64 darwin/amd64 darwin/arm64"
[ -z "${DEB_ONLY:-}" ] || targets=linux/$ARCH
for target in $targets; do
  name=calotype_${VERSION}_${target/\//_} folder=$work/${target/\//_}
  CGO_ENABLED=0 GOOS=${target%/*} GOARCH=${target#*/} build -o "$folder/calotype" ./cmd/calotype
  cp -r "$work/man" "$work/completion" README.md CHANGELOG.md docs/licences.md "$work/third-party-licences.txt" "$folder/"
  pack "$name" "$folder"
done
CGO_ENABLED=1 build -o "$work/decoder/calotype-decode" ./cmd/calotype-decode
cp "$work/third-party-licences.txt" "$work/decoder/"
pack "calotype-decode_${VERSION}_linux_${ARCH}_debian$DEBIAN" "$work/decoder"

for page in "$work"/man/*.1; do gzip -9n "$page"; done
sed 's#/usr/local/bin/#/usr/bin/#' deployments/ec2/calotype-worker.service >"$work/calotype-worker.service"
sed 's#/usr/local/bin/#/usr/bin/#' deployments/ec2/calotype-edge.service >"$work/calotype-edge.service"
"$work/dist" deb deployments/dist/nfpm.yaml "$out/calotype_${VERSION}_debian${DEBIAN}_$ARCH.deb"
[ -z "${DEB_ONLY:-}" ] || { rm "$out"/*.tar.gz; exit; }

if [ -z "${WITHOUT_LAMBDA:-}" ]; then
  make -s edge edge-lambda >/dev/null
  cp dist/lambda-edge.zip "$out/calotype-lambda-edge_$VERSION.zip"
  cp dist/edge-lambda.zip "$out/calotype-edge-lambda_$VERSION.zip"
fi

mkdir "$work/chart"
cp -r deployments/helm/calotype "$work/chart/"
rm -rf "$work/chart/calotype/ci"
tar -C "$work/chart" --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=ustar -cf - calotype | gzip -9n >"$out/calotype-chart-$VERSION.tgz"

"$work/dist" sbom "$out/calotype_$VERSION.sbom.json" "$VERSION" "$work/linux_$ARCH/calotype" "$work/decoder/calotype-decode"
(cd "$out" && sha256sum -- * >SHA256SUMS)
