// Requests a picture as a viewer does, and repeats the request until the rendition exists.

const interval = 500;
const timeout = 60_000;

// request sends one request, bypassing the browser's cache.
async function request(path, method, signal) {
  const start = performance.now();
  const fetched = await fetch(path, { method, cache: 'no-store', signal });
  const body = await fetched.blob();
  const { headers } = fetched;
  return {
    at: start,
    ms: performance.now() - start,
    ok: fetched.ok,
    status: fetched.status,
    state: headers.get('X-Calotype') ?? `HTTP ${fetched.status}`,
    cacheControl: headers.get('Cache-Control') ?? 'none',
    type: headers.get('Content-Type') ?? 'unknown',
    bytes: method === 'HEAD' ? Number(headers.get('Content-Length')) : body.size,
    body: method === 'HEAD' ? null : body,
    pending: /^(original|nearest|none); pending/.test(headers.get('X-Calotype') ?? ''),
  };
}

// follow yields the first response. While that is pending, it sends a HEAD every half second
// for a minute. Once the state changes it requests the picture itself.
export async function* follow(path, signal) {
  let response = await request(path, 'GET', signal);
  const start = response.at;
  let { state } = response;
  yield response;
  while (response.pending && performance.now() - start < timeout) {
    await pause(interval, signal);
    response = await request(path, 'HEAD', signal);
    if (!response.pending || response.state !== state) response = { ...await request(path, 'GET', signal), at: response.at };
    state = response.state;
    yield response;
  }
}

function pause(ms, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
