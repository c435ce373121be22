# Varnish 7.1 in front of calotype edge.
vcl 4.1;
import std;
backend calotype { .host = "127.0.0.1"; .port = "8080"; }
sub vcl_recv {
  unset req.http.Cookie;                  # or else nothing is cached for viewers that have one
  # What Calotype reads, in one order. Before --widths add w and dpr, before --info add info.
  set req.url = regsuball(req.url, "(?<=[?&])(?!(size|to_webp|format)=)[^&]*(&|$)", "");
  set req.url = std.querysort(regsub(req.url, "[?&]+$", ""));
}
sub vcl_backend_response {
  # Otherwise grace would show what is pending for 15 seconds instead of 5.
  if (beresp.http.X-Calotype ~ "pending" || beresp.status >= 400) { set beresp.grace = 0s; set beresp.keep = 5m; }
}
