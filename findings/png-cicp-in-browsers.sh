#!/usr/bin/env bash
# Two values of PNG's cICP chunk look otherwise in Chromium than in Firefox.
#
# cICP names primaries, transfer, matrix and range by four numbers. Where the range is
# limited, as video tools write it, Chromium drops the whole chunk, primaries too, and
# Firefox takes the primaries and reads the samples as of full range. Transfer 1, BT.709,
# is its own curve in Chromium and the curve of sRGB in Firefox.
#
# Software: chromium 156 and firefox-esr 153 (Debian 12's packages; newer ones of the same
# major versions will do, and their libraries must be installed); npm sharp 0.34.5 reads
# Firefox's screenshot.
# Seen: of the colour 200,80,40, Display P3 of full range: 216,69,17 in both; of limited
# range: Chromium 200,80,40, Firefox 216,69,17. BT.709: Chromium 197,70,28, Firefox
# 200,80,40.
# Documentation: https://www.w3.org/TR/png-3/#cICP-chunk
set -euo pipefail
chromium=156 firefox=153 sharp=0.34.5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . "sharp@$sharp" >/dev/null
unpack() { # unpack PACKAGE MAJOR [PACKAGE OF THE SAME VERSION]
	version=$(apt-cache madison "$1" | awk -v m="$2" '$3 ~ "^"m"\\." { print $3; exit }')
	[ -n "$version" ] || { echo "no $1 $2 is offered by this system's package sources"; exit 1; }
	for package in "$1" ${3:-}; do apt-get download -q "$package=$version" >/dev/null 2>&1; done
}
unpack chromium "$chromium" chromium-common
unpack firefox-esr "$firefox"
for package in ./*.deb; do dpkg -x "$package" root; done

cat >make.js <<'JS'
// Writes pictures of one colour that differ in their chunks.
const zlib = require('zlib')
const fs = require('fs')
const crc = bytes => {
  let c = ~0
  for (const x of bytes) {
    c ^= x
    for (let bit = 0; bit < 8; bit++) c = c & 1 ? c >>> 1 ^ 0xEDB88320 : c >>> 1
  }
  return ~c >>> 0
}
const uints = (...values) => {
  const out = Buffer.alloc(4 * values.length)
  values.forEach((v, i) => out.writeUInt32BE(v, 4 * i))
  return out
}
const chunk = (name, body) => {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), body])
  return Buffer.concat([uints(body.length), named, uints(crc(named))])
}
const row = Buffer.concat([Buffer.from([0]), ...Array(32).fill(Buffer.from([200, 80, 40]))])
const png = (...chunks) => Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), chunk('IHDR', Buffer.concat([uints(32, 32), Buffer.from([8, 2, 0, 0, 0])])),
  ...chunks, chunk('IDAT', zlib.deflateSync(Buffer.concat(Array(32).fill(row)))), chunk('IEND', Buffer.alloc(0))])
const cicp = (...numbers) => png(chunk('cICP', Buffer.from(numbers)))
const files = { plain: png(), full: cicp(12, 13, 0, 1), limited: cicp(12, 13, 0, 0), transfer: cicp(1, 1, 0, 1) }
fs.writeFileSync('names.json', JSON.stringify(Object.keys(files)))
fs.writeFileSync('page.html', '<body style="margin:0;line-height:0">' + Object.entries(files).map(([name, b]) => `<img alt="${name}" src="data:image/png;base64,${b.toString('base64')}">`).join('') +
  `<pre></pre><script>onload = () => { document.querySelector('pre').innerText = [...document.images].map(i => {
    const c = document.createElement('canvas'); c.width = c.height = 32
    const g = c.getContext('2d'); g.drawImage(i, 0, 0)
    return '=' + i.alt + ' ' + [...g.getImageData(16, 16, 1, 1).data].slice(0, 3) }).join('\\n') }</script>`)
JS
node make.js
root/usr/lib/chromium/chromium --version 2>/dev/null
root/usr/lib/firefox-esr/firefox-esr --version
seen=$(root/usr/lib/chromium/chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --virtual-time-budget=5000 \
	--dump-dom "file://$work/page.html" 2>/dev/null | grep -o '=[a-zA-Z+-]* [0-9]*,[0-9,]*' | sed 's/^=/chromium /')
mkdir firefox
printf 'user_pref("gfx.color_management.mode", 1);\nuser_pref("gfx.color_management.force_srgb", true);\n' >firefox/user.js
HOME=$work root/usr/lib/firefox-esr/firefox-esr --headless --no-remote --profile "$work/firefox" --screenshot "$work/page.png" "file://$work/page.html" >/dev/null 2>&1
seen="$seen
$(node -e "require('sharp')('page.png').removeAlpha().raw().toBuffer({ resolveWithObject: true }).then(({ data, info }) => {
	for (const [i, name] of require('./names.json').entries()) console.log('firefox', name, [...data.subarray((16 * info.width + 16 + 32 * i) * 3)].slice(0, 3).join()) })")"
echo "$seen"
[ "$seen" = "chromium plain 200,80,40
chromium full 216,69,17
chromium limited 200,80,40
chromium transfer 197,70,28
firefox plain 200,80,40
firefox full 216,69,17
firefox limited 216,69,17
firefox transfer 200,80,40" ] || { echo "the behaviour has changed"; exit 1; }
