#!/usr/bin/env bash
# The animated WebP of a screen recording is several times larger than the GIF, if it is
# made with the defaults of sharp (or of libvips' webpsave).
#
# WebP usually saves bytes over GIF, so toFormat('webp') looks like a safe saving for
# every animation. It is lossy by default. The encoder keeps a frame's unchanged part only
# if it decodes alike, which lossy blocks at an edge of moving text do not, and sharp
# edges are what lossy WebP is worst at. gif2webp is lossless by default and gives what
# one expects; mixed chooses for each frame and helps too.
#
# Software: npm sharp 0.34.5 (libvips 8.17.3, libwebp 1.6.0).
# Seen: of 12 frames of 640x400, on which letters are typed, the GIF has 7,732 bytes, the
# WebP 52,002 by default, and 3,114 with lossless or mixed.
# Documentation: https://sharp.pixelplumbing.com/api-output#webp,
# https://developers.google.com/speed/webp/docs/gif2webp
set -euo pipefail
sharp=0.34.5
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
npm install --silent --no-audit --no-fund --prefix . "sharp@$sharp" >/dev/null

cat >make.js <<'JS'
const sharp = require('sharp')
const width = 640, height = 400, frames = 12
// Lines of small rectangles, as text looks from afar; each frame types one more.
const glyph = (i, x, y) => ((i * 2654435761) >>> (x + 5 * y)) & 1
const draw = n => {
  const pixels = Buffer.alloc(width * height * 3, 250)
  const typed = 55 * 20 + n
  for (let i = 0; i < typed; i++) {
    const left = 20 + 10 * (i % 55), top = 20 + 16 * Math.floor(i / 55)
    for (let y = 0; y < 5; y++) for (let x = 0; x < 5; x++) {
      if (glyph(i + 1, x, y)) pixels.fill(30, 3 * ((top + 2 * y) * width + left + x), 3 * ((top + 2 * y) * width + left + x) + 3)
    }
  }
  return pixels
}
const main = async () => {
  const all = Buffer.concat(Array.from({ length: frames }, (_, n) => draw(n)))
  const gif = await sharp(all, { raw: { width, height: height * frames, channels: 3, pageHeight: height } }).gif({ delay: Array(frames).fill(100) }).toBuffer()
  const read = () => sharp(gif, { animated: true })
  const pages = (await read().metadata()).pages
  const lossy = await read().webp().toBuffer()
  const lossless = await read().webp({ lossless: true }).toBuffer()
  const mixed = await read().webp({ mixed: true }).toBuffer()
  console.log(`sharp ${require('sharp/package.json').version}, libvips ${sharp.versions.vips}, libwebp ${sharp.versions.webp}; ${pages} frames`)
  console.log(`GIF ${gif.length}, WebP by default ${lossy.length}, mixed ${mixed.length}, lossless ${lossless.length} bytes`)
  process.exit(pages === frames && lossy.length > 2 * gif.length && lossless.length < gif.length ? 0 : 1)
}
main()
JS
node make.js || { echo "the behaviour has changed"; exit 1; }
