// Prints the table of expected hashes, hashes.tsv, by the reference: npm install
// thumbhash@0.1.1, then "node generate.mjs". The pictures are those of drawn in
// thumbhash_test.go. With a list of files of raw RGBA, named NAME.WIDTHxHEIGHT.rgba, it
// prints theirs.
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { rgbaToThumbHash } from 'thumbhash';

const sizes = [[1, 1], [100, 100], [100, 75], [75, 100], [100, 1], [1, 100], [17, 9], [99, 34], [3, 3]];
const kinds = ['noise', 'blobs', 'gradient', 'flat', 'clear', 'fading', 'hole', 'grey'];

function drawn(kind, w, h) {
  const rgba = new Uint8Array(4 * w * h);
  let state = 12345 + w * 7 + h * 3;
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) {
    const noise = [0, 0, 0, 0].map(() => (state = (state * 1103 + 12345) % 65521) & 255);
    const blob = (cx, cy) => Math.max(0, 255 - Math.trunc(((x - cx) ** 2 + (y - cy) ** 2) * 1000 / (w * w + h * h)));
    const fade = Math.trunc(x * 255 / w);
    rgba.set({
      noise: [noise[0], noise[1], noise[2], 255],
      blobs: [blob(w >> 2, h >> 1), blob(w >> 1, h >> 3), blob(w - 1, h - 1), 255],
      gradient: [fade, Math.trunc(y * 255 / h), 255 - fade, 255],
      flat: [12, 200, 77, 255],
      clear: [200, 100, 50, 0],
      fading: [blob(0, 0), 128, fade, fade],
      hole: [noise[0] >> 1, blob(0, h >> 1), 40, x * 2 > w && y * 2 > h ? 0 : 255],
      grey: [blob(w >> 1, h >> 1), blob(w >> 1, h >> 1), blob(w >> 1, h >> 1), 255],
    }[kind], 4 * (y * w + x));
  }
  return rgba;
}

const print = (name, w, h, rgba) => console.log([name, w, h, Buffer.from(rgbaToThumbHash(w, h, rgba)).toString('base64')].join('\t'));
if (process.argv.length > 2) {
  for (const file of process.argv.slice(2)) {
    const [, name, w, h] = /^(.*)\.(\d+)x(\d+)\.rgba$/.exec(basename(file));
    print(name, Number(w), Number(h), readFileSync(file));
  }
} else {
  for (const kind of kinds) for (const [w, h] of sizes) print(kind, w, h, drawn(kind, w, h));
}
