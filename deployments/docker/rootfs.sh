#!/bin/sh
# Lays out the image's root: rootfs.sh PROGRAMS PRESETS TARGET [SYSROOT], where
# PROGRAMS is the folder of calotype and calotype-decode. On Debian, as root or not. The
# libraries are this machine's, or for another architecture those of a SYSROOT (sysroot.sh).
#
# Debian's libvips package depends on every library that libvips can use. Of the loader
# modules (PDF, whole slides, ImageMagick) the image contains only HEIF and JPEG XL, and of
# the libraries only those that the rest is linked with. The worker blocks linked loaders
# that are not wanted, such as SVG: worker/render. Since Debian 13 libheif loads its codecs
# as plug-ins.
set -eu
programs=$1 presets=$2 target=$3 sysroot=${4:-}
modules=$(echo "$sysroot"/usr/lib/*-linux-gnu/vips-modules-*)
libdir=$(dirname "${modules#"$sysroot"}")
plugins=
for module in heif jxl; do
	plugin=${modules#"$sysroot"}/vips-$module.so
	[ -e "$sysroot$plugin" ] || { echo "there is no $module module in $libdir: install Debian's libvips42" >&2; exit 1; }
	plugins="$plugins $plugin"
done
for codec in aomenc dav1d libde265; do
	plugin=$libdir/libheif/plugins/libheif-$codec.so
	if [ -e "$sysroot$plugin" ]; then
		plugins="$plugins $plugin"
	elif [ -d "$sysroot$libdir/libheif/plugins" ]; then
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
	cp "$sysroot$module" "$target$module"
done

# The libraries that these need, and the loader itself, with all that they need in turn.
# All of them are in Debian's one folder of libraries.
needed() { readelf --dynamic "$@" | sed -n 's/.*(NEEDED).*\[\(.*\)\]$/\1/p' | sort -u; }
loader=$(readelf --program-headers "$programs/calotype-decode" | sed -n 's/.*interpreter: \(\/[^]]*\)\]$/\1/p')
libraries=
names=$(needed "$programs/calotype-decode" $(for module in $plugins; do echo "$sysroot$module"; done))
while [ -n "$names" ]; do
	found=
	for name in $names; do
		case " $loader $libraries " in *"/$name "*) continue ;; esac
		library=$libdir/$name
		[ -e "$sysroot$library" ] || { echo "$library is missing" >&2; exit 1; }
		libraries="$libraries $library" found="$found $sysroot$library"
	done
	names=
	[ -z "$found" ] || names=$(needed $found)
done
for library in $libraries; do
	mkdir -p "$target$libdir"
	cp -L "$sysroot$library" "$target$libdir/"
done
mkdir -p "$target/usr$(dirname "$loader")"
cp -L "$sysroot$loader" "$target/usr$loader"

# The list of packages, where scanners of distroless images look for it. Debian 12 lists
# some libraries under /lib, which is a link to /usr/lib. Debian 13's libc6 diverts some,
# which dpkg-query prints too. The licences ask that their texts go with the libraries.
query() { dpkg-query --admindir="$sysroot/var/lib/dpkg" "$@"; }
{
	query --search $libraries $plugins || true
	query --search $(for library in $libraries; do echo "${library#/usr}"; done) || true
} 2>/dev/null | grep -v '^diversion by ' | sed 's/: \/.*//' | sort -u | while read -r package; do
	name=${package%%:*}
	query --status "$package" >"$target/var/lib/dpkg/status.d/$name"
	mkdir -p "$target/usr/share/doc/$name"
	cp -L "$sysroot/usr/share/doc/$name/copyright" "$target/usr/share/doc/$name/"
done
