// The sheet that makes a file of the cut: what kind, how large, how good; and the files that are there or on their way.
//
// Each is made by the studio apart from the page: the sheet may be closed, the tab too. Knows the open cut and the studio's routes.
import { ask, el, tell, tool, url } from '../desk.js';
import { t } from '../words.js';
import { length, number } from './cut.js';
import { timecode } from './places.js';

const LOOK = 400;           // milliseconds between two looks at what is being made
const KINDS = () => [
  ['h264', t('H.264, MP4'), t('plays everywhere')], ['h265', t('H.265, MP4'), t('half the size, newer machines')], ['prores', t('ProRes 422 HQ, MOV'), t('ten bits, for other editors')],
  ['vp9', t('VP9, WebM'), t('for web pages')], ['av1', t('AV1, WebM'), t('smallest, slower to make')], ['gif', t('GIF'), t('256 colours, without sound')],
  ['png', t('PNG pictures'), t('in a zip, with the sound as WAV')], ['still', t('The picture at the playhead'), t('PNG')],
  ['handover', t('For other editors'), t('OTIO, EDL and FCPXML with the films, in a zip')],
];
const RATES = ['24', '25', '30', '50', '60'];
const WHOLE = new Set(['still', 'handover']);     // kinds that are never of a stretch alone
const SCALED = new Set(['h264', 'h265', 'vp9', 'av1']);         // kinds that are of one quality or another

/** Open it. `line` is the timeline. */
export function exporting(line) {
  const { cut, id } = line.store;
  const back = document.activeElement;
  const chosen = () => kinds.querySelector('input:checked').value;
  const kinds = el('fieldset.kinds', {}, el('legend', {}, t('Kind')), ...KINDS().map(([name, words, about], at) =>
    el('label.kind', {}, el('input', { type: 'radio', name: 'export-kind', value: name, checked: at === 0, onchange: () => shape() }), el('span', {}, words), el('small', {}, about))));
  const size = el('select.field', { id: 'export-size' }, ...sizes(cut).map(([width, height], at) =>
    el('option', { value: at ? `${width}x${height}` : '' }, at ? `${width} × ${height}` : t('{size}, the cut’s own', { size: `${width} × ${height}` }))));
  const own = Number(number(cut.rate).toFixed(3));
  const rate = el('select.field', { id: 'export-rate', onchange: () => shape() }, el('option', { value: '' }, t('{n}, the cut’s own', { n: own })), ...RATES.filter((one) => Number(one) !== own).map((one) => el('option', { value: one }, one)));
  const quality = el('select.field', { id: 'export-quality' }, el('option', { value: 'draft' }, t('Draft')), el('option', { value: 'good', selected: true }, t('Good')), el('option', { value: 'best' }, t('Best')));
  const flow = el('input', { type: 'checkbox', id: 'export-flow' });
  const signed = el('input', { type: 'checkbox', id: 'export-credentials' });
  const only = el('input', { type: 'checkbox', id: 'export-stretch' });
  const stretch = line.view.stretch && line.view.stretch[0] < length(cut) ? line.view.stretch : null;
  let signs = null;           // kinds that can be signed here; null until the studio has said so
  const field = (words, control) => el('div.asked', {}, el('label', { for: control.id }, words), control);
  const fields = [field(t('Size'), size), field(t('Pictures a second'), rate), field(t('Quality'), quality), el('label.flow', {}, flow, el('span', {}, t('Make up pictures between pictures'))),
    el('label.flow', {}, signed, el('span', {}, t('Content credentials')), el('small', {}, t('says, signed, what it was made from'))),
    el('label.flow', {}, only, el('span', {}, t('Only the stretch that is marked')), el('small', {}, stretch ? t('{from} to {to}', { from: timecode(stretch[0], cut.rate), to: timecode(stretch[1], cut.rate) }) : ''))];
  const wrong = el('p.bad', { role: 'alert' });
  const list = el('ul.exports', { 'aria-label': t('Exports') });
  const go = el('button.plain.strong', { type: 'submit' }, t('Export'));
  const sheet = el('dialog.sheet.export', { 'aria-labelledby': 'export-title', onclose: () => { clearTimeout(timer); sheet.remove(); if (back?.isConnected) back.focus(); } },
    el('form', { noValidate: true, onsubmit: begin }, el('h2', { id: 'export-title' }, t('Export {name}', { name: cut.name || t('Untitled') })),
      kinds, el('div.fields', {}, ...fields), wrong,
      el('div.row', {}, el('button.plain', { type: 'button', onclick: () => sheet.close() }, t('Close')), go)), list);
  let timer = 0;

  /** What the kind has something to choose for. */
  function shape() {
    const kind = chosen();
    const film = kind !== 'handover';
    fields[0].hidden = !film;
    fields[1].hidden = !film || kind === 'still';
    fields[2].hidden = !SCALED.has(kind);
    fields[3].hidden = fields[1].hidden || !rate.value;
    fields[4].hidden = !signs?.includes(kind);
    fields[5].hidden = !stretch || WHOLE.has(kind);
  }

  async function begin(event) {
    event.preventDefault();
    const kind = chosen();
    const { playhead } = line.view;
    const [start, stop] = !fields[5].hidden && only.checked ? [stretch[0], Math.min(stretch[1], length(cut))] : [kind === 'still' ? playhead : 0, null];
    wrong.textContent = '';
    go.disabled = true;
    try {
      await ask(`studio/cuts/${id}/exports`, {
        kind, revision: line.store.answer.revision, size: size.value ? size.value.split('x').map(Number) : null, rate: fields[1].hidden ? '' : rate.value,
        quality: quality.value, flow: !fields[3].hidden && flow.checked, start, stop, credentials: fields[4].hidden ? null : signed.checked,
      });
      await look();
    } catch (error) { wrong.textContent = error.message; }
    go.disabled = false;
  }

  async function look() {
    clearTimeout(timer);
    let there = [];
    try {
      const { exports, credentials: { kinds: can, wished } } = await ask('studio/exports');
      there = exports;
      if (!signs) { signs = can; signed.checked = wished; shape(); }
    } catch { /* the bar says that the studio does not answer */ }
    if (!sheet.isConnected) return;
    list.hidden = !there.length;
    for (const one of there) {
      const row = list.querySelector(`[data-token="${one.token}"]`) ?? list.appendChild(el('li', { 'data-token': one.token }));
      if (row.dataset.state !== one.state) draw(row, one);
      if (one.state === 'working') {
        row.querySelector('.says').textContent = one.total ? t('{n} %', { n: Math.floor(one.done / one.total * 100) }) : t('beginning');
        row.querySelector('i').style.transform = `scaleX(${one.total ? one.done / one.total : 0})`;
        row.querySelector('.progress').setAttribute('aria-valuenow', one.total ? Math.floor(one.done / one.total * 100) : 0);
      }
    }
    for (const row of [...list.children]) if (!there.some((one) => one.token === row.dataset.token)) row.remove();
    timer = setTimeout(look, there.some((one) => one.state === 'working') ? LOOK : 4 * LOOK);
  }

  function draw(row, one) {
    row.dataset.state = one.state;
    const name = el('span.name', {}, one.file || one.name || t('Untitled'));
    const drop = tool('close', one.state === 'working' ? t('Stop this export') : t('Put it away'), async () => { try { await ask(`studio/exports/${one.token}/drop`, {}); } catch (error) { tell(error.message, 'bad'); } look(); });
    const says = el('span.says', { role: one.state === 'working' ? undefined : 'status' }, one.state === 'failed' ? one.error : one.state === 'done' ? megabytes(one.bytes) : '');
    row.replaceChildren(name, says, ...(one.state === 'done' ? [el('a.plain', { href: url(`media/export/${one.token}`), download: '' }, t('Save'))] : []), drop,
      ...(one.state === 'working' ? [el('div.progress', { role: 'progressbar', 'aria-label': one.name, 'aria-valuemin': 0, 'aria-valuemax': 100 }, el('i'))] : []),
      ...(one.notes.length ? [el('small.notes', {}, one.notes.join(' '))] : []));
  }

  line.root.append(sheet);
  sheet.showModal();
  shape();
  look();
  kinds.querySelector('input').focus();
}

const megabytes = (bytes) => (bytes < 1e6 ? t('{n} kB', { n: Math.max(1, Math.round(bytes / 1e3)) }) : t('{n} MB', { n: (bytes / 1e6).toFixed(bytes < 1e7 ? 1 : 0) }));

/** The cut's own size, and the usual ones of its shape. */
export function sizes({ width, height }) {
  const even = (side) => 2 * Math.round(side / 2);
  const others = [720, 1080, 2160].map((short) => (width >= height ? [even(short * width / height), short] : [short, even(short * height / width)]));
  return [[width, height], ...others.filter(([one, other]) => one !== width && other !== height && Math.max(one, other) <= 4096)];
}
