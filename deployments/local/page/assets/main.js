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

function say(state, text) {
  status.dataset.state = state;
  status.textContent = text;
}

listen({
  open() {
    said = new Set();
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
  },
  gone({ key }) {
    said.delete(key);
    sheet.remove(key);
  },
  status({ listed, error }) {
    if (error) {
      say('trouble', `The bucket cannot be read, trying again: ${error}`);
    } else if (listed) {
      sheet.retain(said);
      byId('empty').hidden = sheet.size > 0;
      sheet.onsize = () => { this.status({ listed }); };
      say('live', `Live: ${sheet.size} ${sheet.size === 1 ? 'picture' : 'pictures'} in bucket ${about.bucket}`);
    }
  },
  lost() {
    say('trouble', 'The server is gone. Connecting again…');
  },
});
