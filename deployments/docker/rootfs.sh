#!/bin/sh
# Lays out the image's root: rootfs.sh PROGRAMS PRESETS TARGET, where
# PROGRAMS is the folder of calotype and calotype-decode. On Debian, as root or not.
#
# Debian's libvips package depends on every library that libvips can use. Of the loader
# modules (PDF, whole slides, ImageMagick) the image contains only HEIF and JPEG XL, and of
# the libraries only those that the rest is linked with. The worker blocks linked loaders
# that are not wanted, such as SVG: worker/render. Since Debian 13 libheif loads its codecs
# as plug-ins.
set -eu
programs=$1 presets=$2 target=$3
libdir=$(pkg-config --variable=libdir vips)
plugins=
for module in heif jxl; do
	plugin=$(echo "$libdir"/vips-modules-*/vips-$module.so)
	[ -e "$plugin" ] || { echo "there is no $module module in $libdir: install Debian's libvips42" >&2; exit 1; }
	plugins="$plugins $plugin"
done
for codec in aomenc dav1d libde265; do
	plugin=$libdir/libheif/plugins/libheif-$codec.so
	if [ -e "$plugin" ]; then
		plugins="$plugins $plugin"
	elif [ -d "$libdir/libheif/plugins" ]; then
		echo "$plugin is missing: install Debian's libheif-plugin-$codec" >&2; exit 1
	fi
done

mkdir -p "$target/usr/bin" "$target/etc/ssl/certs" "$target/etc/calotype" "$target/tmp" "$target/var/lib/dpkg/status.d"
for directory in bin sbin lib lib64; do
	mkdir -p "$target/usr/$directory"
	ln -sfn "usr/$directory" "$target/$directory"
done
chmod 1777 "$target/tmp"
echo 'calotype:x:65532:65532::/tmp:/sbin/nologin' >"$target/etc/passwd"
echo 'calotype:x:65532:' >"$target/etc/group"
cp "$presets" "$target/etc/calotype/presets.json"
cp /etc/ssl/certs/ca-certificates.crt "$target/etc/ssl/certs/"
cp "$programs/calotype" "$programs/calotype-decode" "$target/usr/bin/"
for module in $plugins; do
	mkdir -p "$target$(dirname "$module")"
	cp "$module" "$target$module"
done

# Every library that these load, and the loader itself, at the same paths as here.
libraries=$(ldd "$programs/calotype-decode" $plugins | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p; s/^[[:space:]]*\(\/[^ ]*ld-linux[^ ]*\).*/\1/p' | sort -u)
for library in $libraries; do
	place=$(dirname "$library")
	case $place in /usr/*) ;; *) place=/usr$place ;; esac
	mkdir -p "$target$place"
	cp -L "$library" "$target$place/"
done

# The list of packages, where scanners of distroless images look for it. Debian lists
# some libraries under /lib, some under /usr/lib. Debian 13's libc6 diverts some, which
# dpkg-query prints too.
{
	dpkg-query --search $libraries $plugins || true
	dpkg-query --search $(for library in $libraries; do echo "/usr$library"; done) || true
} 2>/dev/null | grep -v '^diversion by ' | cut -d: -f1 | sort -u | while read -r package; do
	dpkg-query --status "$package" >"$target/var/lib/dpkg/status.d/$package"
done
