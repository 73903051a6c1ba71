// The sheet of models: which are here, which can be had, what each needs and how it would lie on this machine.
//
// A model is brought by the studio, apart from the page: the sheet may be closed, the tab too. Knows the studio's routes;
// what a row looks like is row.js's.
import { ask, el } from '../desk.js';
import { bytes } from '../format.js';
import { t } from '../words.js';
import { Row } from './row.js';

const LOOK = 500;           // milliseconds between two looks while something is on its way
const ADDING = '.add';      // the studio's name for the errand of a folder of one's own

/** Open it over a panel. `use(name)` chooses a model for the form, which has `used` now. */
export function sheet({ root, use, used }) {
  if (root.querySelector('dialog.sheet.all-models')) return;
  const back = document.activeElement;
  const machine = el('p.machine', {});
  const here = el('ul.rows', { 'aria-labelledby': 'models-here' });
  const away = el('ul.rows', { 'aria-labelledby': 'models-away' });
  const wrong = el('p.bad', { role: 'alert' });
  const folder = el('input.field', { id: 'model-folder', maxLength: 4096, autocomplete: 'off', spellcheck: false, 'aria-describedby': 'model-folder-help' });
  const name = el('input.field', { id: 'model-name', maxLength: 80, autocomplete: 'off', spellcheck: false, placeholder: t('the folder’s own') });
  const says = el('p.says', { role: 'status' });
  const go = el('button.plain', { type: 'submit' }, t('Add'));
  const own = el('details.own', {}, el('summary', {}, t('Add a model that lies in a folder of mine')),
    el('form', { noValidate: true, onsubmit: add }, el('p.help', { id: 'model-folder-help' }, t('In diffusers’ layout, with a model_index.json, as safetensors. Nothing is copied.')),
      el('label', { for: 'model-folder' }, t('Folder')), folder, el('label', { for: 'model-name' }, t('Name')), name, el('div.row', {}, says, go)));
  const dialog = el('dialog.sheet.all-models', { 'aria-labelledby': 'models-title', onclose: () => { clearTimeout(timer); dialog.remove(); if (back?.isConnected) back.focus(); else root.querySelector('#other-models')?.focus(); } },
    el('h2', { id: 'models-title' }, t('Models')), machine, wrong,
    el('h3', { id: 'models-here' }, t('On this machine')), here, el('h3', { id: 'models-away' }, t('To be had')), away, own,
    el('div.row', {}, el('button.plain', { type: 'button', id: 'models-close', onclick: () => dialog.close() }, t('Close'))));
  const rows = new Map();
  let timer = 0;

  /** Ask something of a model; what the studio has against it is said at the top. */
  async function act(model, what) {
    wrong.textContent = '';
    try { await ask(`studio/models/${encodeURIComponent(model)}/${what}`, {}); } catch (error) { wrong.textContent = error.message; wrong.scrollIntoView({ block: 'nearest' }); }
    await look();
  }

  async function add(event) {
    event.preventDefault();
    says.textContent = '';
    says.classList.remove('bad');
    try { await ask('studio/models', { folder: folder.value, name: name.value }); } catch (error) { tellOfFolder(error.message, true); folder.focus(); }
    look();
  }

  function tellOfFolder(words, bad = false) {
    if (says.textContent !== words) says.textContent = words;
    says.classList.toggle('bad', bad);
  }

  async function look() {
    clearTimeout(timer);
    let found = null;
    try { found = await ask('studio/models'); } catch (error) { wrong.textContent = error.message; }
    if (!dialog.isConnected) return;
    if (found) show(found);
    timer = setTimeout(look, found?.errands.some((one) => one.state === 'working') ? LOOK : 6 * LOOK);
  }

  function show({ models, errands, ...place }) {
    const card = place.cards[0];
    machine.textContent = [card ? t('This machine: {card}, {memory}.', { card: card.name, memory: bytes(card.memory) }) : t('This machine has no card that these models run on; on the processor a film takes hours.'),
      t('{free} are free on the disk.', { free: bytes(place.free) }), t('They lie in {folder}.', { folder: place.folder })].join(' ');
    const errand = Object.fromEntries(errands.map((one) => [one.key, one]));
    const lists = { here: models.filter((one) => one.state === 'here' || one.state === 'built-in'), away: models.filter((one) => one.state === 'away' || one.state === 'part') };
    lists.away.sort((one, other) => (other.state === 'part') - (one.state === 'part'));      // else as the catalog has them: it says "the same" of the one before
    for (const [list, these] of [[here, lists.here], [away, lists.away]]) {
      these.forEach((one, at) => {
        if (!rows.has(one.name)) rows.set(one.name, new Row({ act, use: (chosen) => { dialog.close(); use(chosen); } }));
        const row = rows.get(one.name);
        row.show({ ...one, used: one.name === used, room: place.free - place.spare, errand: errand[one.name] });
        if (list.children[at] !== row.root) list.insertBefore(row.root, list.children[at] ?? null);
      });
      while (list.children.length > these.length) list.lastChild.remove();
    }
    dialog.dataset.ready = 'yes';
    const adding = errand[ADDING];
    go.disabled = adding?.state === 'working';
    if (!adding) return;
    tellOfFolder(adding.state === 'working' ? adding.words || t('looking through it') : adding.state === 'done' ? t('{name} can be used now.', { name: adding.name }) : adding.error, adding.state === 'failed');
    if (adding.state !== 'working') { act(ADDING, 'pause'); if (adding.state === 'done') { folder.value = ''; name.value = ''; } }
  }

  root.append(dialog);
  dialog.showModal();
  look();
  dialog.querySelector('#models-close').focus({ preventScroll: true });
}
