#!/usr/bin/env bash
# libjpeg-turbo takes longer to decode a JPEG at 7/8, 6/8 or 5/8 of its size than whole.
#
# Scaling while decoding computes fewer pixels, so it looks like the cheap way to any size.
# It is for 1/2, 1/4 and 1/8 at best: only the whole block, 4x4 and 2x2 have inverse
# transforms in SIMD. The others are plain C: slower, although the output is smaller.
# So a ratio of 7/8 is had for less by decoding whole and scaling down afterwards.
#
# Software: libjpeg-turbo-progs 2.1.5 (Debian 12's package; its library must be installed).
# Seen: 12 megapixels, user CPU time relative to 8/8: 7/8 1.4 to 1.6, 6/8 1.3, 5/8 1.2 to 1.3,
# 4/8 0.9 to 1.0, 2/8 0.8 to 0.9.
# Documentation: https://github.com/libjpeg-turbo/libjpeg-turbo/blob/2.1.5/simd/x86_64/jsimd.c
set -euo pipefail
version=1:2.1.5-2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
apt-get download -q "libjpeg-turbo-progs=$version" >/dev/null 2>&1 || { echo "libjpeg-turbo-progs $version is not offered by this system's package sources"; exit 1; }
dpkg -x ./*.deb root
djpeg=root/usr/bin/djpeg

python3 - <<'PY'
width, height = 4000, 3000
with open("in.ppm", "wb") as f:
    f.write(b"P6 %d %d 255\n" % (width, height))
    for y in range(height):
        f.write(bytes(((x * y >> 6) + (x * 7919 + y * 104729 >> 3) % 23) & 255 for x in range(width) for _ in range(3)))
PY
root/usr/bin/cjpeg -quality 85 in.ppm >in.jpg
"$djpeg" -version 2>&1 | head -1
user() { # user EIGHTHS: milliseconds of user CPU time, the median of 9.
	for _ in 1 2 3 4 5 6 7 8 9; do
		TIMEFORMAT=%U
		{ time "$djpeg" -scale "$1/8" in.jpg >/dev/null; } 2>&1
	done | sort -n | awk 'NR == 5 { printf "%d", 1000 * $1 }'
}
whole=$(user 8)
for eighths in 7 6 5 4 2; do
	ms=$(user $eighths)
	echo "$eighths/8: $ms ms, whole: $whole ms"
	[ "$eighths" -lt 5 ] || [ $((10 * ms)) -gt $((11 * whole)) ] || { echo "the behaviour has changed"; exit 1; }
done
