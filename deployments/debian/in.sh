#!/usr/bin/env bash
# Runs a command in this checkout on another release of Debian:
#
#   deployments/debian/in.sh trixie make test
#
# debootstrap makes the release's root when it is first needed (3 to 6 minutes, 1.6 GB)
# below CALOTYPE_ROOTS, /var/tmp/calotype-roots by default, and kept. Go, Node and
# the caches of modules and builds are this machine's, through bind mounts. The mounts and
# all processes end with the command. It needs root, and debootstrap.
set -euo pipefail

suite=${1:?usage: in.sh SUITE COMMAND [ARG ...]} && shift
[ $# -gt 0 ] || { echo "usage: in.sh SUITE COMMAND [ARG ...]" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "in.sh: chroot and mounts need root" >&2; exit 2; }
command -v debootstrap >/dev/null || { echo "in.sh: debootstrap is missing: apt-get install debootstrap" >&2; exit 2; }

checkout=$(cd "$(dirname "$0")/../.." && pwd)
root=${CALOTYPE_ROOTS:-/var/tmp/calotype-roots}/$suite
mirror=http://deb.debian.org
# The packages for the image, the engine's tests and the browser tests. Since Debian 13 libheif's
# codecs are plug-ins, which libvips-dev only recommends; x265 writes the tests' HEIC.
packages="ca-certificates chromium gcc git libc6-dev libvips-dev make pkg-config procps systemd
	libheif-plugin-aomenc libheif-plugin-dav1d libheif-plugin-libde265 libheif-plugin-x265"

make_root() {
	rm -rf "$root.part"
	mkdir -p "$(dirname "$root")"
	debootstrap --variant=minbase "$suite" "$root.part" "$mirror/debian" >"$root.log" 2>&1 || { tail -n 20 "$root.log" >&2; return 1; }
	# A package whose dependency has a newer version in the security suite cannot be
	# installed without that suite. sid has none.
	if [ "$suite" != sid ]; then
		echo "deb $mirror/debian-security $suite-security main" >>"$root.part/etc/apt/sources.list"
	fi
	printf '#!/bin/sh\nexit 101\n' >"$root.part/usr/sbin/policy-rc.d" # No service starts.
	echo force-unsafe-io >"$root.part/etc/dpkg/dpkg.cfg.d/unsafe-io" # A broken root is rebuilt.
	chmod 755 "$root.part/usr/sbin/policy-rc.d"
	chroot "$root.part" env DEBIAN_FRONTEND=noninteractive LC_ALL=C sh -euc "
		apt-get update -q
		apt-get install -qy --no-install-recommends $(echo $packages)
		apt-get clean" >>"$root.log" 2>&1 </dev/null || { tail -n 20 "$root.log" >&2; return 1; }
	mv "$root.part" "$root"
}

mkdir -p "$(dirname "$root")"
exec 9>"$root.lock"
flock 9
[ -d "$root" ] || { echo "in.sh: making a root of Debian $suite: $root" >&2; make_root; }
flock -u 9
exec 9>&-

# The cgo part of the build cache depends on headers that are not in the cache's key, so a
# flag separates it; the rest is shared.
go=$(go env GOROOT) node=$(command -v node || true) modules=$(go env GOMODCACHE) builds=$(go env GOCACHE)
mkdir -p "$modules" "$builds"
node_modules=
[ -z "$node" ] || node_modules=$(npm root --global)

certificates=/etc/ssl/certs/ca-certificates.crt
repository=$(git -C "$checkout" rev-parse --path-format=absolute --git-common-dir 2>/dev/null || true) # Elsewhere for a worktree.

export repository suite root checkout go node node_modules modules builds certificates
exec unshare --mount --pid --fork --kill-child --propagation private bash -euo pipefail -c '
	bind() { # bind PLACE [AT]
		at=$root${2:-$1}
		if [ -d "$1" ]; then mkdir -p "$at"; else mkdir -p "$(dirname "$at")"; [ -e "$at" ] || : >"$at"; fi
		mount --rbind "$1" "$at"
	}
	bind /dev; bind /sys
	mount -t proc proc "$root/proc"
	mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
	if [ -n "$repository" ]; then bind "$repository"; fi
	bind "$checkout"; bind "$go" /usr/local/go; bind "$modules"; bind "$builds"
	cp -L /etc/resolv.conf "$root/etc/resolv.conf"
	# This machine may trust authorities of its own, such as a proxy: npm needs them too.
	if [ -s "$certificates" ]; then bind "$certificates"; fi
	if [ -n "$node" ]; then
		bind "$(readlink -f "$node")" /usr/local/bin/node
		bind "$node_modules" /usr/local/lib/node_modules
		ln -sfn ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
		ln -sfn ../lib/node_modules/npm/bin/npx-cli.js "$root/usr/local/bin/npx"
	fi
	exec chroot "$root" env -i \
		PATH=/usr/local/go/bin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
		NODE_EXTRA_CA_CERTS="$certificates" DEBIAN_FRONTEND=noninteractive CI="${CI:-}" CALOTYPE_SOAK="${CALOTYPE_SOAK:-}" \
		GOMODCACHE="$modules" GOCACHE="$builds" GOFLAGS="-buildvcs=false" GOTOOLCHAIN=local \
		CGO_CFLAGS="-O2 -g -DCALOTYPE_SUITE_$suite" \
		sh -c "cd \"\$1\" && shift && exec \"\$@\"" in.sh "$checkout" "$@"' in.sh "$@"
