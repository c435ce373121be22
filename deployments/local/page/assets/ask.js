// Asking for a picture as a viewer does, and again until it is there.

const pending = 'original; pending';
const interval = 500;
const patience = 60_000;

// ask asks once, past the browser's own cache.
async function ask(path, method, signal) {
  const start = performance.now();
  const response = await fetch(path, { method, cache: 'no-store', signal });
  const body = await response.blob();
  const { headers } = response;
  return {
    at: start,
    ms: performance.now() - start,
    ok: response.ok,
    status: response.status,
    state: headers.get('X-Calotype') ?? `HTTP ${response.status}`,
    cacheControl: headers.get('Cache-Control') ?? 'none',
    type: headers.get('Content-Type') ?? 'unknown',
    bytes: method === 'HEAD' ? Number(headers.get('Content-Length')) : body.size,
    body: method === 'HEAD' ? null : body,
    pending: headers.get('X-Calotype') === pending,
  };
}

// follow yields the first answer, and as long as that is a pending original
// for a rendition, asks again every half second for a minute. It asks for headers
// only, until they say something else; then the picture is asked for.
export async function* follow(path, signal) {
  let answer = await ask(path, 'GET', signal);
  const start = answer.at;
  yield answer;
  while (answer.pending && performance.now() - start < patience) {
    await pause(interval, signal);
    answer = await ask(path, 'HEAD', signal);
    if (!answer.pending) answer = { ...await ask(path, 'GET', signal), at: answer.at };
    yield answer;
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
