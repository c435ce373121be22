// Runs a handler for tests. It reads one event per line as JSON, and writes a line with
// the handler's result. {"env": {...}} sets variables for this event. {"repeat": n} first
// handles n copies, with their number instead of N, and reports the memory after the
// first quarter and at the end.
import { createInterface } from 'node:readline';
import tls from 'node:tls';
import { pathToFileURL } from 'node:url';

// REDIRECT_TO is a port of this machine to which all TLS connections are redirected.
if (process.env.REDIRECT_TO) {
  const { connect } = tls;
  tls.connect = (options, ...more) =>
    connect({ ...options, host: '127.0.0.1', port: process.env.REDIRECT_TO, servername: options.servername ?? options.host }, ...more);
}

let log = '';
process.stderr.write = (text) => (log += text);
const { handler } = await import(pathToFileURL(process.argv[2]));
for await (const line of createInterface({ input: process.stdin })) {
  const { event, env, repeat } = JSON.parse(line);
  const own = { ...process.env };
  Object.assign(process.env, env);
  const out = {};
  try {
    const text = JSON.stringify(event);
    for (let i = 0; i < (repeat ?? 0); i++) {
      await handler(JSON.parse(text.replaceAll('N.jpg', `${i}.jpg`)));
      if (i === repeat >> 2) out.before = process.memoryUsage().rss;
    }
    out.after = process.memoryUsage().rss;
    out.result = await handler(event);
  } catch (error) {
    out.error = String(error?.stack ?? error);
  }
  Object.assign(process.env, own);
  out.log = log;
  log = '';
  process.stdout.write(JSON.stringify(out) + '\n');
}
