// Runs a handler for tests: a line of JSON with an event in, a line with what the
// handler returned out. {"env": {...}} sets variables for this event; {"repeat": n}
// handles n of them before, with their number for N, telling the memory in use after
// the first quarter and at the end.
import { createInterface } from 'node:readline';
import tls from 'node:tls';
import { pathToFileURL } from 'node:url';

// LEAD_TO is a port of this machine: all TLS connections lead there.
if (process.env.LEAD_TO) {
  const { connect } = tls;
  tls.connect = (options, ...more) =>
    connect({ ...options, host: '127.0.0.1', port: process.env.LEAD_TO, servername: options.servername ?? options.host }, ...more);
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
