// What to make: the form. Draws itself from what the studio says of its model; asks it which words are unknown.
import { ask, el, icon, latest, model, on, poke, say, tell, tool, typing, url } from '../desk.js';
import { cost, nearestShape, pictures, pieces, roughly, unknown } from '../format.js';

const DRAFT = 'cineloom-draft';     // the form as it was left; a convenience, nothing that matters
const MOST_SECONDS = 8;

export async function mount(root) {
  let about;
  try {
    about = await model;
  } catch (error) {
    root.append(el('p.bad', {}, error.message));
    return;
  }
  const form = { prompt: '', seconds: 2, shape: about.shapes[0].name, size: 'S', steps: about.default_steps, seed: '', picture: null };
  Object.assign(form, draft(about));

  // ---- the prompt, with an underlay that marks what the model was never taught

  const underlay = el('div.underlay', { 'aria-hidden': 'true' });
  const prompt = el('textarea', {
    id: 'prompt', rows: 4, maxLength: 20000, spellcheck: false, autocomplete: 'off',
    placeholder: about.examples[0] ?? 'What does the film show?', 'aria-describedby': 'unknown',
  });
  const strangers = el('p.strangers', { id: 'unknown', 'aria-live': 'polite' });
  let asked = 0;
  let pause = 0;

  function mark(ranges) {
    underlay.replaceChildren(...pieces(prompt.value, ranges).map((piece) => el(piece.unknown ? 'mark' : 'span', {}, piece.text)), '\n');
    const words = unknown(prompt.value, ranges);
    const text = words.length ? `${about.title} does not know: ` : '';
    if (strangers.dataset.words === words.join(' ')) return;       // said already: do not say it aloud again
    strangers.dataset.words = words.join(' ');
    strangers.replaceChildren(text, ...words.slice(0, 12).flatMap((word) => [el('span.stranger', {}, word), ' ']));
  }

  async function look() {
    const number = ++asked;
    const text = prompt.value;
    if (!text.trim()) return mark([]);
    try {
      const { unknown: ranges } = await ask('studio/words', { prompt: text });
      if (number === asked) mark(ranges);
    } catch { /* the bar at the top says that the studio does not answer */ }
  }

  prompt.addEventListener('input', () => {
    form.prompt = prompt.value;
    mark([]);
    clearTimeout(pause);
    pause = setTimeout(look, 120);
    changed();
  });
  prompt.addEventListener('scroll', () => { underlay.scrollTop = prompt.scrollTop; });

  // ---- a first picture

  const chooser = el('input', { type: 'file', accept: 'image/*', hidden: true, tabIndex: -1, 'aria-label': 'First picture' });
  const thumb = el('img', { alt: '' });
  const choose = el('button.drop', { type: 'button', onclick: () => chooser.click() }, icon('picture'), el('span', {}, 'Begin with a picture'));
  const forget = tool('close', 'Begin without the picture', () => { form.picture = null; draw(); });
  const start = el('div.start', {}, choose, forget, chooser);

  async function bring(file) {
    if (!file) return;
    try {
      const { picture } = await ask('studio/pictures', file.slice(0, file.size));
      form.picture = picture;
      form.shape = nearestShape(about.shapes, picture.width, picture.height).name;
      if (form.seconds === 0) form.seconds = 2;
      draw();
    } catch (error) {
      tell(error.message, 'bad');
    }
  }
  chooser.addEventListener('change', () => { bring(chooser.files[0]); chooser.value = ''; });
  root.addEventListener('dragover', (event) => {
    if (![...event.dataTransfer.types].includes('Files')) return;
    event.preventDefault();
    start.classList.add('over');
  });
  root.addEventListener('dragleave', () => start.classList.remove('over'));
  root.addEventListener('drop', (event) => {
    start.classList.remove('over');
    if (!event.dataTransfer.files.length) return;
    event.preventDefault();
    bring(event.dataTransfer.files[0]);
  });
  prompt.addEventListener('paste', (event) => {
    const file = [...event.clipboardData.files].find((one) => one.type.startsWith('image/'));
    if (file) { event.preventDefault(); bring(file); }
  });

  // ---- length, shape, size, steps, seed

  const length = el('input', { type: 'range', id: 'seconds', min: 0, max: MOST_SECONDS, step: 0.25 });
  const lengthSays = el('output', { htmlFor: 'seconds' });
  length.addEventListener('input', () => { form.seconds = Number(length.value); draw(); });

  const shapes = radios('shape', 'Shape', about.shapes.map((shape) => ({
    value: shape.name, label: `${shape.name}, ${shape.word}`,
    face: el('span.face', {}, el('span.frame', { style: `aspect-ratio: ${shape.across} / ${shape.down}; ${shape.across >= shape.down ? 'width: 26px' : 'height: 26px'}` }), el('span', {}, shape.name)),
  })), (value) => { form.shape = value; draw(); });
  const sizes = radios('size', 'Size', Object.keys(about.shapes[0].sizes).map((size) => ({ value: size, label: size, face: el('span', {}, size) })),
    (value) => { form.size = value; draw(); });
  const sizeSays = el('span.says');
  sizes.querySelector('legend').append(sizeSays);
  const steps = radios('steps', 'Steps', about.steps.map((count) => ({ value: String(count), label: `${count} steps`, face: el('span', {}, String(count)) })),
    (value) => { form.steps = Number(value); draw(); });
  steps.querySelector('legend').append(el('span.says', {}, 'more steps, more care'));

  const seed = el('input', { id: 'seed', inputMode: 'numeric', autocomplete: 'off', placeholder: 'any', maxLength: 19 });
  seed.addEventListener('input', () => { form.seed = seed.value.trim(); changed(); });
  const dice = tool('dice', 'Throw a seed', () => { form.seed = String(Math.floor(Math.random() * 2 ** 31)); draw(); });
  const anySeed = tool('close', 'Any seed', () => { form.seed = ''; draw(); });

  // ---- what it knows

  const known = el('details.knows', {}, el('summary', {}, about.knows.length ? `What ${about.title} knows` : `About ${about.title}`), el('p', {}, about.about),
    ...about.knows.map((row) => el('p', {}, el('b', {}, row.kind), ...row.words.flatMap((word) => [
      ' ', el('button.word', { type: 'button', onclick: () => add(word) }, word)]))),
    el('ul.examples', { 'aria-label': 'Examples' }, ...about.examples.map((text) =>
      el('li', {}, el('button', { type: 'button', onclick: () => say('try', text, { keep: false }) }, text)))));
  on('try', (text) => { form.prompt = text; draw(); prompt.focus(); });

  function add(word) {
    form.prompt = `${prompt.value.trimEnd()} ${word}`.trimStart();
    draw();
  }

  // ---- the button

  const price = el('span.price');
  const go = el('button.go', { type: 'submit' }, el('span', {}, 'Make'), el('kbd', { 'aria-hidden': 'true' }, 'Ctrl ↵'));
  const whole = el('form', { noValidate: true, onsubmit: (event) => { event.preventDefault(); make(); } },
    el('div.fields', {},
      el('label.head', { for: 'prompt' }, 'Prompt'),
      el('div.prompt', {}, underlay, prompt), strangers, known, start,
      el('div.field', {}, el('label', { for: 'seconds' }, 'Length', lengthSays), length),
      shapes, sizes, steps,
      el('div.field', {}, el('label', { for: 'seed' }, 'Seed', el('span.says', {}, 'same seed, same take')), el('div.seed', {}, seed, dice, anySeed))),
    el('div.foot', {}, go, price));
  root.append(whole);

  let sending = false;
  async function make() {
    if (sending) return;
    if (!prompt.value.trim()) {
      tell('Say first what the film shows.', 'bad');
      prompt.focus();
      return;
    }
    sending = true;
    go.disabled = true;
    try {
      const { width, height } = pixels();
      const { job } = await ask('studio/jobs', {
        prompt: prompt.value, seconds: form.seconds, width, height, seed: form.seed || null, steps: form.steps,
        picture: form.picture?.name ?? '',
      });
      for (const note of job.said) tell(note);
      say('follow', job.id, { keep: false });
      poke();
    } catch (error) {
      tell(error.message, 'bad');
    }
    sending = false;
    go.disabled = false;
  }

  const pixels = () => {
    const [width, height] = about.shapes.find((shape) => shape.name === form.shape).sizes[form.size];
    return { width, height };
  };

  function draw() {
    const rewritten = prompt.value !== form.prompt;
    if (rewritten) { prompt.value = form.prompt; mark([]); look(); }
    length.min = form.picture ? 0.25 : 0;
    length.value = form.seconds;
    const count = pictures(form.seconds, about.grid);
    lengthSays.textContent = form.seconds === 0 ? 'a still picture' : `${(count - 1) / about.grid.rate} s · ${count} pictures`;
    pick(shapes, form.shape);
    pick(sizes, form.size);
    pick(steps, String(form.steps));
    const { width, height } = pixels();
    sizeSays.textContent = `${width} × ${height}`;
    if (seed.value !== form.seed) seed.value = form.seed;
    anySeed.hidden = !form.seed;
    choose.replaceChildren(...(form.picture
      ? [Object.assign(thumb, { src: url(`media/input/${form.picture.name}`) }), el('span', {}, 'Begins with this picture')]
      : [icon('picture'), el('span', {}, 'Begin with a picture')]));
    forget.hidden = !form.picture;
    changed();
  }

  function changed() {
    const { width, height } = pixels();
    const seconds = cost(latest('state')?.pace, about.grid, { seconds: form.seconds, width, height, steps: form.steps });
    const text = seconds === null ? '' : `${roughly(seconds)} on this machine`;
    if (price.textContent !== text) price.textContent = text;
    try { localStorage.setItem(DRAFT, JSON.stringify(form)); } catch { /* private windows may refuse */ }
  }
  on('state', changed);

  // ---- from elsewhere

  on('again', ({ take, seed: wanted }) => {
    const shape = nearestShape(about.shapes, take.width, take.height);
    const size = Object.entries(shape.sizes).reduce((best, one) =>
      (Math.abs(one[1][0] - take.width) < Math.abs(best[1][0] - take.width) ? one : best))[0];
    const seconds = take.pictures > 1 ? Math.max(0.25, Math.round(take.seconds * 4) / 4) : 0;
    const nearest = about.steps.reduce((best, one) => (Math.abs(one - take.steps) < Math.abs(best - take.steps) ? one : best));
    Object.assign(form, { prompt: take.prompt, seconds, shape: shape.name, size, steps: nearest, seed: wanted, picture: null });
    const input = take.recipe.inputs?.[0];
    if (input) form.picture = { name: input.path.split(/[\\/]/).pop(), width: take.width, height: take.height };
    draw();
    root.closest('.shell')?.scrollIntoView({ block: 'nearest' });
    prompt.focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); make(); }
    if (event.key === 'p' && !typing(event)) { event.preventDefault(); prompt.focus(); }
  });
  draw();
  root.dataset.ready = 'yes';
}

function radios(name, title, choices, act) {
  return el(`fieldset.choice.${name}`, {}, el('legend', {}, title), el('div.row', {}, ...choices.map(({ value, label, face }) =>
    el('label', {}, el('input', { type: 'radio', name, value, 'aria-label': label, onchange: () => act(value) }), face))));
}

function pick(group, value) {
  for (const input of group.querySelectorAll('input')) input.checked = input.value === value;
}

/** What was left in the form last time, as far as it still fits this model. */
function draft(about) {
  let kept;
  try { kept = JSON.parse(localStorage.getItem(DRAFT)) ?? {}; } catch { kept = {}; }
  const out = {};
  if (typeof kept.prompt === 'string') out.prompt = kept.prompt.slice(0, 20000);
  if (typeof kept.seconds === 'number' && kept.seconds >= 0 && kept.seconds <= MOST_SECONDS) out.seconds = kept.seconds;
  if (about.shapes.some((shape) => shape.name === kept.shape)) out.shape = kept.shape;
  if (kept.size in about.shapes[0].sizes) out.size = kept.size;
  if (about.steps.includes(kept.steps)) out.steps = kept.steps;
  if (typeof kept.seed === 'string' && /^\d{0,19}$/.test(kept.seed)) out.seed = kept.seed;
  return out;
}
