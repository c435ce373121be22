#!/usr/bin/env bash
# nginx's $arg_NAME finds a parameter in any case.
#
# A cache key of $uri$arg_size looks like the shortest right one for ?size=M. A request
# for ?SIZE=M has the same key, although the origin, like most, distinguishes
# the two: the first request fills the entry that the other one gets.
#
# Software: nginx 1.22.1-9+deb12u11 (Debian 12).
# Seen: "GET /kitty.jpg?SIZE=M" stores the origin's response to SIZE, and then
# "GET /kitty.jpg?size=M" is a HIT with that response.
# Documentation: https://nginx.org/en/docs/http/ngx_http_core_module.html#var_arg_
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
// Answers with the query as it came.
const server = require('http').createServer((request, response) => {
  response.setHeader('Cache-Control', 'public, max-age=60')
  response.end('answer to ' + request.url)
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
      proxy_cache_key \$uri\$arg_size;
      add_header X-Cache \$upstream_cache_status;
    }
  }
}
CONF
root/usr/sbin/nginx -p "$work" -e "$work/error.log" -c "$work/nginx.conf" & pids="$pids $!"
get() { node -e 'fetch(process.argv[1]).then(async r => console.log(r.headers.get("x-cache"), await r.text()))' "http://127.0.0.1:$port$1"; }
for _ in $(seq 50); do get /ready >/dev/null 2>&1 && break; sleep 0.1; done

root/usr/sbin/nginx -v
first=$(get '/kitty.jpg?SIZE=M') second=$(get '/kitty.jpg?size=M')
printf 'GET /kitty.jpg?SIZE=M: %s\nGET /kitty.jpg?size=M: %s\n' "$first" "$second"
[ "$first" = "MISS answer to /kitty.jpg?SIZE=M" ] && [ "$second" = "HIT answer to /kitty.jpg?SIZE=M" ] ||
	{ echo "the behaviour has changed"; exit 1; }
