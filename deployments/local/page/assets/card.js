// One picture on the sheet: its thumbnail, its properties, and the matrix of its variants
// with a row for each format and a column for each preset.
import { absolute, pathOf, pathOfVariant } from './address.js';
import { el } from './dom.js';
import { placeholder } from './thumbhash.js';
import { bytes, count, formatName, pixels } from './units.js';

export class Card {
  #choose;
  #presets;
  #thumbnail;
  #facts;
  #matrix;
  #path;
  #cells = new Map(); // Keyed by the variant's name: its link and content.

  constructor(picture, presets, choose) {
    this.#presets = presets;
    this.#choose = choose;
    const slash = picture.key.lastIndexOf('/') + 1;
    this.#thumbnail = new Thumbnail();
    this.#facts = el('a', { href: absolute(pathOf(picture.key)) });
    this.#path = el('p', { className: 'path', 'aria-hidden': 'true' }); // The links contain it.
    this.#matrix = el('div', { className: 'matrix', role: 'table', 'aria-label': `Variants of ${picture.key}` });
    this.element = el('li', { className: 'card', 'data-key': picture.key },
      this.#thumbnail.element,
      el('div', { className: 'what' },
        el('h2', {},
          slash > 0 ? el('span', { className: 'folder' }, picture.key.slice(0, slash)) : '',
          picture.key.slice(slash)),
        el('p', { className: 'facts' }, this.#facts),
        removal(picture.key)),
      this.#matrix, this.#path);
    this.element.card = this;
    this.element.addEventListener('click', (event) => this.#onClick(event));
    for (const type of ['pointerover', 'focusin']) {
      this.element.addEventListener(type, (event) => this.#showPath(event.target.closest('a')));
    }
    for (const type of ['pointerleave', 'focusout']) {
      this.element.addEventListener(type, () => this.#showPath(null));
    }
    this.#layOut(picture);
    this.update(picture);
    this.#showPath(null);
  }

  update(picture) {
    const sameRows = picture.variants.length === this.#cells.size;
    this.picture = picture;
    if (!sameRows) this.#layOut(picture);
    const { info } = picture;
    const facts = [formatName(picture.format), bytes(picture.bytes), pixels(picture) || 'size unknown',
      info?.frames > 1 ? count(info.frames, 'frame') : '', info?.state === 'damaged' ? 'damaged' : ''].filter(Boolean);
    this.#facts.replaceChildren(el('span', { className: 'unseen' }, 'Original: '), facts.join(' · '));
    for (const variant of picture.variants) this.#fill(variant);
    this.#thumbnail.update(picture);
  }

  // layOut rebuilds the matrix with empty cells.
  #layOut(picture) {
    this.#cells.clear();
    const formats = new Map(); // Keyed by the requested format: WebP may also be the source's own.
    for (const variant of picture.variants) {
      const requested = variant.name.slice(variant.preset.length);
      if (!formats.has(requested)) formats.set(requested, []);
      formats.get(requested).push(variant);
    }
    const rows = [el('div', { className: 'row', role: 'row' },
      el('span', { role: 'columnheader', className: 'corner' }, el('span', { className: 'unseen' }, 'Format')),
      ...this.#presets.map(({ name, does }) =>
        el('span', { role: 'columnheader', title: does }, name)))];
    for (const variants of formats.values()) {
      const label = formatName(variants[0].format);
      rows.push(el('div', { className: 'row', role: 'row' },
        el('span', { role: 'rowheader' }, label),
        ...variants.map((variant) => this.#cell(picture, variant, label))));
    }
    const focused = this.#matrix.contains(document.activeElement) ? document.activeElement.dataset.variant : undefined;
    this.#matrix.replaceChildren(...rows);
    if (focused) this.#cells.get(focused)?.link.focus();
  }

  #cell(picture, variant, format) {
    const link = el('a', { href: absolute(pathOfVariant(picture.key, variant.query)) });
    this.#cells.set(variant.name, { link, variant, format, shown: '' });
    return el('span', { role: 'cell' }, link);
  }

  #fill(variant) {
    const cell = this.#cells.get(variant.name);
    const shows = JSON.stringify(variant);
    if (cell.shown === shows) return;
    const changed = cell.shown !== '';
    cell.shown = shows;
    cell.variant = variant;
    cell.link.dataset.state = variant.state;
    cell.link.dataset.variant = variant.name;
    const exists = variant.state !== 'original';
    const label = variant.state === 'kept' || variant.state === 'outdated' ? `${variant.state} ` : '';
    const second = variant.kept ?? pixels(variant);
    cell.link.title = [variant.state, variant.kept, pixels(variant)].filter(Boolean).join(', ');
    cell.link.replaceChildren(
      el('span', { className: 'mark', 'aria-hidden': 'true' }),
      el('span', { className: 'unseen' }, `${variant.preset} ${cell.format}: ${variant.state === 'rendition' ? 'rendition ' : ''}`),
      el('span', { className: 'first' }, exists ? label + bytes(variant.bytes) : 'original'),
      el('span', { className: 'second' }, exists ? second : ''));
    if (changed) {
      cell.link.classList.remove('changed');
      void cell.link.offsetWidth; // Restarts the animation.
      cell.link.classList.add('changed');
    }
  }

  #onClick(event) {
    const link = event.target.closest('a');
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    const name = link.dataset.variant;
    const variant = this.picture.variants.find((v) => v.name === name);
    if (!variant) return;
    event.preventDefault();
    this.#choose(this.picture, variant);
  }

  // showPath shows the address of the link under the pointer or with the focus.
  #showPath(link) {
    const path = link ? link.href.slice(location.origin.length) : pathOf(this.picture.key);
    const preset = this.#presets.find(({ name }) => link?.dataset.variant?.split('.')[0] === name);
    this.#path.replaceChildren(el('span', { className: 'verb' }, 'GET '), path,
      preset ? el('span', { className: 'box' }, preset.does) : '');
  }
}

// Thumbnail requests the picture as XS WebP, or the last preset's WebP, once it comes near
// the screen, and again when the rendition changes.
class Thumbnail {
  #image = el('img', { loading: 'lazy', decoding: 'async', alt: '' });
  #placeholder = el('div', { className: 'placeholder', hidden: true });
  #shown;
  #hash;

  constructor() {
    this.element = el('a', { className: 'thumbnail' }, this.#placeholder, this.#image);
    const show = (shown) => {
      this.element.classList.toggle('shown', shown);
      this.element.classList.toggle('unshown', !shown);
    };
    this.#image.addEventListener('error', () => show(false));
    this.#image.addEventListener('load', () => show(true));
  }

  update(picture) {
    this.#showPlaceholder(picture);
    const variant = thumbnailOf(picture);
    // A browser may cache a rendition for minutes, so a new one needs a new address.
    // Only the browser uses v.
    const path = pathOfVariant(picture.key, variant.query);
    const wanted = absolute(variant.etag ? `${path}&v=${encodeURIComponent(variant.etag)}` : path);
    if (wanted === this.#shown) return;
    this.#shown = wanted;
    this.#image.src = wanted;
    this.element.href = absolute(path);
    this.element.dataset.variant = variant.name;
    this.element.dataset.format = formatName(picture.format);
    this.element.setAttribute('aria-label', `${picture.key} as ${variant.preset} ${formatName(variant.format)}`);
  }

  // showPlaceholder draws the picture's ThumbHash, to be seen until the thumbnail is there, or
  // instead of one that the browser cannot show.
  #showPlaceholder({ info, width, height }) {
    if (info?.thumbhash === this.#hash) return;
    this.#hash = info?.thumbhash;
    this.#placeholder.hidden = !this.#hash;
    this.element.classList.toggle('placeheld', Boolean(this.#hash));
    this.#placeholder.replaceChildren(this.#hash ? placeholder(this.#hash, width, height) : '');
  }
}

function thumbnailOf({ variants }) {
  const webp = variants.filter(({ format }) => format === 'webp');
  return webp.find(({ preset }) => preset === 'XS') ?? webp.at(-1) ?? variants.at(-1);
}

// removal returns a button that asks for confirmation before it removes the picture.
function removal(key) {
  const button = el('button', { type: 'button', className: 'quiet remove', 'aria-label': `Remove ${key}` }, 'Remove');
  // The label that is read aloud changes with what the button does.
  const label = (text) => {
    button.textContent = text;
    button.setAttribute('aria-label', `${text.replace('?', '')} ${key}`);
  };
  const reset = () => {
    button.classList.remove('confirm');
    label('Remove');
  };
  button.addEventListener('blur', reset);
  button.addEventListener('click', async () => {
    if (!button.classList.contains('confirm')) {
      button.classList.add('confirm');
      label('Really remove?');
      return;
    }
    button.disabled = true;
    try {
      const response = await fetch(`/-/pictures${pathOf(key)}`, { method: 'DELETE' });
      if (!response.ok) throw new Error((await response.json()).error);
    } catch (error) {
      button.title = error.message;
      label('Not removed');
      button.disabled = false;
      button.classList.remove('confirm');
    }
  });
  return button;
}
