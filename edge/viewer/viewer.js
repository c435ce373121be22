// Generated from the table of presets and the list of formats. JavaScript as of ES 5.1.
var sizes = ["SIZES"];
var formats = ["FORMATS"];
var auto = ["AUTO"]; // Of format=auto, the most wanted first.
var widths = ["WIDTHS"]; // Names and widths, from narrow to wide.

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

// Whether an Accept header names a format, as at the edge.
function accepts(header, format) {
  return header.split(',').some(function (part) {
    var words = part.split(';').map(function (word) {
      return word.replace(/^[ \t]+|[ \t]+$/g, '');
    });
    return words.shift().toLowerCase() === 'image/' + format && !words.some(function (word) {
      return /^q[ \t]*=[ \t]*[0.]+$/i.test(word);
    });
  });
}

// The preset for a width, as at the edge, or ''.
function widthPreset(w, dpr) {
  if (!/^[0-9]{1,5}$/.test(w) || !Number(w) || !widths.length) return '';
  var width = Number(w);
  if (/^[0-9]{1,2}(\.[0-9]{1,3})?$/.test(dpr) && Number(dpr)) {
    width = Math.ceil((width * Math.round(Number(dpr) * 1000)) / 1000);
  }
  for (var i = 0; i < widths.length - 1 && widths[i][1] < width; i++);
  return widths[i][0];
}

// The first value of each known parameter. As at the edge, a name must not be escaped:
// "si%7Ae" is not "size".
function read(query) {
  var first = { size: '', to_webp: '', format: '', w: '', dpr: '' };
  var seen = [];
  Object.keys(query).forEach(function (name) {
    if (['size', 'to_webp', 'format', 'w', 'dpr'].indexOf(name) < 0) return;
    (query[name].multiValue || [query[name]]).forEach(function (one) {
      var value = decode(one.value);
      if (value === undefined || seen.indexOf(name) >= 0) return;
      seen.push(name);
      first[name] = value;
    });
  });
  return first;
}

// The first format of auto that an Accept header names, or ''.
function bestFormat(accept) {
  var values = accept ? accept.multiValue || [accept] : [];
  var header = values.map(function (one) { return one.value; }).join(',');
  return auto.filter(function (format) { return accepts(header, format); })[0] || '';
}

// Leaves of the query what counts, in one spelling. Returns what is asked: the preset, the
// format, and of format=auto the first one that the viewer accepts; or undefined.
function normalise(request) {
  var asked = read(request.querystring);
  request.querystring = {};
  if (!asked.size) asked.size = widthPreset(asked.w, asked.dpr);
  if (sizes.indexOf(asked.size) < 0) return undefined;
  if (/^[A-Za-z]+$/.test(asked.format)) asked.format = asked.format.toLowerCase();
  if (asked.format === 'jpg') asked.format = 'jpeg';
  var isAuto = auto.length && asked.format === 'auto';
  if (asked.format && !isAuto && formats.indexOf(asked.format) < 0) asked.format = 'unknown'; // One cache key.
  request.querystring.size = { value: asked.size };
  if (asked.format) {
    request.querystring.format = { value: asked.format };
  } else if (/^(1|true)$/i.test(asked.to_webp)) {
    asked.format = 'webp';
    request.querystring.to_webp = { value: '1' };
  }
  return { size: asked.size, format: asked.format, best: isAuto ? bestFormat(request.headers.accept) : '' };
}
