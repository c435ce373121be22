#!/usr/bin/env bash
# Unpacks Debian's packages for another architecture, with all that they depend on, to
# compile and link against: sysroot.sh ARCHITECTURE TARGET PACKAGE... No program of that
# architecture runs. The release and its mirrors are this machine's, which is Debian.
set -euo pipefail
architecture=${1:?usage: sysroot.sh ARCHITECTURE TARGET PACKAGE...} target=${2:?} && shift 2
mkdir -p "$target"
target=$(cd "$target" && pwd)
apt=$(mktemp -d)
trap 'rm -rf "$apt"' EXIT

# An apt of its own, for which nothing is installed yet.
mkdir -p "$apt"/{lists,archives}/partial
touch "$apt/status"
options=(-o "APT::Architecture=$architecture" -o "APT::Architectures=$architecture"
	-o "Dir::State::lists=$apt/lists" -o "Dir::State::status=$apt/status" -o "Dir::Cache=$apt"
	-o "Dir::Cache::archives=$apt/archives" -o APT::Sandbox::User=root -o APT::Install-Recommends=false)
apt-get "${options[@]}" -qq update
apt-get "${options[@]}" -qq -y --download-only install "$@" >"$apt/log" 2>&1 || { cat "$apt/log" >&2; exit 1; }

# /lib and the like are links to /usr, as in every root of Debian 12 and later.
for directory in bin sbin lib; do
	mkdir -p "$target/usr/$directory"
	ln -sfn "usr/$directory" "$target/$directory"
done
# dpkg's own list of packages and their files, for "dpkg-query --admindir".
list=$target/var/lib/dpkg
mkdir -p "$list/info"
: >"$list/status"
for package in "$apt"/archives/*.deb; do
	dpkg-deb --fsys-tarfile "$package" | tar -x --keep-directory-symlink -C "$target"
	name=$(dpkg-deb --field "$package" Package)
	{ dpkg-deb --field "$package" | sed 's/^Version:/Status: install ok installed\n&/'; echo; } >>"$list/status"
	dpkg-deb --fsys-tarfile "$package" | tar -t | sed 's|^\.||; s|/$||; s|^$|/.|' >"$list/info/$name.list"
done
# What update-alternatives makes, which libvips's list of libraries needs.
ln -sfn hdf5-serial.pc "$target"/usr/lib/*-linux-gnu/pkgconfig/hdf5.pc
