// The page: a sheet of cards that follows the bucket, a viewer, and a drop zone.
import { byId } from './dom.js';
import { listen } from './stream.js';
import { Sheet } from './sheet.js';
import { Uploads } from './upload.js';
import { Viewer } from './viewer.js';

const status = byId('status');
const viewer = new Viewer(byId('viewer'));
const sheet = new Sheet(byId('sheet'), (picture, variant) => viewer.open(picture, variant));
new Uploads(byId('uploads'), (key, file) => viewer.openUploaded(key, file));

byId('filter').addEventListener('input', (event) => sheet.filter(event.target.value));

// Set by the events. A stream begins with all pictures: those that it does not list were
// removed while there was no stream.
let about = { bucket: '', presets: [] };
let received = new Set();
let listed = false; // The stream has sent all pictures.

function showStatus(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

function count() {
  byId('empty').hidden = sheet.size > 0;
  showStatus('live', `Live: ${sheet.size} ${sheet.size === 1 ? 'picture' : 'pictures'} in bucket ${about.bucket}`);
}

listen({
  open() {
    received = new Set();
    listed = false;
  },
  about(event) {
    about = event;
    byId('bucket').textContent = about.bucket;
    viewer.presets = about.presets;
    sheet.presets = about.presets;
  },
  picture(picture) {
    received.add(picture.key);
    sheet.put(picture);
    viewer.update(picture);
    if (listed) count();
  },
  gone({ key }) {
    received.delete(key);
    sheet.remove(key);
    if (listed) count();
  },
  status(event) {
    listed = event.listed;
    if (listed) {
      sheet.retain(received);
      count();
    } else if (event.error) {
      showStatus('error', `The bucket cannot be read, retrying: ${event.error}`);
    }
  },
  lost() {
    listed = false;
    showStatus('error', 'The server does not respond. Reconnecting…');
  },
});
