#!/usr/bin/env bash
# nginx keeps the stored headers when a 304 has new ones.
#
# With proxy_cache_revalidate on, a stored response is revalidated with If-None-Match. A
# 304 may have new header values, and RFC 9111, 4.3.4 requires a cache to update the
# stored ones. nginx updates only the lifetime. A header that describes the response keeps
# its first stored value for as long as the bytes stay.
#
# Software: nginx 1.22.1-9+deb12u11 (Debian 12).
# Seen: stored with "X-State: pending"; one second later the origin answers 304 with
# "X-State: ready"; the client gets "X-State: pending", status REVALIDATED.
# Documentation: https://nginx.org/en/docs/http/ngx_http_proxy_module.html#proxy_cache_revalidate
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
const server = require('http').createServer((request, response) => {
  const confirms = request.headers['if-none-match'] === '"v1"'
  response.setHeader('ETag', '"v1"')
  response.setHeader('Cache-Control', 'public, max-age=1')
  response.setHeader('X-State', confirms ? 'ready' : 'pending')
  response.writeHead(confirms ? 304 : 200)
  response.end(confirms ? undefined : 'the same bytes')
})
server.listen(0, '127.0.0.1', () => require('fs').writeFileSync('origin.port', String(server.address().port)))
JS
node origin.js & pids="$pids $!"
for _ in $(seq 100); do [ -s origin.port ] && break; sleep 0.1; done
origin=$(cat origin.port)
port=$(node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close() })')

cat >nginx.conf <<CONF
daemon off; user root; worker_processes 1; pid $work/pid; error_log $work/error.log;
events {}
http {
  access_log off;
  client_body_temp_path $work/b; proxy_temp_path $work/p; fastcgi_temp_path $work/f; uwsgi_temp_path $work/u; scgi_temp_path $work/s;
  proxy_cache_path $work/cache keys_zone=pictures:1m;
  server {
    listen 127.0.0.1:$port;
    location / {
      proxy_pass http://127.0.0.1:$origin;
      proxy_cache pictures;
      proxy_cache_revalidate on;
      add_header X-Cache \$upstream_cache_status;
    }
  }
}
CONF
root/usr/sbin/nginx -p "$work" -e "$work/error.log" -c "$work/nginx.conf" & pids="$pids $!"
get() { node -e 'fetch(process.argv[1]).then(async r => console.log(r.headers.get("x-cache"), r.headers.get("x-state")))' "http://127.0.0.1:$port$1"; }
for _ in $(seq 50); do get /ready >/dev/null 2>&1 && break; sleep 0.1; done

root/usr/sbin/nginx -v
first=$(get /kitty.jpg)
sleep 2.5
second=$(get /kitty.jpg)
printf 'first: %s\nafter the 304: %s\n' "$first" "$second"
[ "$first" = "MISS pending" ] && [ "$second" = "REVALIDATED pending" ] || { echo "the behaviour has changed"; exit 1; }
