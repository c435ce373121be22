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

// Filled in by the events; a stream begins with all pictures, so that what was
// removed while there was none shows by not being said.
let about = { bucket: '', presets: [] };
let said = new Set();
let listed = false; // All of them were said.

function say(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

function count() {
  byId('empty').hidden = sheet.size > 0;
  say('live', `Live: ${sheet.size} ${sheet.size === 1 ? 'picture' : 'pictures'} in bucket ${about.bucket}`);
}

listen({
  open() {
    said = new Set();
    listed = false;
  },
  about(news) {
    about = news;
    byId('bucket').textContent = about.bucket;
    viewer.presets = about.presets;
    sheet.presets = about.presets;
  },
  picture(picture) {
    said.add(picture.key);
    sheet.put(picture);
    viewer.update(picture);
    if (listed) count();
  },
  gone({ key }) {
    said.delete(key);
    sheet.remove(key);
    if (listed) count();
  },
  status(news) {
    listed = news.listed;
    if (listed) {
      sheet.retain(said);
      count();
    } else if (news.error) {
      say('trouble', `The bucket cannot be read, retrying: ${news.error}`);
    }
  },
  lost() {
    listed = false;
    say('trouble', 'The server does not respond. Reconnecting…');
  },
});
