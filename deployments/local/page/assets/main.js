// The page: a sheet of cards that follows the bucket, a viewer, and a drop zone.
import { byId, el } from './dom.js';
import { listen } from './stream.js';
import { Sheet } from './sheet.js';
import { Uploads } from './upload.js';
import { Activity } from './activity.js';
import { bytes, count as number, saved } from './units.js';
import { Viewer } from './viewer.js';

const status = byId('status');
const viewer = new Viewer(byId('viewer'));
const sheet = new Sheet(byId('sheet'), (picture, variant) => viewer.open(picture, variant));
const activity = new Activity();
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
  showStatus('live', `Live: ${number(sheet.size, 'picture')} in bucket ${about.bucket}`);
  showSaved();
}

// showSaved says how much lighter the renditions are than their originals.
function showSaved() {
  const { renditions, before, after } = sheet.savings();
  byId('saved').textContent = renditions === 0 ? '' :
    `${number(renditions, 'rendition')}, ${bytes(after)} instead of ${bytes(before)}: ${saved(before, after)} saved`;
}

function showPresets(presets) {
  byId('presets').replaceChildren(...presets.flatMap(({ name, does }) => [
    el('dt', {}, name), el('dd', {}, does)]));
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
    viewer.auto = about.auto;
    showPresets(about.presets);
    const named = (name, other) => (about.presets.find((p) => p.name === name) ?? other)?.name ?? '';
    byId('smallest').textContent = named('XS', about.presets.at(-1));
    byId('first').textContent = named('M', about.presets[0]);
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
  jobs(jobs) {
    activity.log(jobs);
  },
  notifications(notifications) {
    activity.notify(notifications);
  },
  queues(depths) {
    activity.depths(depths);
  },
  lost() {
    listed = false;
    showStatus('error', 'The server does not respond. Reconnecting…');
  },
});
