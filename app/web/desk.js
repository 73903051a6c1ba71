// The desk in the browser: asks the studio's routes, keeps the last answer, tells the panels.
//
// Panels mount in any order, so every message is remembered and given to whoever listens later.
// Polling and no stream: browsers allow six connections to one address, and tabs that each hold one open starve the rest.

import { t } from './words.js';

const listeners = new Map();
const last = new Map();

/** Call `hear(value)` for every message of that name, and at once with the last one if there was one. */
export function on(name, hear) {
  if (!listeners.has(name)) listeners.set(name, new Set());
  listeners.get(name).add(hear);
  if (last.has(name)) hear(last.get(name));
}

/** Tell the other panels. `keep: false` for things that happen once, which a late listener must not hear. */
export function say(name, value, { keep = true } = {}) {
  if (keep) last.set(name, value);
  for (const hear of listeners.get(name) ?? []) hear(value);
}

export const latest = (name) => last.get(name);

/** An address of ours, also when the studio is mounted under a path. */
export const url = (path) => new URL(path, document.baseURI).href;

/** Ask a route; POST when there is a body. Throws an Error whose message is the studio's own sentence. */
export async function ask(path, body) {
  let answer;
  try {
    answer = await fetch(url(path), body === undefined ? {} : {
      method: 'POST',
      headers: { 'content-type': body instanceof Blob ? 'application/octet-stream' : 'application/json' },
      body: body instanceof Blob ? body : JSON.stringify(body),
    });
  } catch {
    throw new Error(t('The studio does not answer. Is it still running?'));
  }
  const data = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(data.error ?? t('The studio answered with {status}.', { status: answer.status }));
  return data;
}

// ---- polling

const PACE = { busy: 200, idle: 1400, hidden: 5000, lost: 1500 };
let timer = 0;
let asking = false;
let again = false;

async function poll() {
  clearTimeout(timer);
  if (asking) { again = true; return; }
  asking = true;
  let pace = PACE.idle;
  try {
    const state = await ask('studio/state');
    say('lost', false);
    say('state', state);
    if (state.jobs.some((job) => job.state === 'running' || job.state === 'waiting')) pace = PACE.busy;
  } catch {
    say('lost', true);
    pace = PACE.lost;
  }
  asking = false;
  if (document.hidden) pace = Math.max(pace, PACE.hidden);
  timer = setTimeout(poll, again ? 0 : pace);
  again = false;
}

/** Look now: something was just asked for. */
export const poke = () => poll();

document.addEventListener('visibilitychange', () => { if (!document.hidden) poll(); });
poll();

export const model = ask('studio/model');
model.catch(() => {});      // whoever needs it says so; nobody listening is no error of its own

// ---- building

/** An element with properties and children. Text is always text: nothing here ever parses HTML. */
export function el(tag, properties = {}, ...children) {
  const [name, ...classes] = tag.split('.');
  const node = document.createElement(name || 'div');
  if (classes.length) node.className = classes.join(' ');
  for (const [key, value] of Object.entries(properties)) {
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key.startsWith('aria-') || key.startsWith('data-') || key === 'role' || key === 'for' || key === 'list') node.setAttribute(key, value);
    else if (key === 'style') node.style.cssText = value;
    else if (value !== undefined) node[key] = value;
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

const SVG = 'http://www.w3.org/2000/svg';
const PATHS = {
  play: 'M8 5.5v13l11-6.5z',
  pause: 'M7 5h3.5v14H7zM13.5 5H17v14h-3.5z',
  back: 'M16 6l-7 6 7 6zM6 6h2v12H6z',
  next: 'M8 6l7 6-7 6zM16 6h2v12h-2z',
  loop: 'M7 7h9V4l4 4.5-4 4.5v-3H9v4H7zM17 17H8v3l-4-4.5L8 11v3h7v-4h2z',
  full: 'M4 4h6v2H6v4H4zM14 4h6v6h-2V6h-4zM4 14h2v4h4v2H4zM18 14h2v6h-6v-2h4z',
  save: 'M11 4h2v8h3l-4 5-4-5h3zM5 18h14v2H5z',
  heart: 'M12 20s-7.5-4.6-7.5-10A4.2 4.2 0 0 1 12 7.3 4.2 4.2 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z',
  trash: 'M9 4h6l1 2h4v2H4V6h4zM6 9h12l-1 11H7zM10 11v7h1.400v-7zM12.6 11v7H14v-7z',
  again: 'M12 5a7 7 0 1 1-6.8 8.6l2-.5A5 5 0 1 0 12 7v3L7.5 6 12 2z',
  back_up: 'M12 4l6 6h-4v6h-4v-6H6zM5 18h14v2H5z',
  dice: 'M5 4h14a1 1 0 0 1 1 1v14a1 1 0 0 1-1 1H5a1 1 0 0 1-1-1V5a1 1 0 0 1 1-1zm3.2 2.7a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zm3.8 3.8a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3zm3.8 3.8a1.5 1.5 0 1 0 0 3 1.5 1.5 0 0 0 0-3z',
  close: 'M6.5 5L12 10.6 17.5 5 19 6.5 13.4 12 19 17.5 17.5 19 12 13.4 6.5 19 5 17.5 10.6 12 5 6.500z',
  folder: 'M3 6h7l2 2h9v11H3zm2 4v7h14v-7z',
  down: 'M7 9.5h10L12 15z',
  plus: 'M11 5h2v6h6v2h-6v6h-2v-6H5v-2h6z',
  look: 'M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zm0 2v14a7 7 0 0 1 0-14z',
  keys: 'M3 6h18v12H3zm2 2v8h14V8zm1.500 1.500h2v2h-2zm3 0h2v2h-2zm3 0h2v2h-2zm3 0h2v2h-2zM8 13h8v1.800H8z',
  in: 'M6 4h6v2H8v12h4v2H6zM14 8l5 4-5 4z',
  out: 'M18 4h-6v2h4v12h-4v2h6zM10 8l-5 4 5 4z',
  sound: 'M4 9h4l5-4v14l-5-4H4zM15.200 9.300l1.300-1.300a5.600 5.600 0 0 1 0 8l-1.300-1.300a3.800 3.800 0 0 0 0-5.400z',
  mute: 'M4 9h4l5-4v14l-5-4H4zM15 10.200l1.200-1.200 4.600 4.600-1.200 1.200zM19.600 9l1.200 1.200-4.600 4.600-1.200-1.200z',
  star: 'M12 3.500l2.600 5.400 5.900.800-4.300 4.100 1.100 5.900L12 16.800l-5.300 2.900 1.100-5.900L3.500 9.700l5.900-.800z',
  filter: 'M4 6h16v2H4zM7 11h10v2H7zM10 16h4v2h-4z',
  details: 'M4 5h16v14H4zm2 2v10h7V7zm9 0v10h3V7z',
  swap: 'M7 7h9V4l4 4-4 4V9H7zM17 17H8v3l-4-4 4-4v3h9z',
  compare: 'M4 5h16v14H4zm2 2v10h5V7z',
  up: 'M12 8.500l5 5.500H7z',
  top: 'M6 4h12v2H6zM12 8l6 7h-4v5h-4v-5H6z',
  pencil: 'M4 16.500V20h3.500L18 9.500 14.500 6zM16 4.500l3.500 3.500 1-1a1 1 0 0 0 0-1.500l-2-2a1 1 0 0 0-1.500 0z',
  bring: 'M11 20h2v-8h3l-4-5-4 5h3zM5 4h14v2H5z',
  picture: 'M4 5h16v14H4zm2 2v8l4-4 4 4 2-2 2 2V7zm9 1.200a1.6 1.6 0 1 1 0 3.2 1.6 1.6 0 0 1 0-3.200z',
};

/** A drawing of one path on a square of 24. It is decoration: the button that holds it carries the name. */
export function svg(kind, path, properties = {}) {
  const node = document.createElementNS(SVG, 'svg');
  for (const [name, value] of Object.entries({ viewBox: '0 0 24 24', 'aria-hidden': 'true', class: kind })) node.setAttribute(name, value);
  const line = document.createElementNS(SVG, 'path');
  for (const [name, value] of Object.entries({ d: path, ...properties })) line.setAttribute(name, value);
  node.append(line);
  return node;
}

/** A small filled drawing by its name. */
export const icon = (name) => svg('icon', PATHS[name], { 'fill-rule': 'evenodd' });

/** A button with a drawing and a name. */
export function tool(drawing, label, act, properties = {}) {
  return el('button.tool', { type: 'button', title: label, 'aria-label': label, onclick: act, ...properties }, icon(drawing));
}

/** Whether a key types text somewhere now, and is no shortcut of the studio. */
export const typing = (event) =>
  event.ctrlKey || event.metaKey || event.altKey ||
  Boolean(event.target.closest?.('textarea, select, dialog, [contenteditable], input:not([type=radio]):not([type=range]):not([type=checkbox])'));

/** Whether a key (space, arrows) belongs to the control that has the focus. */
export const steering = (event) => typing(event) || Boolean(event.target.closest?.('input, button, a, summary'));

// ---- one quiet place for messages

let toaster = null;

/** A short message at the bottom, read aloud; "bad" ones stay longer. */
export function tell(text, kind = 'good') {
  toaster ??= document.body.appendChild(el('div.toasts', { role: 'status', 'aria-live': 'polite' }));
  const toast = el(`div.toast.${kind}`, {}, text);
  toaster.append(toast);
  setTimeout(() => toast.remove(), kind === 'bad' ? 8000 : 3500);
}
