// What a developer copies: the address, an <img>, a srcset, a command.
import { absolute, curl, pathOfVariant } from './address.js';
import { el } from './dom.js';

export class Snippets {
  element = el('div', { className: 'snippets' });

  // show offers the snippets of a variant. Size is the picture's own, if it is known.
  show(key, preset, query, presets, size) {
    const address = absolute(pathOfVariant(key, query));
    const html = (text) => text.replaceAll('&', '&amp;').replaceAll('"', '&quot;');
    const widths = new Map(); // The first preset of each width. Those that crop or pad show another picture.
    for (const { name, boxes } of presets.filter(({ fit }) => !fit)) {
      const width = widthInside(boxes, size);
      if (width > 0 && !widths.has(width)) widths.set(width, name);
    }
    const srcset = [...widths].sort((a, b) => a[0] - b[0])
      .map(([width, name]) => `${absolute(pathOfVariant(key, query.replace(`size=${preset}`, `size=${name}`)))} ${width}w`).join(', ');
    this.element.replaceChildren(
      this.#line('URL', address),
      this.#line('<img>', `<img src="${html(address)}" alt="">`),
      srcset ? this.#line('srcset', `<img src="${html(address)}" srcset="${html(srcset)}" sizes="100vw" alt="">`) : '',
      this.#line('curl', curl(pathOfVariant(key, query))));
  }

  #line(name, text) {
    const code = el('code', {}, text);
    const button = el('button', { type: 'button', className: 'quiet', 'aria-label': `Copy ${name}` }, 'Copy');
    button.addEventListener('click', async () => {
      let done = 'Copied';
      try {
        await navigator.clipboard.writeText(text);
      } catch {
        getSelection().selectAllChildren(code);
        done = 'Selected';
      }
      button.textContent = done;
      button.setAttribute('aria-label', `${done}: ${name}`);
      setTimeout(() => {
        button.textContent = 'Copy';
        button.setAttribute('aria-label', `Copy ${name}`);
      }, 1500);
    });
    return el('div', { className: 'snippet' }, el('span', { className: 'kind' }, name), code, button);
  }
}

// widthInside is the width of a picture in a preset's boxes, "1200x628" or, with another for
// tall and square pictures, "1600x900/900x1200".
function widthInside(boxes, { width, height }) {
  const [wide, tall] = boxes.split('/').map((box) => box.split('x').map(Number));
  if (!width || !height || wide.some((side) => !(side > 0))) return 0;
  const [boxWidth, boxHeight] = width > height ? wide : tall ?? wide.toReversed();
  return Math.round(width * Math.min(1, boxWidth / width, boxHeight / height));
}
