// One HTTP exchange over a connection that is kept, within a time.
import { http, https } from './builtin.mjs';

const kept = { keepAlive: true, maxSockets: 16 };
const agents = { 'http:': new http.Agent(kept), 'https:': new https.Agent(kept) };
const MOST_READ = 4096;

// request resolves to the status, the headers and, where the answer is an error's
// with a body, what kind of error it says it is.
export async function request(url, { method, path, headers, body }, patience) {
  if (patience <= 0) throw new Error('no time is left');
  const end = performance.now() + patience;
  for (;;) {
    try {
      return await exchange(url, { method, path, headers, body }, end - performance.now());
    } catch (error) {
      // A frozen function wakes up with connections that the server closed meanwhile.
      // Each is of no use any more, so this ends.
      if (!error.stale || performance.now() >= end) throw error;
    }
  }
}

function exchange(url, { method, path, headers, body }, patience) {
  return new Promise((resolve, reject) => {
    const client = url.protocol === 'http:' ? http : https;
    const req = client.request({
      agent: agents[url.protocol],
      host: url.hostname,
      port: url.port || undefined,
      method,
      path,
      headers,
    });
    const timer = setTimeout(() => req.destroy(new Error(`no answer in ${Math.round(patience)} ms`)), Math.max(1, patience));
    const fail = (error) => {
      clearTimeout(timer);
      reject(error);
    };
    req.on('error', (error) => {
      error.stale = req.reusedSocket && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      fail(error);
    });
    req.on('response', (res) => {
      let text = '';
      res.on('data', (chunk) => {
        if (text.length < MOST_READ) text += chunk;
      });
      res.on('error', fail); // The server was there: what it did is not to be done again.
      res.on('end', () => {
        clearTimeout(timer);
        resolve({ status: res.statusCode, headers: res.headers, error: res.statusCode >= 400 ? kind(res, text) : undefined });
      });
    });
    req.end(body);
  });
}

// kind names an AWS error, such as ThrottlingException. What the answer says beside
// it may quote credentials, so it is left out.
function kind(res, text) {
  const said = res.headers['x-amzn-errortype'] ?? res.headers['x-amzn-query-error'] ?? /"__type"\s*:\s*"([^"]+)"/.exec(text)?.[1];
  const name = /(\w+)\W*$/.exec(String(said ?? '').split(/[:;]/)[0])?.[1];
  return name ? new Error(name) : undefined;
}
