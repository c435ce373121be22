#!/usr/bin/env bash
# X-Content-Type-Options: nosniff hides a picture in Chromium, but only from other sites.
#
# In the Fetch standard nosniff affects scripts and style sheets, and pictures from the
# same site are shown whatever their Content-Type is. Chromium's opaque response blocking
# goes further. A picture from another origin with the type text/plain or text/html is
# not shown with nosniff, although it is without. application/octet-stream is shown. An
# image host is another origin for every page, so a check on the host itself finds
# nothing. Firefox hides only text/html.
#
# Software: chromium 156 (Debian 12's package; a newer one of the same major
# version will do, and its libraries must be installed).
# Seen: of text/plain, text/html, application/octet-stream and image/png, each with and
# without nosniff, all 8 are shown on the same origin, and 6 from another origin.
# Documentation: https://github.com/annevk/orb, https://fetch.spec.whatwg.org/#x-content-type-options-header
set -euo pipefail
major=156
work=$(mktemp -d)
pids=
cleanup() { for pid in $pids; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
cd "$work"
version=$(apt-cache madison chromium | awk -v m="$major" '$3 ~ "^"m"\\." { print $3; exit }')
[ -n "$version" ] || { echo "no chromium $major is offered by this system's package sources"; exit 1; }
apt-get download -q "chromium=$version" "chromium-common=$version" >/dev/null 2>&1
for package in ./*.deb; do dpkg -x "$package" root; done

cat >server.js <<'JS'
// Serves a page and its pictures; the page is opened as localhost or as 127.0.0.1.
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const types = ['text/plain', 'text/html', 'application/octet-stream', 'image/png']
const server = require('http').createServer((request, response) => {
  const url = new URL(request.url, 'http://127.0.0.1')
  if (url.pathname === '/picture') {
    response.setHeader('Content-Type', url.searchParams.get('type'))
    if (url.searchParams.get('nosniff') === '1') response.setHeader('X-Content-Type-Options', 'nosniff')
    return response.end(png)
  }
  const host = `http://127.0.0.1:${server.address().port}`
  const pictures = types.flatMap(type => [0, 1].map(nosniff => `<img alt="${type} nosniff=${nosniff}" src="${host}/picture?type=${encodeURIComponent(type)}&nosniff=${nosniff}">`))
  response.setHeader('Content-Type', 'text/html')
  response.end(`<body>${pictures.join('')}<script>onload = () => {
    document.body.innerText = [...document.images].map(i => '=' + i.alt + ' ' + (i.naturalWidth ? 'shown' : 'hidden')).join('\\n') }</script>`)
})
server.listen(0, '127.0.0.1', () => require('fs').writeFileSync('port', String(server.address().port)))
JS
node server.js & pids="$pids $!"
for _ in $(seq 100); do [ -s port ] && break; sleep 0.1; done

look() {
	root/usr/lib/chromium/chromium --headless --no-sandbox --disable-gpu --user-data-dir="$work/profile" --virtual-time-budget=5000 \
		--dump-dom "http://$1:$(cat port)/" 2>/dev/null | grep -o '=[a-z][^<=]*nosniff=[01] [a-z]*' | cut -c2-
}
root/usr/lib/chromium/chromium --version 2>/dev/null
same=$(look 127.0.0.1) other=$(look localhost)
printf 'same origin:\n%s\nanother origin:\n%s\n' "$same" "$other"
[ "$(grep -c shown <<<"$same")" = 8 ] && [ "$(grep -c shown <<<"$other")" = 6 ] &&
	grep -q '^text/plain nosniff=1 hidden' <<<"$other" && grep -q '^text/html nosniff=1 hidden' <<<"$other" ||
	{ echo "the behaviour has changed"; exit 1; }
