// The panel that shows what one address answers, and what becomes of it.
import { absolute, curl, pathOfVariant } from './address.js';
import { follow } from './ask.js';
import { el } from './dom.js';
import { Story } from './story.js';
import { bytes, formatName, pixels, time } from './units.js';

const formats = ['webp', 'avif', 'jpeg', 'png'];
const unshown = ['tiff', 'heic'];

export class Viewer {
  presets = [];
  #dialog;
  // The title gets the focus: on a button, the key that opened the panel would press it.
  #title = el('h2', { id: 'viewer-title', tabIndex: -1, autofocus: true });
  #choices = el('div', { className: 'choices' });
  #path = el('code', { className: 'address' });
  #image = el('img', { alt: '' });
  #noImage = el('p', { className: 'no-image', hidden: true });
  #story = new Story();
  #facts = el('dl', { className: 'answer' });
  #size = el('dd'); // The picture's, once the browser knows it.
  #type = '';
  #command = el('code');
  #shown; // The picture's key, own format and bytes; the preset and format asked for.
  #asking = new AbortController();
  #address = '';

  constructor(dialog) {
    this.#dialog = dialog;
    const close = el('button', { type: 'button', className: 'quiet', 'aria-label': 'Close' }, 'Close');
    const again = el('button', { type: 'button', className: 'again' }, 'Request again');
    const copy = el('button', { type: 'button', className: 'quiet' }, 'Copy');
    dialog.append(
      el('div', { className: 'top' }, this.#title, close),
      this.#choices,
      el('div', { className: 'request' }, el('span', { className: 'verb' }, 'GET'), this.#path, again),
      el('figure', { className: 'stage' }, this.#image, this.#noImage),
      this.#story.element,
      this.#facts,
      el('div', { className: 'curl' }, this.#command, copy));
    close.addEventListener('click', () => dialog.close());
    again.addEventListener('click', () => this.#ask());
    copy.addEventListener('click', () => this.#copy(copy));
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog) dialog.close(); // The backdrop.
    });
    dialog.addEventListener('close', () => this.#end());
    this.#image.addEventListener('error', () => this.#showNoImage());
    this.#image.addEventListener('load', () => this.#showSize());
  }

  open(picture, variant) {
    const own = variant.name === variant.preset;
    this.#show({ key: picture.key, own: picture.format, bytes: picture.bytes, preset: variant.preset, format: own ? '' : variant.format });
  }

  // openUploaded asks for a new picture as the article's viewer does: M, as WebP.
  openUploaded(key, file) {
    const preset = this.presets.find(({ name }) => name === 'M') ?? this.presets[0];
    const extension = key.split('.').pop().toLowerCase();
    const own = { jpg: 'jpeg', tif: 'tiff', heif: 'heic' }[extension] ?? extension;
    this.#show({ key, own, bytes: file.size, preset: preset.name, format: own === 'webp' ? '' : 'webp' });
  }

  // update takes note of the picture's bytes, as it may be replaced while it is shown.
  update(picture) {
    if (picture.key === this.#shown?.key) this.#shown.bytes = picture.bytes;
  }

  #show(shown) {
    this.#shown = shown;
    this.#title.textContent = shown.key;
    this.#layOutChoices();
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#ask();
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
    const plain = unshown.includes(own) ? 'jpeg' : own; // What an original of no browser's format becomes.
    const others = formats.filter((f) => f !== plain);
    this.#choices.replaceChildren(
      el('div', { role: 'group', 'aria-label': 'Size' }, ...this.presets.map(({ name, boxes }) =>
        choice(name, { preset: name }, name === preset, `fits inside ${boxes}`))),
      el('div', { role: 'group', 'aria-label': 'Format' },
        choice(formatName(plain), { format: '' }, format === '', 'the format of the original'),
        ...others.map((f) => choice(formatName(f), { format: f }, f === format))));
  }

  async #ask() {
    this.#end();
    this.#asking = new AbortController();
    const { signal } = this.#asking;
    const { key, preset, format, bytes: originalBytes } = this.#shown;
    const path = pathOfVariant(key, query(preset, format));
    this.#path.textContent = path;
    this.#command.textContent = curl(path);
    this.#story.begin(originalBytes);
    try {
      let before;
      for await (const answer of follow(absolute(path), signal)) {
        if (answer.body && (answer.ok || !before)) this.#showBody(answer);
        this.#showAnswer(answer);
        this.#story.add(answer, this.#shown.bytes);
        before = answer;
      }
      this.#story.end();
    } catch (error) {
      if (!signal.aborted) this.#story.fail(error);
    }
  }

  #showBody(answer) {
    URL.revokeObjectURL(this.#address);
    this.#address = URL.createObjectURL(answer.body);
    this.#image.hidden = !answer.ok;
    this.#noImage.hidden = answer.ok;
    if (answer.ok) this.#image.src = this.#address;
    else this.#noImage.textContent = `The response is ${answer.status}: the picture does not exist.`;
    this.#type = answer.type;
  }

  #showNoImage() {
    if (!this.#image.getAttribute('src')) return;
    this.#image.hidden = true;
    this.#noImage.hidden = false;
    this.#noImage.textContent = `This browser cannot show this type: ${this.#type}.`;
    this.#size.textContent = 'unknown';
  }

  #showSize() {
    this.#size.textContent = pixels({ width: this.#image.naturalWidth, height: this.#image.naturalHeight });
  }

  #showAnswer(answer) {
    const fact = (name, value) => [el('dt', {}, name), value instanceof Element ? value : el('dd', {}, value)];
    const state = el('dd', { className: 'state' }, answer.state);
    state.dataset.state = answer.state.split(';').includes(' kept') ? 'kept' : answer.state.split(';')[0];
    this.#facts.replaceChildren(
      ...fact('X-Calotype', state),
      ...fact('Cache-Control', answer.cacheControl),
      ...fact('Content-Type', answer.type),
      ...fact('Size', `${bytes(answer.bytes)} (${answer.bytes.toLocaleString('en')} bytes)`),
      ...fact('Pixels', this.#size),
      ...fact('Response time', time(answer.ms)));
    if (this.#image.complete && this.#image.naturalWidth) this.#showSize();
  }

  async #copy(button) {
    try {
      await navigator.clipboard.writeText(this.#command.textContent);
      button.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(this.#command);
      button.textContent = 'Selected';
    }
    setTimeout(() => { button.textContent = 'Copy'; }, 1500);
  }

  #end() {
    this.#asking.abort(new DOMException('closed', 'AbortError'));
  }
}

function query(preset, format) {
  if (format === '') return `size=${preset}`;
  return format === 'webp' ? `size=${preset}&to_webp=1` : `size=${preset}&format=${format}`;
}
