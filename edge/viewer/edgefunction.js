
// Before the edge function, which decides.
function handler(event) {
  var request = event.request;
  var asked = normalise(request);
  if (asked && asked.best) request.querystring.auto = { value: asked.best };
  return request;
}
