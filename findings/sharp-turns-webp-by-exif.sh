#!/usr/bin/env bash
# sharp turns a WebP by its EXIF orientation; Chromium shows the same file unturned.
#
# The orientation tag means the same in a JPEG and in a WebP, so rotate() looks like the
# right call for every upload. It is not: for a WebP the browser ignores the tag. A
# thumbnail made with rotate() lies on its side beside its own original.
#
# Software: npm sharp 0.34.5 (libvips 8.17.3), chromium 156 (Debian 12's package; a newer
# one of the same major version will do, and its libraries must be installed).
# Seen: of a 40x20 picture with orientation 6, Chromium shows the JPEG as 20x40 and the
# WebP as 40x20. sharp's rotate() makes 20x40 of both.
# Documentation: https://developers.google.com/speed/webp/docs/riff_container (the EXIF
# chunk; it says nothing of orientation), https://sharp.pixelplumbing.com/api-operation#rotate
set -euo pipefail
major=156 sharp=0.34.5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . "sharp@$sharp" >/dev/null
version=$(apt-cache madison chromium | awk -v m="$major" '$3 ~ "^"m"\\." { print $3; exit }')
[ -n "$version" ] || { echo "no chromium $major is offered by this system's package sources"; exit 1; }
apt-get download -q "chromium=$version" "chromium-common=$version" >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done

cat >make.js <<'JS'
const sharp = require('sharp')
const fs = require('fs')
const main = async () => {
  const pictures = {}
  for (const format of ['jpeg', 'webp']) {
    const file = await sharp({ create: { width: 40, height: 20, channels: 3, background: 'teal' } }).toFormat(format).withMetadata({ orientation: 6 }).toBuffer()
    const { info } = await sharp(file).rotate().toBuffer({ resolveWithObject: true })
    console.log(`${format} sharp ${info.width}x${info.height}`)
    pictures[format] = file.toString('base64')
  }
  fs.writeFileSync('page.html', Object.entries(pictures).map(([f, b]) => `<img alt="${f}" src="data:image/${f};base64,${b}">`).join('') +
    `<script>onload = () => { document.body.innerText = [...document.images].map(i => '=' + i.alt + ' chromium ' + i.naturalWidth + 'x' + i.naturalHeight).join('\\n') }</script>`)
}
main()
JS
seen=$(node make.js
	root/usr/lib/chromium/chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --virtual-time-budget=5000 \
		--dump-dom "file://$work/page.html" 2>/dev/null | grep -o '=[a-z]* chromium [0-9x]*' | cut -c2-)
root/usr/lib/chromium/chromium --version 2>/dev/null
echo "$seen"
[ "$seen" = "jpeg sharp 20x40
webp sharp 20x40
jpeg chromium 20x40
webp chromium 40x20" ] || { echo "the behaviour has changed"; exit 1; }
