// Numbers in a readable form.

// count names a number of things: "1 picture", "2 pictures".
export function count(n, thing) {
  return n === 1 ? `1 ${thing}` : `${n.toLocaleString('en')} ${thing}s`;
}

export function bytes(n) {
  if (n < 1000) return `${n} B`;
  if (n < 99_950) return `${(n / 1000).toFixed(n < 9_950 ? 1 : 0)} kB`;
  if (n < 999_500) return `${Math.round(n / 1000)} kB`;
  if (n < 999_500_000) return `${(n / 1e6).toFixed(n < 99_950_000 ? 1 : 0)} MB`;
  return `${(n / 1e9).toFixed(1)} GB`;
}

export function pixels({ width, height }) {
  return width && height ? `${width} × ${height}` : '';
}

export function time(ms) {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
}

// saved returns by how much the second is smaller: "98 %".
export function saved(before, after) {
  const percent = 100 * (1 - after / before);
  return `${percent > 99 && percent < 100 ? percent.toFixed(1) : Math.round(percent)} %`;
}

const names = { jpeg: 'JPEG', png: 'PNG', gif: 'GIF', webp: 'WebP', avif: 'AVIF', jxl: 'JPEG XL', bmp: 'BMP', tiff: 'TIFF', heic: 'HEIC' };

export function formatName(format) {
  return names[format] ?? format;
}
