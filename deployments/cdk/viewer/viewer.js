// Generated from the table of presets. JavaScript as of ES 5.1.
var sizes = ["SIZES"];
var formats = ["webp", "avif", "jpeg", "png"];

// A value as Go decodes it (except +, which no known parameter contains), or undefined
// if Go skips the pair.
function decode(text) {
  if (/;|%(?![0-9A-Fa-f]{2})/.test(text)) return undefined;
  try {
    return decodeURIComponent(text);
  } catch (notUTF8) {
    return '\uFFFD'; // The value counts, but is unknown.
  }
}

// The first value of each known parameter. As at the edge, a name must not be escaped:
// "si%7Ae" is not "size".
function read(query) {
  var first = { size: '', to_webp: '', format: '' };
  var seen = [];
  Object.keys(query).forEach(function (name) {
    if (['size', 'to_webp', 'format'].indexOf(name) < 0) return;
    (query[name].multiValue || [query[name]]).forEach(function (one) {
      var value = decode(one.value);
      if (value === undefined || seen.indexOf(name) >= 0) return;
      seen.push(name);
      first[name] = value;
    });
  });
  return first;
}

function handler(event) {
  var request = event.request;
  var asked = read(request.querystring);
  request.querystring = {};
  if (sizes.indexOf(asked.size) < 0) return request;
  if (/^[A-Za-z]+$/.test(asked.format)) asked.format = asked.format.toLowerCase();
  if (asked.format === 'jpg') asked.format = 'jpeg';
  if (asked.format && formats.indexOf(asked.format) < 0) asked.format = 'unknown'; // One cache key.
  request.querystring.size = { value: asked.size };
  if (asked.format) {
    request.querystring.format = { value: asked.format };
  } else if (/^(1|true)$/i.test(asked.to_webp)) {
    request.querystring.to_webp = { value: '1' };
  }
  return request;
}
