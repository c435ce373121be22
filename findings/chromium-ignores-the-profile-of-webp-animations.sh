#!/usr/bin/env bash
# Chromium ignores the ICC profile of an animated WebP, though not that of a still one.
#
# A profile is in the same ICCP chunk in both. With the same pixels and the same Display
# P3 profile, the still picture is converted to sRGB and the animation is not. So a
# thumbnail whose colours are converted as the profile says differs from its animated
# original in Chromium, and one whose profile is dropped differs in Firefox, which
# converts both.
#
# Software: chromium 156 and firefox-esr 153 (Debian 12's packages; newer ones of the same
# major versions will do, and their libraries must be installed); npm sharp 0.34.5 writes
# the pixels.
# Seen: 200,80,40 in Display P3. Chromium: still 216,69,19, animated 200,80,40.
# Firefox: 216,69,19 for both.
# Documentation: https://developers.google.com/speed/webp/docs/riff_container#color_profile
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
// Writes a still and an animated WebP with the same pixels and the same profile.
const sharp = require('sharp')
const fs = require('fs')
const chunk = (name, body) => {
  const head = Buffer.alloc(8)
  head.write(name, 0, 'latin1')
  head.writeUInt32LE(body.length, 4)
  return Buffer.concat([head, body, Buffer.alloc(body.length % 2)])
}
const riff = chunks => chunk('RIFF', Buffer.concat([Buffer.from('WEBP'), ...chunks]))
const uint24 = n => Buffer.from([n & 255, n >> 8 & 255, n >> 16])
const vp8x = flags => chunk('VP8X', Buffer.concat([Buffer.from([flags, 0, 0, 0]), uint24(31), uint24(31)]))
const main = async () => {
  const red = { create: { width: 32, height: 32, channels: 3, background: { r: 200, g: 80, b: 40 } } }
  const profile = (await sharp(await sharp(red).withIccProfile('p3').png().toBuffer()).metadata()).icc
  const pixels = (await sharp(red).webp({ lossless: true }).toBuffer()).subarray(12) // VP8L
  const frame = chunk('ANMF', Buffer.concat([uint24(0), uint24(0), uint24(31), uint24(31), uint24(500), Buffer.from([2]), pixels]))
  const files = {
    plain: riff([pixels]),
    still: riff([vp8x(0x20), chunk('ICCP', profile), pixels]),
    animated: riff([vp8x(0x22), chunk('ICCP', profile), chunk('ANIM', Buffer.alloc(6)), frame, frame]),
  }
  fs.writeFileSync('page.html', '<body style="margin:0;line-height:0">' + Object.entries(files).map(([name, b]) => `<img alt="${name}" src="data:image/webp;base64,${b.toString('base64')}">`).join('') +
    `<pre></pre><script>onload = () => { document.querySelector('pre').innerText = [...document.images].map(i => {
      const c = document.createElement('canvas'); c.width = c.height = 32
      const g = c.getContext('2d'); g.drawImage(i, 0, 0)
      return '=' + i.alt + ' ' + [...g.getImageData(16, 16, 1, 1).data].slice(0, 3) }).join('\\n') }</script>`)
}
main()
JS
node make.js
root/usr/lib/chromium/chromium --version 2>/dev/null
root/usr/lib/firefox-esr/firefox-esr --version
seen=$(root/usr/lib/chromium/chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --virtual-time-budget=5000 \
	--dump-dom "file://$work/page.html" 2>/dev/null | grep -o '=[a-z]* [0-9]*,[0-9,]*' | sed 's/^=/chromium /')
mkdir firefox
printf 'user_pref("gfx.color_management.mode", 1);\nuser_pref("gfx.color_management.force_srgb", true);\n' >firefox/user.js
HOME=$work root/usr/lib/firefox-esr/firefox-esr --headless --no-remote --profile "$work/firefox" --screenshot "$work/page.png" "file://$work/page.html" >/dev/null 2>&1
seen="$seen
$(node -e "require('sharp')('page.png').removeAlpha().raw().toBuffer({ resolveWithObject: true }).then(({ data, info }) => {
	for (const [i, name] of ['plain', 'still', 'animated'].entries()) console.log('firefox', name, [...data.subarray((16 * info.width + 16 + 32 * i) * 3)].slice(0, 3).join()) })")"
echo "$seen"
[ "$seen" = "chromium plain 200,80,40
chromium still 216,69,19
chromium animated 200,80,40
firefox plain 200,80,40
firefox still 216,69,19
firefox animated 216,69,19" ] || { echo "the behaviour has changed"; exit 1; }
