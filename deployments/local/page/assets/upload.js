// Stores pictures that are dropped on the page or chosen, one after the other.
import { pathOf } from './address.js';
import { byId, el } from './dom.js';
import { bytes } from './units.js';

export class Uploads {
  #list;
  #stored;
  #last = Promise.resolve();

  // Stored is called with the key and the file of each picture once it is stored.
  constructor(list, stored) {
    this.#list = list;
    this.#stored = stored;
    const choose = byId('choose');
    choose.addEventListener('change', () => {
      this.#take(choose.files);
      choose.value = '';
    });
    this.#takeDrops(byId('veil'));
  }

  #takeDrops(veil) {
    const hasFiles = (event) => event.dataTransfer?.types.includes('Files');
    let depth = 0; // The number of elements under the drag: leaving one may mean entering another.
    addEventListener('dragenter', (event) => {
      if (hasFiles(event)) veil.hidden = ++depth === 0;
    });
    addEventListener('dragleave', (event) => {
      if (hasFiles(event)) veil.hidden = --depth <= 0;
    });
    addEventListener('dragover', (event) => {
      if (hasFiles(event)) event.preventDefault();
    });
    addEventListener('drop', (event) => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = 0;
      veil.hidden = true;
      this.#take(event.dataTransfer.files);
    });
  }

  // Several pictures are stored one after the other; only a single one is opened.
  #take(files) {
    const alone = files.length === 1; // The list empties when the input is reset.
    for (const file of files) {
      this.#last = this.#last.then(() => this.#upload(file, alone));
    }
  }

  async #upload(file, alone) {
    const progress = el('progress', { max: 1, value: 0, 'aria-label': `Storing ${file.name}` });
    const note = el('span', {}, bytes(file.size));
    const line = el('li', {}, el('strong', {}, file.name), progress, note);
    this.#list.append(line);
    try {
      await put(file, (share) => {
        progress.value = share;
        if (share === 1) note.textContent = 'storing…';
      });
      line.remove();
      if (alone) this.#stored(file.name, file);
    } catch (error) {
      progress.remove();
      line.classList.add('refused');
      note.textContent = error.message;
      const close = el('button', { type: 'button', className: 'quiet' }, 'Dismiss');
      close.addEventListener('click', () => line.remove());
      line.append(close);
    }
  }
}

// put stores a file under its name. Only XMLHttpRequest reports progress.
function put(file, onProgress) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.upload.onprogress = ({ loaded, total }) => onProgress(total ? loaded / total : 1);
    request.onerror = () => reject(new Error('the upload failed: no response from the server'));
    request.onload = () => {
      if (request.status < 300) resolve();
      else reject(new Error(errorIn(request.responseText) ?? `HTTP ${request.status}`));
    };
    request.open('PUT', `/-/pictures${pathOf(file.name)}`);
    request.send(file);
  });
}

function errorIn(text) {
  try {
    return JSON.parse(text).error;
  } catch {
    return undefined;
  }
}
