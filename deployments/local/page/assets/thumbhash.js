// ThumbHash, a picture's placeholder in about 25 bytes: https://evanw.github.io/thumbhash/
// A hash holds the lowest frequencies of a cosine transform: of the lightness L, of two
// colour differences P (yellow and blue) and Q (red and green), and of the opacity A.

// Bits reads a hash's bits, the lowest of the first byte first.
class Bits {
  #bytes;
  #at = 0;

  constructor(bytes) {
    this.#bytes = bytes;
  }

  take(count) {
    let value = 0;
    for (let i = 0; i < count; i++, this.#at++) {
      value |= ((this.#bytes[this.#at >> 3] >> (this.#at & 7)) & 1) << i;
    }
    return value;
  }

  // fraction reads a number from 0 to 1.
  fraction(count) {
    return this.take(count) / (2 ** count - 1);
  }

  // signed reads a number from -1 to 1. With 6 bits, half of the range is 31.5.
  signed(count) {
    return this.take(count) / ((2 ** count - 1) / 2) - 1;
  }
}

// channel reads the factors of one channel: those below the diagonal of a grid, without the
// first, which is the mean.
function channel(bits, mean, scale, columns, rows) {
  const factors = [{ x: 0, y: 0, value: mean }];
  for (let y = 0; y < rows; y++) {
    for (let x = y === 0 ? 1 : 0; x * rows < columns * (rows - y); x++) {
      factors.push({ x, y, value: bits.signed(4) * scale });
    }
  }
  return factors;
}

function parse(hash) {
  const bits = new Bits(hash);
  const lightness = bits.fraction(6);
  const yellow = bits.signed(6);
  const red = bits.signed(6);
  const lightnessScale = bits.fraction(5);
  const transparent = bits.take(1) === 1;
  const shorter = bits.take(3);
  const yellowScale = bits.fraction(6);
  const redScale = bits.fraction(6);
  const landscape = bits.take(1) === 1;
  const opacity = transparent ? bits.fraction(4) : 1;
  const opacityScale = transparent ? bits.fraction(4) : 0;
  const longer = transparent ? 5 : 7;
  const columns = Math.max(3, landscape ? longer : shorter);
  const rows = Math.max(3, landscape ? shorter : longer);
  // Rounding makes colours paler than they are, so that they are multiplied by 1.25.
  return {
    l: channel(bits, lightness, lightnessScale, columns, rows),
    p: channel(bits, yellow, yellowScale * 1.25, 3, 3),
    q: channel(bits, red, redScale * 1.25, 3, 3),
    a: transparent ? channel(bits, opacity, opacityScale, 5, 5) : [{ x: 0, y: 0, value: opacity }],
  };
}

// cosines returns the waves of each frequency along an axis.
function cosines(length) {
  return Array.from({ length: 7 }, (_, frequency) =>
    Float64Array.from({ length }, (_, at) => Math.cos((Math.PI / length) * (at + 0.5) * frequency)));
}

// pixels returns the placeholder as RGBA, of a size.
export function pixels(hash, width, height) {
  const { l, p, q, a } = parse(hash);
  const across = cosines(width);
  const down = cosines(height);
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const at = (factors) => {
        let sum = factors[0].value;
        for (let f = 1; f < factors.length; f++) sum += 2 * factors[f].value * across[factors[f].x][x] * down[factors[f].y][y];
        return sum;
      };
      const lightness = at(l);
      const redness = at(q);
      const blue = lightness - (2 / 3) * at(p);
      const red = (3 * lightness - blue + redness) / 2;
      data.set([red * 255, (red - redness) * 255, blue * 255, at(a) * 255], i);
    }
  }
  return data;
}

// placeholder draws a hash in base64 with the proportions of its picture.
export function placeholder(hash, width, height) {
  const longest = 32;
  const scale = longest / Math.max(width || 1, height || 1);
  const canvas = document.createElement('canvas');
  canvas.width = Math.max(1, Math.round((width || 1) * scale));
  canvas.height = Math.max(1, Math.round((height || 1) * scale));
  const bytes = Uint8Array.from(atob(hash), (c) => c.charCodeAt(0));
  canvas.getContext('2d').putImageData(new ImageData(pixels(bytes, canvas.width, canvas.height), canvas.width, canvas.height), 0, 0);
  return canvas;
}
