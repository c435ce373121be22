// The panel that shows the responses for one address.
import { absolute, pathOf, pathOfVariant } from './address.js';
import { follow } from './ask.js';
import { Compare } from './compare.js';
import { Description } from './description.js';
import { el } from './dom.js';
import { Snippets } from './snippets.js';
import { Timeline } from './timeline.js';
import { bytes, formatName, pixels, time } from './units.js';

const formats = ['webp', 'avif', 'jxl', 'jpeg', 'png'];
const unshown = ['tiff', 'heic'];

export class Viewer {
  presets = [];
  auto = []; // The formats of format=auto.
  #dialog;
  // The title gets the focus. If a button had it, the key that opened the panel would press it.
  #title = el('h2', { id: 'viewer-title', tabIndex: -1, autofocus: true });
  #choices = el('div', { className: 'choices' });
  #path = el('code', { className: 'address' });
  #image = el('img', { alt: '' });
  #noImage = el('p', { className: 'no-image', hidden: true });
  #timeline = new Timeline();
  #facts = el('dl', { className: 'response' });
  #size = el('dd'); // The picture's size, once the browser knows it.
  #type = '';
  #description = new Description();
  #snippets = new Snippets();
  #compare = new Compare();
  #reason = el('section', { className: 'reason', hidden: true, 'aria-label': 'Why it is a copy of the original' });
  #shown; // The picture's key, format and bytes, and the requested preset and format.
  #requesting = new AbortController();
  #address = '';

  constructor(dialog) {
    this.#dialog = dialog;
    const close = el('button', { type: 'button', className: 'quiet', 'aria-label': 'Close' }, 'Close');
    const again = el('button', { type: 'button', className: 'again' }, 'Request again');
    dialog.append(
      el('div', { className: 'top' }, this.#title, close),
      this.#choices,
      el('div', { className: 'request' }, el('span', { className: 'verb' }, 'GET'), this.#path, again),
      el('figure', { className: 'stage' }, this.#image, this.#noImage),
      this.#compare.element,
      this.#timeline.element,
      this.#reason,
      this.#facts,
      this.#description.element,
      this.#snippets.element);
    close.addEventListener('click', () => dialog.close());
    again.addEventListener('click', () => this.#request());
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close(); // The backdrop.
    });
    dialog.addEventListener('close', () => {
      if (!dialog.open) this.#end(); // The event comes with the next frame, when the panel may be open again.
    });
    this.#image.addEventListener('error', () => this.#showNoImage());
    this.#image.addEventListener('load', () => this.#showSize());
  }

  open(picture, variant) {
    const own = variant.name === variant.preset;
    this.#show({ key: picture.key, own: picture.format, bytes: picture.bytes, preset: variant.preset, format: own ? '' : variant.format, variants: picture.variants, width: picture.width, height: picture.height, info: picture.info });
  }

  // openUploaded requests a new picture as size M in WebP.
  openUploaded(key, file) {
    const preset = this.presets.find(({ name }) => name === 'M') ?? this.presets[0];
    const extension = key.split('.').pop().toLowerCase();
    const own = { jpg: 'jpeg', tif: 'tiff', heif: 'heic' }[extension] ?? extension;
    this.#show({ key, own, bytes: file.size, preset: preset.name, format: own === 'webp' ? '' : 'webp' });
  }

  // update records the picture's size in bytes, because the picture may be replaced meanwhile.
  update(picture) {
    if (picture.key !== this.#shown?.key) return;
    this.#shown.bytes = picture.bytes;
    const { width, height } = this.#shown;
    Object.assign(this.#shown, { variants: picture.variants, width: picture.width, height: picture.height, info: picture.info });
    this.#description.show(this.#shown);
    if (width !== picture.width || height !== picture.height) this.#offerSnippets();
  }

  #offerSnippets() {
    const { key, preset, format } = this.#shown;
    this.#snippets.show(key, preset, query(preset, format), this.presets, this.#shown);
  }

  // keptFor returns the reason of a kept copy, as the page's data have it.
  #keptFor(preset, format) {
    return this.#shown.variants?.find(({ name }) => name === (format ? `${preset}.${format}` : preset))?.kept;
  }

  #show(shown) {
    this.#shown = shown;
    this.#title.textContent = shown.key;
    this.#description.show(shown);
    this.#layOutChoices();
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#request();
  }

  #layOutChoices() {
    const { own, preset, format } = this.#shown;
    const choice = (label, change, chosen, title) => {
      const button = el('button', { type: 'button', title, 'aria-pressed': String(chosen) }, label);
      button.addEventListener('click', () => {
        this.#show({ ...this.#shown, ...change });
        [...this.#choices.querySelectorAll('button')].find((b) => b.textContent === label)?.focus();
      });
      return button;
    };
    const plain = unshown.includes(own) ? 'jpeg' : own; // The format of renditions if browsers do not show the original's.
    const others = formats.filter((f) => f !== plain);
    this.#choices.replaceChildren(
      el('div', { role: 'group', 'aria-label': 'Size' }, ...this.presets.map(({ name, does }) =>
        choice(name, { preset: name }, name === preset, does))),
      el('div', { role: 'group', 'aria-label': 'Format' },
        choice(formatName(plain), { format: '' }, format === '', 'the format of the original'),
        ...others.map((f) => choice(formatName(f), { format: f }, f === format)),
        this.auto.length === 0 ? '' : choice('auto', { format: 'auto' }, format === 'auto',
          `the best that the browser accepts of ${this.auto.map(formatName).join(', ')}`)));
  }

  async #request() {
    this.#end();
    this.#requesting = new AbortController();
    const { signal } = this.#requesting;
    const { key, preset, format, bytes: originalBytes } = this.#shown;
    const path = pathOfVariant(key, query(preset, format));
    if (this.#path.textContent !== path) this.#forget();
    this.#path.textContent = path;
    this.#offerSnippets();
    this.#reason.hidden = true;
    this.#compare.hide();
    this.#image.parentElement.hidden = false;
    this.#timeline.start(originalBytes);
    try {
      let before;
      for await (const response of follow(absolute(path), signal)) {
        if (response.body && (response.ok || !before)) this.#showBody(response);
        this.#showResponse(response);
        this.#timeline.add(response, this.#shown.bytes);
        if (response.ok && response.body && response.state === 'rendition') this.#showComparison();
        before = response;
      }
      this.#timeline.end();
      const kept = this.#keptFor(preset, format);
      if (before?.state.includes('kept') && kept) await this.#showReason(key, kept, signal);
    } catch (error) {
      if (!signal.aborted) this.#timeline.fail(error);
    }
  }

  // forget removes what is known of another address.
  #forget() {
    this.#facts.replaceChildren();
    this.#image.removeAttribute('src');
    this.#image.hidden = true;
    this.#noImage.hidden = true;
    this.#size.textContent = '';
  }

  #showBody(response) {
    URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(response.body);
    this.#image.hidden = !response.ok;
    this.#noImage.hidden = response.ok;
    if (response.ok) this.#image.src = this.#address;
    else this.#noImage.textContent = `The response is ${response.status}: the picture does not exist.`;
    this.#type = response.type;
  }

  #showNoImage() {
    if (!this.#image.getAttribute('src')) return;
    this.#image.hidden = true;
    this.#noImage.hidden = false;
    this.#noImage.textContent = `This browser cannot show this type: ${this.#type}.`;
    this.#size.textContent = 'unknown';
  }

  // showComparison puts the rendition over the original, where the browser shows both.
  #showComparison() {
    if (unshown.includes(this.#shown.own)) return;
    this.#image.parentElement.hidden = true;
    this.#compare.show(absolute(pathOf(this.#shown.key)), this.#address);
  }

  // showReason says why a copy of the original is kept, and what to do.
  async #showReason(key, kept, signal) {
    const response = await fetch(`/-/failures${pathOf(key)}?class=${encodeURIComponent(kept)}`, { signal });
    const { class: name, detail, remedy, error } = await response.json();
    this.#reason.replaceChildren(el('h3', {}, `Kept: ${name ?? kept}`),
      detail || error ? el('p', {}, detail ?? error) : '',
      remedy ? el('p', { className: 'remedy' }, el('strong', {}, 'What to do: '), remedy) : '');
    this.#reason.hidden = false;
  }

  #showSize() {
    this.#size.textContent = pixels({ width: this.#image.naturalWidth, height: this.#image.naturalHeight });
  }

  #showResponse(response) {
    const fact = (name, value) => [el('dt', {}, name), value instanceof Element ? value : el('dd', {}, value)];
    const state = el('dd', { className: 'state' }, response.state);
    state.dataset.state = response.state.split(';').includes(' kept') ? 'kept' : response.state.split(';')[0];
    this.#facts.replaceChildren(
      ...fact('X-Calotype', state),
      ...fact('Cache-Control', response.cacheControl),
      ...fact('Content-Type', response.type),
      ...fact('Size', `${bytes(response.bytes)} (${response.bytes.toLocaleString('en')} bytes)`),
      ...fact('Pixels', this.#size),
      ...fact('Response time', time(response.ms)));
    if (this.#image.complete && this.#image.naturalWidth) this.#showSize();
  }

  #end() {
    this.#requesting.abort(new DOMException('closed', 'AbortError'));
  }
}

function query(preset, format) {
  if (format === '') return `size=${preset}`;
  return format === 'webp' ? `size=${preset}&to_webp=1` : `size=${preset}&format=${format}`;
}
