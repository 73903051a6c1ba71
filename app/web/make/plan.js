// What it comes to, before anybody has paid it: length, size, seconds of work and memory, or why it cannot be.
import { ask, el } from '../desk.js';
import { bytes, roughly } from '../format.js';
import { laid, takes } from '../models/saying.js';
import { t } from '../words.js';

const PAUSE = 260;      // milliseconds without a change before the studio is asked

/** The lines under the button. `asks()` gives the wishes, or a sentence where something is missing yet. */
export function planner(asks) {
  const size = el('span.size');
  const price = el('span.price');
  const notes = el('ul.notes');
  const node = el('div.plan', { 'aria-live': 'polite' }, size, price, notes);
  let number = 0;
  let pause = 0;
  let last = '';

  function show({ what = '', cost = '', why = '', said = [] }) {
    const now = JSON.stringify([what, cost, why, said]);
    if (now === last) return;
    last = now;
    size.textContent = what;
    price.textContent = cost;
    price.classList.toggle('why', Boolean(why));
    if (why) price.textContent = why;
    notes.replaceChildren(...said.slice(0, 4).map((note) => el('li', {}, note)));
  }

  async function look() {
    const wishes = asks();
    const mine = ++number;
    if (typeof wishes === 'string') { node.dataset.ready = ''; show({ what: wishes }); return; }
    try {
      const { plan } = await ask('studio/plan', wishes);
      if (mine !== number) return;
      node.dataset.ready = plan.why ? 'no' : 'yes';
      show(plan.why ? { why: plan.why } : { what: sizeLine(plan), cost: costLine(plan), said: remarks(plan) });
    } catch (error) {
      if (mine === number) { node.dataset.ready = 'no'; show({ why: error.message }); }
    }
  }
  return {
    node,
    soon() { number++; delete node.dataset.ready; clearTimeout(pause); pause = setTimeout(look, PAUSE); },
  };
}

function sizeLine(plan) {
  const size = { width: plan.width, height: plan.height };
  if (plan.pictures === 1) return plan.count > 1 ? t('{count} pictures, {width} × {height}', { ...size, count: plan.count }) : t('A picture, {width} × {height}', size);
  const film = { ...size, seconds: Number(plan.seconds.toFixed(2)), pictures: plan.pictures, count: plan.count };
  return plan.count > 1 ? t('{count} times {seconds} s · {pictures} pictures · {width} × {height}', film) : t('{seconds} s · {pictures} pictures · {width} × {height}', film);
}

function costLine(plan) {
  if (plan.layout) return [plan.work === null ? '' : t('{time} on this machine', { time: roughly(plan.work) }), laid(plan.layout), takes(plan.layout)].filter(Boolean).join(' · ');
  const need = bytes(plan.memory);
  return plan.work === null ? t('{memory} of memory', { memory: need }) : t('{time} on this machine, {memory} of memory', { time: roughly(plan.work), memory: need });
}

/** What the studio says, and how much memory is free where the film asks for much of it. */
function remarks(plan) {
  if (plan.layout) return plan.layout.fits ? plan.notes : [t('That is more than there is here; it is tried all the same.'), ...plan.notes];
  const much = plan.free !== null && plan.memory > 0.5 * plan.free;
  return much ? [t('{free} of memory are free now.', { free: bytes(plan.free) }), ...plan.notes] : plan.notes;
}
