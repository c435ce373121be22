#!/usr/bin/env bash
# HAProxy's cache stores nothing with "max-age=0", whatever "s-maxage" says.
#
# s-maxage is the lifetime in shared caches, and overrides max-age there (RFC 9111, 5.2.2.10). So
# "max-age=0, s-maxage=5" is the usual way to let a CDN keep an answer for a few seconds and
# browsers not at all. HAProxy reads s-maxage for the lifetime, but refuses to store the
# response as soon as it sees "max-age=0". With "max-age=1, s-maxage=5" it stores it.
#
# Software: haproxy 2.6.12-1+deb12u4 (Debian 12).
# Seen: of 5 requests in a row, the number that reach the origin: 5 with "max-age=0, s-maxage=5", 1 with
# "max-age=1, s-maxage=5", 1 with "s-maxage=5".
# Documentation: https://docs.haproxy.org/2.6/configuration.html#6.1
set -euo pipefail
version=2.6.12-1+deb12u4
work=$(mktemp -d)
pids=
cleanup() { for pid in $pids; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
cd "$work"
apt-get download -q "haproxy=$version" >/dev/null
dpkg -x ./*.deb root

cat >origin.js <<'JS'
// Answers with the Cache-Control that the path names, and counts its requests by path.
const counts = {}
const lives = { '/zero': 'public, max-age=0, s-maxage=5', '/one': 'public, max-age=1, s-maxage=5', '/shared': 'public, s-maxage=5' }
const server = require('http').createServer((request, response) => {
  if (request.url.startsWith('/count')) return response.end(String(counts[request.url.slice('/count'.length)] || 0))
  counts[request.url] = (counts[request.url] || 0) + 1
  response.setHeader('Cache-Control', lives[request.url])
  response.end('a picture')
})
server.listen(0, '127.0.0.1', () => require('fs').writeFileSync('origin.port', String(server.address().port)))
JS
cat >row.js <<'JS'
// Sends 5 requests in a row, and prints how many reached the origin.
const [proxy, origin, path] = process.argv.slice(2)
const text = async (port, path) => (await fetch(`http://127.0.0.1:${port}${path}`)).text()
;(async () => {
  for (let i = 0; i < 5; i++) await text(proxy, path)
  console.log(await text(origin, `/count${path}`))
})()
JS
node origin.js & pids="$pids $!"
for _ in $(seq 100); do [ -s origin.port ] && break; sleep 0.1; done
origin=$(cat origin.port)
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')

cat >haproxy.cfg <<CONF
global
  maxconn 100
defaults
  mode http
  timeout client 10s
  timeout connect 10s
  timeout server 10s
cache pictures
  total-max-size 4
  max-age 60
frontend all
  bind 127.0.0.1:$port
  http-request cache-use pictures
  http-response cache-store pictures
  default_backend origin
backend origin
  server one 127.0.0.1:$origin
CONF
root/usr/sbin/haproxy -db -f haproxy.cfg & pids="$pids $!"
for _ in $(seq 50); do node -e 'require("net").connect(+process.argv[1], "127.0.0.1").on("error", () => process.exit(1)).on("connect", () => process.exit(0))' "$port" && break; sleep 0.1; done

root/usr/sbin/haproxy -v | head -1
zero=$(node row.js "$port" "$origin" /zero) one=$(node row.js "$port" "$origin" /one) shared=$(node row.js "$port" "$origin" /shared)
printf 'max-age=0, s-maxage=5: %s of 5 reach the origin\nmax-age=1, s-maxage=5: %s\ns-maxage=5: %s\n' "$zero" "$one" "$shared"
[ "$zero $one $shared" = "5 1 1" ] || { echo "the behaviour has changed"; exit 1; }
