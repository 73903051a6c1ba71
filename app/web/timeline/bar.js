// The bar over the rows: which cut, what can be done with it, where one is in it, how large it is drawn.
//
// Knows the timeline that it is for. Does nothing itself: acts, store and screen do.
import { el, icon } from '../desk.js';
import { line_ } from '../sheet.js';
import { t } from '../words.js';
import { menu } from '../top/menu.js';
import { head, length, number, tail } from './cut.js';
import { drawing, tool } from './drawings.js';
import { exporting } from './exporting.js';
import { KINDS } from './making.js';
import { frameOf, timecode } from './places.js';

const SPEEDS = [['1/4', '¼×'], ['1/2', '½×'], ['1', '1×'], ['2', '2×'], ['4', '4×']];
const ZOOMS = 100;          // places of the slider

export class Bar {
  constructor(line) {
    const { acts, store, screen } = this.line = line;
    this.fold = el('button.tool', { type: 'button', onclick: () => line.fold(!line.folded) }, icon('down'));
    this.name = el('span.name', {});
    this.cuts = menu(t('Cut'), [drawing('film'), this.name, icon('down')], () => this.rows(), { className: 'plain cuts', 'aria-label': t('Cut') });
    this.undo = tool('undo', t('Undo (Ctrl+Z)'), () => store.act('undo'));
    this.redo = tool('redo', t('Redo (Ctrl+Shift+Z)'), () => store.act('redo'));
    this.split = tool('blade', t('Split at the playhead (S)'), () => acts.split());
    this.bin = tool('trash', t('Take it out and close up (Delete)'), () => acts.remove(true));
    this.cross = tool('cross', t('Cross-fade at the joint (T)'), () => acts.cross());
    this.mark = tool('flag', t('Marker (M)'), () => acts.mark());
    this.snap = tool('magnet', t('Snapping (N)'), () => line.snap(), { 'aria-pressed': 'true' });
    this.made = menu(t('Make film'), [drawing('make'), el('span', {}, t('Make film'))], () => this.makes(), { className: 'plain makes', title: t('Make film for the chosen clip') });
    this.clip = menu(t('Clip'), [el('span', {}, t('Clip')), icon('down')], () => this.clips(), { className: 'plain', title: t('Speed, fades, sound of the chosen clip') });
    this.play = tool('play', t('Play the cut'), () => screen.toggle());
    this.sound = el('input', { type: 'file', accept: 'audio/*', hidden: true, tabIndex: -1, 'aria-label': t('Sound at the playhead…'), onchange: () => { const [file] = this.sound.files; this.sound.value = ''; if (file) store.lay(file, line.view.playhead); } });
    this.time = el('input.time', { 'aria-label': t('Place in the cut'), value: '0:00:00:00', spellcheck: false, autocomplete: 'off' });
    this.all = el('output.all', {});
    this.in = tool('in', t('The stretch begins here (I)'), () => line.stretch.mark(0));
    this.out = tool('out', t('The stretch ends here (O)'), () => line.stretch.mark(1));
    this.hint = el('output.hint', {});
    this.slider = el('input.zoom', { type: 'range', min: 0, max: ZOOMS, 'aria-label': t('Zoom'), oninput: () => line.zoomTo(Number(this.slider.value) / ZOOMS) });
    this.board = tool('board', t('Storyboard'), () => line.storyboard(), { 'aria-pressed': 'false' });
    this.tools = el('div.tools', {}, this.undo, this.redo, el('i.rule'), this.split, this.bin, this.cross, this.mark, this.snap, el('i.rule'), this.made.node, this.clip.node);
    this.view = el('div.look', {}, this.hint, tool('less', t('Smaller (−)'), () => line.zoom(1 / 1.5)), this.slider, tool('plus', t('Larger (+)'), () => line.zoom(1.5)),
      tool('fit', t('All of it (0)'), () => line.fit()), this.board);
    this.transport = el('div.transport', {}, this.play, this.time, this.all, this.in, this.out);
    this.begin = el('button.plain.begin', { type: 'button', onclick: () => store.make(t('Cut {n}', { n: 1 })) }, t('New cut'));
    this.says = el('p.says', {}, el('b', {}, t('Timeline')), el('span', {}, t('Drop takes here, or press + on a take')));
    this.root = el('div.bar', {}, this.fold, this.cuts.node, this.says, this.begin, this.tools, this.transport, this.view, this.sound);
    this.time.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') { this.time.blur(); this.at(line.view.playhead); }
      if (event.key !== 'Enter') return;
      const frame = frameOf(this.time.value, store.cut.rate, line.view.playhead);
      if (frame !== null) line.go(frame);
      this.at(line.view.playhead, true);
      this.time.select();
    });
    this.time.addEventListener('focus', () => this.time.select());
    this.time.addEventListener('blur', () => this.at(line.view.playhead));
  }

  show(answer) {
    const cut = answer?.cut ?? null;
    for (const node of [this.cuts.node, this.tools, this.transport, this.view]) node.hidden = !cut;
    for (const node of [this.says, this.begin]) node.hidden = Boolean(cut);
    this.fold.hidden = !cut;
    if (!cut) return;
    this.name.textContent = cut.name;
    this.cuts.button.setAttribute('aria-label', t('Cut: {name}', { name: cut.name }));
    this.undo.disabled = !answer.undo;
    this.redo.disabled = !answer.redo;
    this.all.textContent = `/ ${timecode(length(cut), cut.rate)}`;
    this.at(this.line.view.playhead);
    this.chose();
  }

  /** What the chosen pieces allow. */
  chose() {
    const some = this.line.view.chosen.size > 0;
    this.bin.disabled = this.clip.button.disabled = !some;
    this.made.button.disabled = !some && !this.line.view.stretch;
    this.snap.setAttribute('aria-pressed', this.line.view.snap);
  }

  at(frame, always = false) {
    const { cut } = this.line.store;
    if (cut && (always || document.activeElement !== this.time)) this.time.value = timecode(frame, cut.rate);
  }

  /** How large it is drawn, from 0 to 1 of the slider: `scale` pixels a frame. */
  zoomed(share, scale) {
    const at = Math.round(share * ZOOMS);
    if (this.slider.valueAsNumber !== at) this.slider.value = at;
    const words = t('{n} pixels a second', { n: Math.round(scale * 24) });
    if (this.said !== words) this.slider.setAttribute('aria-valuetext', this.said = words);
  }

  running(speed) {
    this.play.replaceChildren(icon(speed ? 'pause' : 'play'));
    this.play.title = speed ? t('Pause') : t('Play the cut');
    this.play.setAttribute('aria-label', this.play.title);
  }

  folded(yes) {
    const label = yes ? t('Open the timeline') : t('Fold the timeline');
    this.fold.title = label;
    this.fold.setAttribute('aria-label', label);
    this.fold.setAttribute('aria-expanded', !yes);
    this.root.classList.toggle('folded', yes);
  }

  rows() {
    const { line } = this;
    const { store } = line;
    const { cut } = store;
    return [
      { title: t('Cuts') },
      ...store.cuts.map((one) => ({ text: one.name || t('Untitled'), checked: one.id === store.id, note: timecode(one.frames, one.rate), act: () => one.id === store.id || line.open(one.id) })),
      { line: true },
      { text: t('New cut'), act: () => store.make(t('Cut {n}', { n: store.cuts.length + 1 })) },
      { text: t('Rename…'), act: () => line_(line.root, { title: t('Rename the cut'), verb: t('Rename'), value: cut.name, act: (name) => store.edit({ is: 'set-cut', name, width: cut.width, height: cut.height }) }) },
      { text: t('Title at the playhead…'), act: () => line_(line.root, { title: t('Title'), verb: t('Add'), lines: 2, act: (words) => line.acts.title(words) }) },
      { text: t('Sound at the playhead…'), act: () => this.sound.click() },
      { text: t('One more film track'), act: () => line.addTrack() },
      { line: true },
      { text: t('Export…'), disabled: !length(cut), act: () => exporting(line) },
      { line: true },
      { text: t('Put the cut in the trash'), act: () => store.trash() },
    ];
  }

  /** What can be made of the chosen clip, and of the stretch that is marked. */
  makes() {
    const { view, acts } = this.line;
    const one = view.chosen.size ? acts.one : null;
    const film = one?.item.is === 'clip' && (one.item.media.kind ?? 'film') === 'film' && one.item.media.take;
    return Object.entries(KINDS()).map(([kind, [text]]) => ({ text, disabled: !film, act: () => this.line.make(kind), note: { extend: 'E', connect: 'C' }[kind] }))
      .concat([{ line: true }, { text: t('Retake this stretch…'), disabled: !view.stretch, act: () => this.line.retake(), note: view.stretch ? 'R' : t('mark it with I and O') }]);
  }

  clips() {
    const { acts, store } = this.line;
    const one = acts.one;
    if (!one) return [];
    const { item } = one;
    const { rate } = store.cut;
    const clip = item.is === 'clip';
    const speed = item.speed ?? '1';
    const room = (frames) => (Number.isFinite(frames) ? timecode(frames, rate) : '∞');
    return [
      ...(clip ? [{ title: t('Speed') }, ...SPEEDS.map(([value, text]) => ({ text, checked: speed === value, act: () => acts.speed(value) })),
        { text: t('Backwards'), checked: number(speed) < 0, act: () => acts.speed(number(speed) < 0 ? '1' : '-1') }, { text: t('Hold the first picture'), checked: speed === '0', act: () => acts.speed(speed === '0' ? '1' : '0') },
        { title: t('Clip') }, { text: item.mute ? t('Switch it on') : t('Switch it off'), act: () => acts.mute() }] : []),
      { text: (item.fade_in ?? 0) + (item.fade_out ?? 0) ? t('Without fades') : t('Fade in and out'), act: () => acts.fade(Math.round(number(rate) / 2)) },
      { text: t('Copy it behind itself'), note: 'Ctrl D', act: () => acts.duplicate() },
      { text: t('Rename…'), act: () => line_(this.line.root, { title: t('Rename the clip'), verb: t('Rename'), value: item.name ?? '', act: (name) => store.edit({ is: 'rename', item: item.id, name }) }) },
      ...(clip ? [{ text: t('Handles: {before} before, {after} after', { before: room(head(item, rate)), after: room(tail(item, rate)) }), disabled: true, act: () => {} }]
        : [{ text: t('Other words…'), act: () => line_(this.line.root, { title: t('Title'), verb: t('Change'), lines: 2, value: item.words, act: (words) => store.edit({ is: 'set-title', item: item.id, words, ...(item.style ? { style: item.style } : {}) }) }) }]),
    ];
  }
}
