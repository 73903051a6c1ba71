// The sheet of shortcuts: one table of all keys of the studio. Knows what keys are called, not what they do.
import { el, icon, typing } from '../desk.js';
import { t } from '../words.js';

/** Every key there is: where, and which does what. A test holds this table to the keys that the modules listen for. */
const KEYS = () => [
  [t('Everywhere'), [
    ['Ctrl + Enter', t('make it')],
    ['P', t('write the prompt')],
    ['/', t('search the takes')],
    ['F6', t('next part of the page; with Shift the one before')],
    ['?', t('this sheet')],
  ]],
  [t('Player'), [
    ['Space', t('play and pause')],
    ['J K L', t('backwards, stop, on; again is faster')],
    [', .', t('one picture back, one on')],
    ['I O X', t('in, out, both off')],
    ['< >', t('slower, faster')],
    ['R', t('loop on or off')],
    ['M', t('sound on or off')],
    ['F', t('full screen')],
  ]],
  [t('Takes'), [
    ['← → ↑ ↓', t('move among the takes')],
    ['Enter', t('play it')],
    ['Space', t('choose it, or not')],
    ['0 … 5', t('rate it')],
    ['H', t('favourite or not')],
    ['C', t('two beside each other')],
    ['D', t('all about it')],
    ['Delete', t('put it in the trash')],
  ]],
  [t('Being made'), [
    ['Alt + ↑ ↓', t('earlier or later in line')],
    ['Delete', t('cancel it')],
  ]],
  [t('Mask and shots'), [
    ['Ctrl + Z', t('take the last stroke back')],
    ['Alt + ↑ ↓', t('move the shot')],
  ]],
  [t('Timeline'), [
    ['← →', t('one frame back, one on; with Shift a second')],
    ['↑ ↓', t('to the clip before, to the next one')],
    ['S', t('split at the playhead')],
    ['[ ]', t('begin here, end here')],
    ['{ }', t('the same, and what comes after moves')],
    ['E', t('carry the clip on')],
    ['C', t('connect it with the next one')],
    ['T', t('cross-fade at the joint')],
    ['M', t('marker')],
    ['I O X', t('mark a stretch: from here, up to here, none')],
    ['R', t('make the stretch anew')],
    ['G', t('make room as long as the stretch')],
    ['N', t('snapping')],
    ['+ − 0', t('larger, smaller, all of it')],
    ['Alt + ← →', t('move the clip')],
    ['Ctrl + D', t('copy it behind itself')],
    ['Delete', t('take it out and close up: what is chosen, or else the stretch')],
    ['Backspace', t('take it out, leave a gap')],
    ['Ctrl + Z', t('undo; with Shift redo')],
  ]],
];

export function keys(root) {
  const sheet = el('dialog.sheet.keys', { 'aria-label': t('Keyboard shortcuts') },
    el('h2', {}, t('Keys')),
    el('div.columns', {}, ...KEYS().map(([where, rows]) => el('section', {}, el('h3', {}, where),
      el('dl', {}, ...rows.flatMap(([names, what]) => [el('dt', {}, ...names.split(' + ').flatMap((name, at) => [at ? ' + ' : '', el('kbd', {}, name)])), el('dd', {}, what)]))))),
    el('div.row', {}, el('button.plain', { type: 'button', autofocus: true, onclick: () => sheet.close() }, t('Close'))));
  const button = el('button.tool', { type: 'button', title: t('Keys'), 'aria-label': t('Keys'), onclick: () => sheet.showModal() }, icon('keys'));
  root.append(button, sheet);
  document.addEventListener('keydown', (event) => {
    if (event.key === '?' && !typing(event) && !sheet.open) { event.preventDefault(); sheet.showModal(); }
  });
}
