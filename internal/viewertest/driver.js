// Runs a CloudFront Function over requests, one a line. Its globals and their methods are
// those of ECMAScript 5.1, which the runtime cloudfront-js-2.0 has all of but eval; newer
// ones of Node are removed. The module "cloudfront" records the origin group.
const fs = require('fs');
const vm = require('vm');
const readline = require('readline');

const context = vm.createContext({}, { codeGeneration: { strings: false, wasm: false } });
const words = (text) => text.split(/\s+/).filter(Boolean);
context.kept = {
  '': words(`Object Function Array String Boolean Number Date RegExp Error EvalError RangeError ReferenceError SyntaxError TypeError URIError Math JSON
    NaN Infinity undefined globalThis parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent kept`),
  Object: words('length name prototype getPrototypeOf getOwnPropertyDescriptor getOwnPropertyNames create defineProperty defineProperties seal freeze preventExtensions isSealed isFrozen isExtensible keys'),
  'Object.prototype': words('constructor toString toLocaleString valueOf hasOwnProperty isPrototypeOf propertyIsEnumerable'),
  Array: words('length name prototype isArray'),
  'Array.prototype': words('length constructor toString toLocaleString concat join pop push reverse shift slice sort splice unshift indexOf lastIndexOf every some forEach map filter reduce reduceRight'),
  String: words('length name prototype fromCharCode'),
  'String.prototype': words('length constructor toString valueOf charAt charCodeAt concat indexOf lastIndexOf localeCompare match replace search slice split substring toLowerCase toLocaleLowerCase toUpperCase toLocaleUpperCase trim'),
  Number: words('length name prototype MAX_VALUE MIN_VALUE NaN NEGATIVE_INFINITY POSITIVE_INFINITY'),
  'Number.prototype': words('constructor toString toLocaleString valueOf toFixed toExponential toPrecision'),
  'RegExp.prototype': words('constructor exec test toString source global ignoreCase multiline flags'),
  Math: words('E LN10 LN2 LOG2E LOG10E PI SQRT1_2 SQRT2 abs acos asin atan atan2 ceil cos exp floor log max min pow random round sin sqrt tan'),
};
vm.runInContext(`(function () {
  var lists = kept, all = this;
  Object.keys(lists).reverse().forEach(function (path) { // The globals last.
    var owner = path.split('.').reduce(function (at, name) { return name ? at[name] : at; }, all);
    Object.getOwnPropertyNames(owner).forEach(function (name) { if (lists[path].indexOf(name) < 0) delete owner[name]; });
  });
  delete all.kept;
})()`, context);

let groups;
context.cf = { createRequestOriginGroup: (group) => groups.push(group) };
const source = fs.readFileSync(process.argv[1], 'utf8').replace(/^import cf from 'cloudfront';\n/, '');
vm.runInContext(source, context);

// As CloudFront gives the query to a function: not decoded, with all values of a name, in the order of first appearance.
const split = (query) => {
  const parsed = Object.create(null);
  for (const pair of query.split('&').filter(Boolean)) {
    const at = pair.indexOf('=');
    const name = at < 0 ? pair : pair.slice(0, at), value = at < 0 ? '' : pair.slice(at + 1);
    if (!parsed[name]) parsed[name] = { value };
    else (parsed[name].multiValue ??= [{ value: parsed[name].value }]).push({ value });
  }
  return parsed;
};

readline.createInterface({ input: process.stdin }).on('line', (line) => {
  const { method, uri, query, accept } = JSON.parse(line);
  const headers = Object.create(null);
  if (accept?.length) headers.accept = { value: accept[0], multiValue: accept.length > 1 ? accept.map((value) => ({ value })) : undefined };
  groups = [];
  const event = { version: '1.0', context: { eventType: 'viewer-request' }, request: { method, uri, querystring: split(query), headers, cookies: {} } };
  const result = context.handler(event);
  if (groups.length > 1) throw new Error('two origin groups');
  process.stdout.write(JSON.stringify({ uri: result.uri, query: result.querystring, accept: result.headers.accept?.value ?? '', group: groups[0] }) + '\n');
});
