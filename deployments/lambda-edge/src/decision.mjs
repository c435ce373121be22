// The decision: edge.wasm, a WASI reactor, and the host functions it needs.
import { fs, v8 } from './builtin.mjs';
import { imports } from './wasi.mjs';

// By default V8 recompiles hot functions during the first events and validates functions
// that are never called. Without these flags a start costs twice as much.
v8.setFlagsFromString('--wasm-tiering-budget=100000000');
v8.setFlagsFromString('--wasm-lazy-validation');

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export class Decision {
  #file;
  #module;
  #instance;

  constructor(file) {
    this.#file = file;
    try {
      this.#start(); // During initialization, before the first event.
    } catch {
      this.#instance = undefined; // The first event tries again and reports the error.
    }
  }

  #start() {
    this.#module ??= new WebAssembly.Module(fs.readFileSync(this.#file));
    const host = imports(this.#module);
    const { exports } = new WebAssembly.Instance(this.#module, host.imports);
    host.memory = exports.memory;
    this.#instance = { exports, host };
    this.#call(this.#instance, '_initialize');
    this.#instance.exchange = this.#call(this.#instance, 'exchange') >>> 0;
    this.#instance.capacity = this.#located(this.#instance).length;
  }

  // call calls the instance. An instance that trapped is discarded: the next event gets
  // a new one.
  #call(instance, name, ...args) {
    try {
      return instance.exports[name](...args);
    } catch (error) {
      if (this.#instance === instance) this.#instance = undefined;
      const message = instance.host.lastError();
      throw message ? new Error(message) : error;
    }
  }

  // start takes an event and returns a run with the first step; next continues it.
  start(event) {
    if (!this.#instance) this.#start();
    const instance = this.#instance;
    const number = this.#call(instance, 'start', this.#write(instance, withoutViewer(event)));
    const run = {
      step: this.#read(instance),
      next: (results) => {
        this.#call(instance, 'next', number, this.#write(instance, results));
        run.step = this.#read(instance);
      },
    };
    return run;
  }

  // write writes input to the exchange, or to memory of its own if it is too large, and
  // returns its size.
  #write(instance, value) {
    const text = JSON.stringify(value);
    const { read, written } = encoder.encodeInto(text, new Uint8Array(instance.exports.memory.buffer, instance.exchange + 8, instance.capacity));
    if (read === text.length) return written;
    const bytes = encoder.encode(text);
    const address = this.#call(instance, 'input', bytes.length) >>> 0;
    if (address === 0) throw new Error(`no memory for ${bytes.length} bytes`);
    new Uint8Array(instance.exports.memory.buffer, address, bytes.length).set(bytes);
    return bytes.length;
  }

  // located returns the memory that the exchange locates.
  #located(instance) {
    const { buffer } = instance.exports.memory;
    const [address, size] = new Uint32Array(buffer, instance.exchange, 2); // Little-endian, as everywhere.
    return new Uint8Array(buffer, address, size);
  }

  #read(instance) {
    return JSON.parse(decoder.decode(this.#located(instance)));
  }
}

// withoutViewer removes the viewer's headers and body, which the decision ignores.
function withoutViewer(event) {
  const [first, ...more] = event?.Records ?? [];
  if (!first?.cf?.request) return event;
  const request = { ...first.cf.request, headers: undefined, body: undefined };
  return { Records: [{ cf: { ...first.cf, request } }, ...more] };
}
