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
    this.#write(instance, withoutViewer(event));
    const number = this.#call(instance, 'start');
    const run = {
      step: this.#read(instance),
      next: (results) => {
        this.#write(instance, results);
        this.#call(instance, 'next', number);
        run.step = this.#read(instance);
      },
    };
    return run;
  }

  #write(instance, value) {
    const bytes = encoder.encode(JSON.stringify(value));
    const address = this.#call(instance, 'input', bytes.length) >>> 0;
    if (address === 0) throw new Error(`no memory for ${bytes.length} bytes`);
    new Uint8Array(instance.exports.memory.buffer, address, bytes.length).set(bytes);
  }

  #read(instance) {
    const address = this.#call(instance, 'output') >>> 0;
    const size = this.#call(instance, 'outputSize');
    return JSON.parse(decoder.decode(new Uint8Array(instance.exports.memory.buffer, address, size)));
  }
}

// withoutViewer removes the viewer's headers and body, which the decision ignores.
function withoutViewer(event) {
  const [first, ...more] = event?.Records ?? [];
  if (!first?.cf?.request) return event;
  const request = { ...first.cf.request, headers: undefined, body: undefined };
  return { Records: [{ cf: { ...first.cf, request } }, ...more] };
}
