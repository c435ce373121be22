// The contact sheet: one card for each picture, the newest first.
import { Card } from './card.js';

// From this number of pictures on, those off the screen are not laid out.
const many = 100;

export class Sheet {
  presets = [];
  #list;
  #choose;
  #cards = new Map();
  #needle = '';

  constructor(list, choose) {
    this.#list = list;
    this.#choose = choose;
  }

  get size() {
    return this.#cards.size;
  }

  put(picture) {
    let card = this.#cards.get(picture.key);
    const moved = card?.picture.modified !== picture.modified;
    if (card) {
      card.update(picture);
    } else {
      card = new Card(picture, this.presets, this.#choose);
      this.#cards.set(picture.key, card);
      this.#show(card);
      this.#resized();
    }
    if (moved) this.#place(card);
  }

  remove(key) {
    const card = this.#cards.get(key);
    if (!card) return;
    card.element.remove();
    this.#cards.delete(key);
    this.#resized();
  }

  // retain removes all cards except those of the given keys.
  retain(keys) {
    for (const key of [...this.#cards.keys()]) {
      if (!keys.has(key)) this.remove(key);
    }
  }

  // savings counts the renditions, their bytes, and those of their originals.
  savings() {
    const all = { renditions: 0, before: 0, after: 0 };
    for (const { picture } of this.#cards.values()) {
      for (const variant of picture.variants) {
        if (variant.state !== 'rendition') continue;
        all.renditions += 1;
        all.before += picture.bytes;
        all.after += variant.bytes;
      }
    }
    return all;
  }

  filter(text) {
    this.#needle = text.trim().toLowerCase();
    for (const card of this.#cards.values()) this.#show(card);
  }

  #resized() {
    this.#list.classList.toggle('many', this.size >= many);
  }

  #show(card) {
    card.element.hidden = !card.picture.key.toLowerCase().includes(this.#needle);
  }

  // place finds the card's place by binary search: the rest of the list is in order.
  #place(card) {
    const focused = card.element.contains(document.activeElement) ? document.activeElement : null;
    card.element.remove();
    const elements = this.#list.children;
    let low = 0;
    let high = elements.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (before(elements[middle].card.picture, card.picture)) low = middle + 1;
      else high = middle;
    }
    this.#list.insertBefore(card.element, elements[low] ?? null);
    focused?.focus();
  }
}

function before(a, b) {
  const later = Date.parse(a.modified) - Date.parse(b.modified);
  return later === 0 ? a.key < b.key : later > 0;
}
