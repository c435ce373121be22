// The original and the rendition on top of each other, with a slider between them.
import { el } from './dom.js';

export class Compare {
  #original = el('img', { alt: 'The original' });
  #rendition = el('img', { alt: 'The rendition', className: 'over' });
  #slider = el('input', { type: 'range', min: 0, max: 100, value: 50, 'aria-label': 'How much of the rendition is shown' });
  #pictures = el('div', { className: 'pictures' }, this.#original, this.#rendition);
  element = el('figure', { className: 'stage compare', hidden: true }, this.#pictures,
    el('div', { className: 'slide' }, el('span', {}, 'original'), this.#slider, el('span', {}, 'rendition')));

  constructor() {
    this.#slider.addEventListener('input', () => this.#slide());
    // Some browsers cannot show both, such as a HEIC and its JPEG.
    for (const image of [this.#original, this.#rendition]) image.addEventListener('error', () => this.hide());
    this.#rendition.addEventListener('load', () => this.#fit());
  }

  // show compares the pictures at two addresses.
  show(original, rendition) {
    this.#original.src = original;
    this.#rendition.src = rendition;
    this.element.hidden = false;
    this.#slide();
  }

  hide() {
    this.element.hidden = true;
  }

  // fit shows both in the size of the rendition.
  #fit() {
    this.#pictures.style.aspectRatio = `${this.#rendition.naturalWidth} / ${this.#rendition.naturalHeight}`;
    this.#pictures.style.setProperty('--ratio', this.#rendition.naturalWidth / this.#rendition.naturalHeight);
  }

  #slide() {
    const share = this.#slider.value;
    this.#pictures.style.setProperty('--share', `${100 - share}%`);
    this.#slider.setAttribute('aria-valuetext', `${share} % of the rendition, the rest is the original`);
  }
}
