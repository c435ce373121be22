// What the workers do: the depth of the queues, the latest jobs, and the dead letters.
import { byId, el } from './dom.js';
import { bytes, count, time } from './units.js';

const shown = 100;

export class Activity {
  #depths = byId('depths');
  #jobs = byId('jobs');
  #notifications = byId('notifications');
  #letters = byId('letters');
  #panel = byId('dead');
  #dead = 0;

  constructor() {
    this.#panel.addEventListener('toggle', () => this.#load());
  }

  // depths shows how many messages the queues hold.
  depths(queues) {
    const dead = queues.find(({ queue }) => queue === 'dead');
    const others = queues.filter((q) => q !== dead);
    const waiting = others.reduce((sum, q) => sum + q.waiting, 0);
    const running = others.reduce((sum, q) => sum + q.running, 0);
    this.#depths.textContent = waiting + running === 0 ? 'no jobs are waiting' :
      others.filter((q) => q.waiting + q.running > 0).map((q) => `${q.queue === 'jobs' ? '' : `${q.queue}: `}${q.waiting} waiting, ${q.running} running`).join('; ');
    const before = this.#dead;
    this.#dead = dead ? dead.waiting + dead.running : 0;
    byId('dead-count').textContent = count(this.#dead, 'dead letter');
    this.#panel.classList.toggle('trouble', this.#dead > 0);
    if (before !== this.#dead) this.#load();
  }

  log(jobs) {
    append(this.#jobs, jobs.map(line));
  }

  notify(notifications) {
    append(this.#notifications, notifications.map(notification));
    const { type, key } = notifications.at(-1);
    byId('notified').textContent = `${key}: ${type}`;
  }

  async #load() {
    if (!this.#panel.open) return;
    try {
      const response = await fetch('/-/dead-letters');
      const body = await response.json();
      if (!response.ok) throw new Error(body.error);
      this.#show(body.letters);
    } catch (error) {
      this.#letters.replaceChildren(el('li', { className: 'none' }, `The dead letters cannot be read: ${error.message}`));
    }
  }

  // show keeps the lines of letters that are still there, and with them the focus.
  #show(letters) {
    const lines = new Map([...this.#letters.querySelectorAll('[data-id]')].map((item) => [item.dataset.id, item]));
    const focused = document.activeElement?.closest?.('[data-id]');
    this.#letters.replaceChildren(...letters.map((letter) => lines.get(letter.id) ?? this.#letter(letter)));
    if (letters.length === 0) this.#letters.append(el('li', { className: 'none' }, 'No dead letters: every job was done.'));
    if (focused?.isConnected) focused.querySelector('button').focus();
    else if (focused) this.#panel.querySelector('summary').focus();
  }

  #letter(letter) {
    const name = letter.key || 'a message that is not a job';
    const button = el('button', { type: 'button', 'aria-label': `Replay ${name}` }, 'Replay');
    const note = el('p', { className: 'note', role: 'status' });
    button.addEventListener('click', () => this.#replay(letter, button, note, name));
    return el('li', { 'data-id': letter.id },
      el('div', { className: 'letter' }, el('strong', {}, name), el('code', {}, letter.class), button),
      letter.detail ? el('p', {}, letter.detail) : '',
      letter.remedy ? el('p', { className: 'remedy' }, letter.remedy) : '', note);
  }

  async #replay(letter, button, note, name) {
    if (button.getAttribute('aria-disabled') === 'true') return;
    // Not disabled: a disabled button would lose the focus.
    button.setAttribute('aria-disabled', 'true');
    button.textContent = 'Replaying…';
    button.setAttribute('aria-label', `Replaying ${name}`);
    try {
      const response = await fetch(`/-/dead-letters/${encodeURIComponent(letter.id)}`, { method: 'POST' });
      if (!response.ok) throw new Error((await response.json()).error);
      note.textContent = 'Its job was sent to the workers. If it fails again, it comes back.';
      button.textContent = 'Replayed';
      button.setAttribute('aria-label', `Replayed ${name}`);
    } catch (error) {
      note.textContent = `Not replayed: ${error.message}`;
      button.textContent = 'Replay again';
      button.setAttribute('aria-label', `Replay ${name} again`);
      button.removeAttribute('aria-disabled');
    }
  }
}

// append adds lines to a list, which scrolls along unless the reader has scrolled up in it.
function append(log, lines) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 24;
  const list = log.firstElementChild;
  list.append(...lines);
  while (list.children.length > shown) list.firstChild.remove();
  if (atEnd) log.scrollTop = log.scrollHeight;
}

// notification is what a worker announced.
function notification({ time, type, key, variants, reason }) {
  return el('li', { 'data-outcome': type },
    el('time', { dateTime: time }, new Date(time).toLocaleTimeString('en-GB')),
    el('span', { className: 'outcome' }, type),
    el('span', { className: 'source' }, key),
    el('span', { className: 'facts' }, [reason?.class, variants?.map(({ name }) => name).join(', ')].filter(Boolean).join(' · ')));
}

// line is one job of the log.
function line(job) {
  const facts = [job.queue, job.renditions ? count(job.renditions, 'rendition') : '', job.bytes_out ? bytes(job.bytes_out) : '', time(job.ms)];
  return el('li', { 'data-outcome': job.outcome },
    el('time', { dateTime: job.time }, new Date(job.time).toLocaleTimeString('en-GB')),
    el('span', { className: 'outcome' }, job.outcome),
    el('span', { className: 'source' }, job.source ?? ''),
    el('span', { className: 'facts' }, [...facts, job.reason ?? job.class ?? ''].filter(Boolean).join(' · ')));
}
