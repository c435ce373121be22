// One HTTP exchange over a keep-alive connection, with a timeout.
import { http, https } from './builtin.mjs';

const kept = { keepAlive: true, maxSockets: 16 };
const agents = { 'http:': new http.Agent(kept), 'https:': new https.Agent(kept) };
const MAX_READ = 4096;

// request resolves to the status, the headers and, for an error with a body, the kind
// of error.
export async function request(url, { method, path, headers, body }, timeout) {
  if (timeout <= 0) throw new Error('no time left');
  const end = performance.now() + timeout;
  for (;;) {
    try {
      return await exchange(url, { method, path, headers, body }, end - performance.now());
    } catch (error) {
      // A function that was frozen finds its connections closed by the server. Each can
      // fail only once, so the loop ends.
      if (!error.stale || performance.now() >= end) throw error;
    }
  }
}

function exchange(url, { method, path, headers, body }, timeout) {
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
    const timer = setTimeout(() => req.destroy(new Error(`no answer in ${Math.round(timeout)} ms`)), Math.max(1, timeout));
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
        if (text.length < MAX_READ) text += chunk;
      });
      res.on('error', fail); // The server may have handled the request: do not retry it.
      res.on('end', () => {
        clearTimeout(timer);
        resolve({ status: res.statusCode, headers: res.headers, error: res.statusCode >= 400 ? kind(res, text) : undefined });
      });
    });
    req.end(body);
  });
}

// kind returns the name of an AWS error, such as ThrottlingException. The rest of the
// response is left out, because it may quote credentials.
function kind(res, text) {
  const code =
    res.headers['x-amzn-errortype'] ??
    res.headers['x-amzn-query-error'] ??
    (/"__type"\s*:\s*"([^"]+)"/.exec(text) ?? /<Code>([^<]+)<\/Code>/.exec(text))?.[1];
  const name = /(\w+)\W*$/.exec(String(code ?? '').split(/[:;]/)[0])?.[1];
  return name ? new Error(name) : undefined;
}
