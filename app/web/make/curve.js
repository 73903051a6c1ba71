// Strength as a number and as a curve along the film: points one drags, or moves with the arrow keys.
import { el } from '../desk.js';
import { t } from '../words.js';
import { drawing } from './drawings.js';
import { parts } from './films.js';
import { said } from './labels.js';
import { drawn, moved, resampled, stepped } from './maths.js';

const SVG = 'http://www.w3.org/2000/svg';
const WIDE = 300;
const HIGH = 84;
const EDGE = 9;
const COUNTS = [2, 3, 5, 7, 9, 13, 17, 25];

/** The control of a row of kind "strength". */
export function strengthControl(row, desk) {
  const { form, changed, rebuild, film } = desk;
  const curve = form[row.name];
  const put = (levels, focus) => { form[row.name] = levels; changed(); rebuild(focus); };
  const flat = curve.length === 1;
  const number = el('input', { type: 'number', id: row.name, min: 0, max: 1, step: row.step, value: flat ? curve[0] : '', placeholder: t('a curve'), disabled: !flat });
  const head = el('div.line', {}, el('label', { for: row.name }, said(row.title)), el('span.number', {},
    el('button.small', { type: 'button', 'aria-pressed': String(!flat), id: 'as-curve', onclick: () => put(flat ? resampled(curve, 5) : resampled(curve, 1), '#as-curve') }, t('Curve')), number));
  const help = el('p.help', {}, said(row.help));
  if (flat) {
    const slider = el('input', { type: 'range', min: 0, max: 1, step: row.step, value: curve[0], 'aria-label': said(row.title), tabIndex: -1 });
    const set = (value) => { form[row.name] = [stepped(value, { least: 0, most: 1 })]; changed(); };
    number.addEventListener('input', () => { const value = Number(number.value); if (number.value !== '' && value >= 0 && value <= 1) { set(value); slider.value = value; } });
    slider.addEventListener('input', () => { set(Number(slider.value)); number.value = slider.value; });
    return el('div.field.amount', {}, head, slider, help);
  }
  const other = (by) => COUNTS[COUNTS.findIndex((count) => count >= curve.length) + by];
  const fewer = el('button.small', { type: 'button', id: 'fewer', disabled: curve.length <= 2, 'aria-label': t('Fewer points'), onclick: () => put(resampled(curve, other(-1) ?? 2), '#fewer') }, drawing('less'));
  const more = el('button.small', { type: 'button', id: 'more-points', disabled: curve.length >= 25, 'aria-label': t('More points'), onclick: () => put(resampled(curve, other(1) ?? 25), '#more-points') }, drawing('add'));
  return el('div.field', {}, head, widget(row, form, changed, film()),
    el('div.line.under', {}, el('p.help', {}, t('From the beginning to the end; drag a point, or use the arrow keys.')), el('span.number', {}, fewer, more)));
}

function svg(tag, attributes, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

function widget(row, form, changed, take) {
  const line = svg('polyline', { class: 'run' });
  const under = svg('polygon', { class: 'under' });
  const count = form[row.name].length;
  const knobs = form[row.name].map((_, at) => svg('circle', {
    class: 'knob', r: 6, role: 'slider', tabindex: at ? -1 : 0, 'aria-valuemin': 0, 'aria-valuemax': 1, 'aria-orientation': 'vertical',
    'aria-label': t('Strength at {percent} % of the film', { percent: Math.round(at / (count - 1) * 100) }),
  }));
  const plot = svg('svg', { viewBox: `0 0 ${WIDE} ${HIGH}`, class: 'curve' }, under, line, ...knobs);

  function draw() {
    const points = drawn(form[row.name], WIDE, HIGH, EDGE);
    line.setAttribute('points', points.map((point) => point.join(',')).join(' '));
    under.setAttribute('points', [[EDGE, HIGH - EDGE], ...points, [WIDE - EDGE, HIGH - EDGE]].map((point) => point.join(',')).join(' '));
    points.forEach(([x, y], at) => {
      knobs[at].setAttribute('cx', x);
      knobs[at].setAttribute('cy', y);
      knobs[at].setAttribute('aria-valuenow', form[row.name][at]);
    });
  }
  const set = (at, level) => { form[row.name] = moved(form[row.name], at, level); draw(); changed(); };
  const focus = (at) => {
    if (!knobs[at]) return;
    knobs.forEach((knob, here) => knob.setAttribute('tabindex', here === at ? 0 : -1));
    knobs[at].focus();
  };

  plot.addEventListener('keydown', (event) => {
    const at = knobs.indexOf(event.target);
    if (at < 0) return;
    const by = { ArrowUp: 0.05, ArrowDown: -0.05, PageUp: 0.2, PageDown: -0.2, Home: -2, End: 2 }[event.key];
    if (by !== undefined) { event.preventDefault(); set(at, stepped(form[row.name][at] + by, { least: 0, most: 1, step: 0.05 })); }
    if (event.key === 'ArrowLeft' || event.key === 'ArrowRight') { event.preventDefault(); focus(at + (event.key === 'ArrowLeft' ? -1 : 1)); }
  });

  let held = -1;
  const level = (event) => {
    const box = plot.getBoundingClientRect();
    return 1 - ((event.clientY - box.top) / box.height * HIGH - EDGE) / (HIGH - 2 * EDGE);
  };
  plot.addEventListener('pointerdown', (event) => {
    const box = plot.getBoundingClientRect();
    held = Math.round(((event.clientX - box.left) / box.width * WIDE - EDGE) / (WIDE - 2 * EDGE) * (count - 1));
    held = Math.min(count - 1, Math.max(0, held));
    plot.setPointerCapture(event.pointerId);
    focus(held);
    event.preventDefault();
    set(held, level(event));
  });
  plot.addEventListener('pointermove', (event) => { if (held >= 0) set(held, level(event)); });
  for (const end of ['pointerup', 'pointercancel']) plot.addEventListener(end, () => { held = -1; });
  draw();
  const back = el('div.behind', { 'aria-hidden': 'true' }, ...(take ? parts(take, WIDE / HIGH) : []));
  return el('div.plot', { role: 'group', 'aria-label': said(row.title) }, back, plot);
}
