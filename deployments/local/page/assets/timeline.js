// What became of an asked-for picture: two bars for the bytes before and after, one
// sentence, and the answers in their order.
import { el } from './dom.js';
import { bytes, saved, time } from './units.js';

export class Story {
  #sentence = el('p', { className: 'sentence', role: 'status' });
  #before = new Bar('original');
  #after = new Bar('rendition');
  #answers = el('ol', { className: 'answers', 'aria-label': 'Answers' });
  element = el('section', { className: 'story' }, this.#sentence, this.#before.element, this.#after.element, this.#answers);

  #start;
  #last;
  #repeats = 0;
  #waited; // Until it was no longer pending; undefined if it never was.

  begin(originalBytes) {
    this.#start = this.#last = this.#waited = undefined;
    this.#sentence.textContent = 'Asking…';
    this.element.dataset.state = 'asking';
    this.#answers.replaceChildren();
    this.#before.show('original', originalBytes, 1);
    this.#after.hide();
  }

  // add takes the next answer. Those that say the same share a line.
  add(answer, originalBytes) {
    this.#start ??= answer.at;
    const at = answer.at - this.#start;
    if (this.#last?.state === answer.state && !answer.body) {
      this.#repeats += 1;
      this.#answers.lastChild.querySelector('.more').textContent =
        `requested ${this.#repeats} more ${this.#repeats === 1 ? 'time' : 'times'}`;
    } else {
      this.#repeats = 0;
      if (this.#last?.pending) this.#waited = at;
      this.#answers.append(el('li', {},
        el('span', { className: 'at' }, at === 0 ? '0.0 s' : `${(at / 1000).toFixed(1)} s`),
        el('span', { className: 'said' }, answer.state),
        el('span', { className: 'size' }, bytes(answer.bytes)),
        el('span', { className: 'more' }, `in ${time(answer.ms)}`)));
    }
    this.#last = answer;
    this.#describe(answer, originalBytes, at);
  }

  #describe(answer, originalBytes, at) {
    const [what, how] = answer.state.split('; ');
    this.element.dataset.state = how === 'kept' ? 'kept' : what;
    if (answer.pending) {
      this.#sentence.textContent = at === 0
        ? `original, ${bytes(answer.bytes)}, pending: the edge sent a job for the rendition.`
        : `original, ${bytes(answer.bytes)}, pending for ${(at / 1000).toFixed(1)} s…`;
      return;
    }
    if (!answer.ok) {
      this.#sentence.textContent = `The response is ${answer.status}.`;
      return;
    }
    const when = this.#waited === undefined ? 'It existed already.' : `It took ${time(this.#waited)} from the first request.`;
    if (how === 'kept') {
      this.#sentence.textContent = `kept, ${bytes(answer.bytes)}: a fallback copy of the original. ${when}`;
    } else if (what === 'rendition') {
      const gain = answer.bytes < originalBytes ? `, ${saved(originalBytes, answer.bytes)} saved` : '';
      this.#sentence.textContent = `rendition, ${bytes(answer.bytes)}${gain}. ${when}`;
    } else {
      this.#sentence.textContent = `original, ${bytes(answer.bytes)}, as it is.`;
      return;
    }
    const most = Math.max(answer.bytes, originalBytes);
    this.#before.show('original', originalBytes, originalBytes / most);
    this.#after.show(how === 'kept' ? 'kept' : 'rendition', answer.bytes, answer.bytes / most);
  }

  end() {
    if (this.#last?.pending) {
      this.#sentence.textContent = 'Still the original after a minute. Is a worker running?';
    }
  }

  fail(error) {
    this.element.dataset.state = 'trouble';
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
