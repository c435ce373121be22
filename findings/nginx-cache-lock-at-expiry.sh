#!/usr/bin/env bash
# nginx's proxy_cache_lock collapses requests for a new entry and not for an expired one.
#
# With the lock, many viewers of a picture that is not stored lead to one request. When
# the stored response expires they all go to the origin at once, unless
# proxy_cache_use_stale updating is set as well. A response with a lifetime of
# seconds is affected every few seconds.
#
# Software: nginx 1.22.1-9+deb12u11 (Debian 12).
# Seen: 40 requests at once for a new entry: 1 reaches the origin. 40 at once when it has
# expired: all 40 do. With "proxy_cache_use_stale updating": 1.
# Documentation: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_lock
set -euo pipefail
version=1.22.1-9+deb12u11
work=$(mktemp -d)
pids=
cleanup() { for pid in $pids; do kill "$pid" 2>/dev/null || true; done; wait 2>/dev/null || true; rm -rf "$work"; }
trap cleanup EXIT
cd "$work"
apt-get download -q "nginx=$version" >/dev/null
dpkg -x ./*.deb root
mkdir cache

cat >origin.js <<'JS'
// Counts its requests by path, and takes a while for each.
const counts = {}
const server = require('http').createServer((request, response) => {
  if (request.url.startsWith('/count')) return response.end(String(counts[request.url.slice('/count'.length)] || 0))
  counts[request.url] = (counts[request.url] || 0) + 1
  response.setHeader('Cache-Control', 'public, max-age=1')
  setTimeout(() => response.end('a picture'), 1500)
})
server.listen(0, '127.0.0.1', () => require('fs').writeFileSync('origin.port', String(server.address().port)))
JS
cat >crowd.js <<'JS'
// Sends 40 requests for a path at once, and prints how many reached the origin.
const [proxy, origin, path] = process.argv.slice(2)
const count = async () => Number(await (await fetch(`http://127.0.0.1:${origin}/count${path}`)).text())
const crowd = async () => {
  const before = await count()
  await Promise.all(Array.from({ length: 40 }, () => fetch(`http://127.0.0.1:${proxy}${path}`).then(r => r.text())))
  return (await count()) - before
}
;(async () => {
  const fresh = await crowd()
  await new Promise(done => setTimeout(done, 2500))
  console.log(`new ${fresh}, expired ${await crowd()}`)
})()
JS
node origin.js & pids="$pids $!"
for _ in $(seq 100); do [ -s origin.port ] && break; sleep 0.1; done
origin=$(cat origin.port)
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')

cat >nginx.conf <<CONF
daemon off; user root; worker_processes 1; pid $work/pid; error_log $work/error.log;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  proxy_cache_path $work/cache keys_zone=pictures:1m;
  server {
    listen 127.0.0.1:$port;
    proxy_cache pictures;
    proxy_cache_lock on;
    proxy_cache_lock_timeout 20s;
    location /lock/ { proxy_pass http://127.0.0.1:$origin; }
    location /updating/ { proxy_pass http://127.0.0.1:$origin; proxy_cache_use_stale updating; }
  }
}
CONF
root/usr/sbin/nginx -p "$work" -e "$work/error.log" -c "$work/nginx.conf" & pids="$pids $!"
for _ in $(seq 50); do node -e 'require("net").connect(+process.argv[1], "127.0.0.1").on("error", () => process.exit(1)).on("connect", () => process.exit(0))' "$port" && break; sleep 0.1; done

root/usr/sbin/nginx -v
lock=$(node crowd.js "$port" "$origin" /lock/kitty.jpg) updating=$(node crowd.js "$port" "$origin" /updating/kitty.jpg)
printf 'proxy_cache_lock: %s\nwith proxy_cache_use_stale updating: %s\n' "$lock" "$updating"
[ "$lock" = "new 1, expired 40" ] && [ "${updating%%,*}" = "new 1" ] && [ "${updating##* }" -le 2 ] || { echo "the behaviour has changed"; exit 1; }
