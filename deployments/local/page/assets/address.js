// Addresses of pictures. A key is any string: spaces, %, ? and # are encoded. The
// apostrophe is encoded too, for the shell.

export function pathOf(key) {
  return '/' + key.split('/').map((segment) => encodeURIComponent(segment).replaceAll("'", '%27')).join('/');
}

export function pathOfVariant(key, query) {
  return `${pathOf(key)}?${query}`;
}

// absolute is also correct for a key that begins with a slash.
export function absolute(path) {
  return location.origin + path;
}

export function curl(path) {
  return `curl -sS -o /dev/null -D - '${absolute(path)}'`;
}
