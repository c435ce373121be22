// What is known of an original: its info, as GET /KEY?info=1 returns it.
import { absolute, pathOfVariant } from './address.js';
import { el } from './dom.js';
import { placeholder } from './thumbhash.js';
import { pixels } from './units.js';

export class Description {
  #facts = el('dl', { className: 'response' });
  #note = el('p', { className: 'note' });
  element = el('section', { className: 'description', 'aria-labelledby': 'description-title' },
    el('h3', { id: 'description-title' }, 'The original'), this.#note, this.#facts);

  show({ key, info }) {
    const path = pathOfVariant(key, 'info=1');
    this.#note.hidden = Boolean(info);
    this.#note.textContent = 'No worker has decoded this version yet.';
    this.#facts.replaceChildren(...(info ? facts(info) : []), ...fact('As JSON', el('a', { href: absolute(path) }, path)));
  }
}

function facts(info) {
  if (info.state === 'failed') return fact('State', `it cannot be rendered: ${info.reason}`);
  return [
    ...(info.state === 'damaged' ? fact('State', 'damaged: only a part of it could be decoded') : []),
    ...fact('Pixels, as shown', pixels(info)),
    ...fact('Type', info.type),
    ...fact('Frames', String(info.frames)),
    ...fact('Main colour', info.colour ? [swatch(info.colour), info.colour] : 'none: it is transparent'),
    ...fact('Focal point', info.focal ? `${info.focal.x}, ${info.focal.y}` : 'none in its metadata'),
    ...(info.thumbhash ? fact('ThumbHash', [placeholder(info.thumbhash, info.width, info.height), info.thumbhash]) : []),
  ];
}

function fact(name, value) {
  return [el('dt', {}, name), el('dd', {}, ...[value].flat())];
}

function swatch(colour) {
  const box = el('span', { className: 'swatch', 'aria-hidden': 'true' });
  box.style.backgroundColor = colour;
  return box;
}
