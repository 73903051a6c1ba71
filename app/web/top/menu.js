// A menu behind a button, as people know it from programs: arrows, Home, End, letters, Escape; the focus comes back.
import { el } from '../desk.js';

/**
 * A button with a menu. `rows()` is asked each time it opens and gives items in order:
 *   { text, act, checked?, note?, disabled? }    one to choose; with `checked` (true or false) one of several
 *   { title }                                     a heading over the next ones
 *   { line: true }                                a thin line
 * Returns { node, button, open, close }.
 */
export function menu(label, face, rows, properties = {}) {
  const id = `menu-${label.replace(/\W+/g, '-').toLowerCase()}-${Math.random().toString(36).slice(2, 7)}`;
  const list = el('div.menu', { id, role: 'menu', 'aria-label': label, hidden: true, tabIndex: -1 });
  const button = el('button', { type: 'button', 'aria-haspopup': 'menu', 'aria-expanded': 'false', onclick: () => (list.hidden ? open() : close()), ...properties }, ...face);
  const node = el('div.menu-holder', {}, button, list);
  const items = () => [...list.querySelectorAll('[role^=menuitem]:not([aria-disabled=true])')];

  function open(at = 0) {
    list.replaceChildren(...grouped(rows().map(draw)));
    list.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    const all = items();
    (at < 0 ? all.at(-1) : all.find((item) => item.getAttribute('aria-checked') === 'true') ?? all[0])?.focus();
  }

  function close(back = true) {
    if (list.hidden) return;
    list.hidden = true;
    button.setAttribute('aria-expanded', 'false');
    if (back) button.focus();
  }

  function draw(row) {
    if (row.line) return el('div.rule', { role: 'separator' });
    if (row.title) return el('p.title', { role: 'presentation' }, row.title);
    const role = row.checked === undefined ? 'menuitem' : 'menuitemradio';
    const item = el('button.item', { type: 'button', role, tabIndex: -1, onclick: () => { if (!row.disabled) { close(); row.act(); } } },
      el('span.text', {}, row.text), row.note ? el('span.note', {}, row.note) : null);
    if (row.checked !== undefined) item.setAttribute('aria-checked', row.checked);
    if (row.disabled) item.setAttribute('aria-disabled', 'true');
    return item;
  }

  list.addEventListener('keydown', (event) => {
    const all = items();
    const at = all.indexOf(document.activeElement);
    const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at - 1 + all.length) % all.length, Home: 0, End: all.length - 1 }[event.key];
    if (to !== undefined) { event.preventDefault(); all[to]?.focus(); }
    else if (event.key === 'Escape') { event.preventDefault(); close(); }
    else if (event.key === 'Tab') close(false);
    else if (event.key.length === 1 && event.key !== ' ' && !event.ctrlKey && !event.metaKey && !event.altKey) {
      const after = [...all.slice(at + 1), ...all.slice(0, at + 1)];
      after.find((item) => item.textContent.toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
    } else return;
    event.stopPropagation();        // a letter in a menu is no shortcut of the studio
  });
  button.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') { event.preventDefault(); open(event.key === 'ArrowUp' ? -1 : 0); }
  });
  document.addEventListener('pointerdown', (event) => { if (!node.contains(event.target)) close(false); });
  return { node, button, open, close };
}

/** Items between titles and lines as groups, so that it is read aloud which belong together. */
function grouped(nodes) {
  const out = [];
  let group = null;
  for (const node of nodes) {
    if (node.getAttribute('role') === 'separator') { group = null; out.push(node); continue; }
    if (node.classList.contains('title')) { out.push(group = el('div', { role: 'group', 'aria-label': node.textContent }, node)); node.setAttribute('aria-hidden', 'true'); continue; }
    if (group) group.append(node); else out.push(node);
  }
  return out;
}
