// The part of WASI that a Go program without files and arguments needs: clocks, random
// bytes, and standard error for the message of a panic. Other functions return "not
// supported".
// https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
import { crypto } from './builtin.mjs';

const BADF = 8;
const NOSYS = 52;
const MAX_OUTPUT = 300;

export function imports(module) {
  let output = '';
  const view = () => new DataView(host.memory.buffer);
  const zero = (...addresses) => {
    for (const address of addresses) view().setUint32(address, 0, true);
    return 0;
  };
  const known = {
    args_get: () => 0,
    args_sizes_get: (count, size) => zero(count, size),
    environ_get: () => 0,
    environ_sizes_get: (count, size) => zero(count, size),
    clock_time_get(clock, _precision, address) {
      const now = clock === 0 ? BigInt(Date.now()) * 1_000_000n : process.hrtime.bigint();
      view().setBigUint64(address, now, true);
      return 0;
    },
    random_get(address, size) {
      crypto.randomFillSync(new Uint8Array(host.memory.buffer, address, size));
      return 0;
    },
    fd_prestat_get: () => BADF, // No folder is open.
    fd_write(_fd, parts, count, written) {
      let size = 0;
      for (let i = 0; i < count; i++) {
        const address = view().getUint32(parts + 8 * i, true);
        const length = view().getUint32(parts + 8 * i + 4, true);
        if (output.length < MAX_OUTPUT) output += Buffer.from(host.memory.buffer, address, length).toString();
        size += length;
      }
      view().setUint32(written, size, true);
      return 0;
    },
    // Sleep returns at once, because nothing happens in an instance meanwhile. Go sleeps in
    // a panic and in contended garbage collection.
    poll_oneoff(subscriptions, events, count, done) {
      const v = view();
      for (let i = 0; i < count; i++) {
        new Uint8Array(host.memory.buffer, events + 32 * i, 32).fill(0);
        v.setBigUint64(events + 32 * i, v.getBigUint64(subscriptions + 48 * i, true), true);
        v.setUint8(events + 32 * i + 10, v.getUint8(subscriptions + 48 * i + 8));
      }
      v.setUint32(done, count, true);
      return 0;
    },
    sched_yield: () => 0,
    proc_exit(code) {
      throw new Error(`the decision exited with ${code}`);
    },
  };
  const functions = {};
  for (const { name } of WebAssembly.Module.imports(module)) functions[name] = known[name] ?? (() => NOSYS);
  const host = {
    imports: { wasi_snapshot_preview1: functions },
    memory: undefined,
    // lastError returns the first line that was written to standard error.
    lastError: () => output.slice(0, MAX_OUTPUT).split('\n')[0],
  };
  return host;
}
