// Addresses of pictures. A key is any string: spaces, %, ? and # are encoded, and so
// is the apostrophe, for the shell.

export function pathOf(key) {
  return '/' + key.split('/').map((segment) => encodeURIComponent(segment).replaceAll("'", '%27')).join('/');
}

export function pathOfVariant(key, query) {
  return `${pathOf(key)}?${query}`;
}

// absolute also holds for a key that begins with a slash.
export function absolute(path) {
  return location.origin + path;
}

export function curl(path) {
  return `curl -sS -o /dev/null -D - '${absolute(path)}'`;
}
