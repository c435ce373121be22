// The responses to a request and its repeats: one sentence, two bars for the bytes
// before and after, and a list of the responses.
import { el } from './dom.js';
import { bytes, saved, time } from './units.js';

export class Timeline {
  #sentence = el('p', { className: 'sentence', role: 'status' });
  #before = new Bar('original');
  #after = new Bar('rendition');
  #responses = el('ol', { className: 'responses', 'aria-label': 'Responses' });
  element = el('section', { className: 'timeline' }, this.#sentence, this.#before.element, this.#after.element, this.#responses);

  #start;
  #last;
  #repeats = 0;
  #waited; // The time until it was no longer pending; undefined if it never was.

  start(originalBytes) {
    this.#start = this.#last = this.#waited = undefined;
    this.#sentence.textContent = 'Requesting…';
    this.element.dataset.state = 'requesting';
    this.#responses.replaceChildren();
    this.#before.show('original', originalBytes, 1);
    this.#after.hide();
  }

  // add shows the next response. Repeated responses share a line.
  add(response, originalBytes) {
    this.#start ??= response.at;
    const at = response.at - this.#start;
    if (this.#last?.state === response.state && !response.body) {
      this.#repeats += 1;
      this.#responses.lastChild.querySelector('.more').textContent =
        `requested ${this.#repeats} more ${this.#repeats === 1 ? 'time' : 'times'}`;
    } else {
      this.#repeats = 0;
      if (this.#last?.pending) this.#waited = at;
      this.#responses.append(el('li', {},
        el('span', { className: 'at' }, at === 0 ? '0.0 s' : `${(at / 1000).toFixed(1)} s`),
        el('span', { className: 'state' }, response.state),
        el('span', { className: 'size' }, bytes(response.bytes)),
        el('span', { className: 'more' }, `in ${time(response.ms)}`)));
    }
    this.#last = response;
    this.#describe(response, originalBytes, at);
  }

  #describe(response, originalBytes, at) {
    const [what, how] = response.state.split('; ');
    this.element.dataset.state = how === 'kept' ? 'kept' : what;
    if (response.pending) {
      const [, , nearest] = response.state.split('; ');
      const served = what === 'nearest' ? `served ${nearest}, the nearest existing rendition` : 'served the original, as no rendition exists yet';
      this.#sentence.textContent = at === 0
        ? `pending, ${bytes(response.bytes)}: ${served}. The edge sent a job.`
        : `pending for ${(at / 1000).toFixed(1)} s, ${bytes(response.bytes)}: ${served}.`;
      if (what === 'nearest') this.#after.show('nearest', response.bytes, response.bytes / Math.max(originalBytes, response.bytes));
      return;
    }
    if (!response.ok) {
      this.#sentence.textContent = `The response is ${response.status}.`;
      return;
    }
    const when = this.#waited === undefined ? 'It existed already.' : `It took ${time(this.#waited)} from the first request.`;
    if (how === 'kept') {
      this.#sentence.textContent = `kept, ${bytes(response.bytes)}: a copy of the original. ${when}`;
    } else if (what === 'rendition') {
      const gain = response.bytes < originalBytes ? `, ${saved(originalBytes, response.bytes)} saved` : '';
      this.#sentence.textContent = `rendition, ${bytes(response.bytes)}${gain}. ${when}`;
    } else {
      this.#sentence.textContent = `original, ${bytes(response.bytes)}, unchanged.`;
      return;
    }
    const largest = Math.max(response.bytes, originalBytes);
    this.#before.show('original', originalBytes, originalBytes / largest);
    this.#after.show(how === 'kept' ? 'kept' : 'rendition', response.bytes, response.bytes / largest);
  }

  end() {
    if (this.#last?.pending) {
      this.#sentence.textContent = 'Still pending after a minute. Is a worker running?';
    }
  }

  fail(error) {
    this.element.dataset.state = 'error';
    this.#sentence.textContent = `No response: ${error.message}`;
  }
}

class Bar {
  #label = el('span', { className: 'label' });
  #fill = el('span', { className: 'fill' });
  #size = el('span', { className: 'size' });
  element = el('div', { className: 'compared' }, this.#label, el('span', { className: 'track' }, this.#fill), this.#size);

  show(state, size, share) {
    this.element.hidden = false;
    this.element.dataset.state = state;
    this.#label.textContent = state;
    this.#fill.style.width = `${Math.max(0.4, 100 * share)}%`;
    this.#size.textContent = bytes(size);
  }

  hide() {
    this.element.hidden = true;
  }
}
