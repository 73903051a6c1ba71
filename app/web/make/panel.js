// What to make: a task, what it works on, its controls, and the button. Draws itself from what the studio says of its tasks.
import { ask, el, latest, model, on, poke, say, tell, typing } from '../desk.js';
import { choice } from '../models/choice.js';
import { known as described } from '../models/known.js';
import { t } from '../words.js';
import { maskField } from './brush.js';
import { cards } from './cards.js';
import { taskChooser } from './chooser.js';
import { control } from './controls.js';
import { listen } from './elsewhere.js';
import { edited, expansion, marked } from './expanding.js';
import { filmSlot, forgetTakes, known, takeOf } from './films.js';
import { giving } from './giving.js';
import { elsewhere, finishes, framed, mended, remodelled, wishes } from './maths.js';
import { pictureSlots, referenceSlot, unreferred } from './pictures.js';
import { planner } from './plan.js';
import { knowledge, presetRow } from './presets.js';
import { promptField } from './prompt.js';

const DRAFT = 'cineloom-drafts';    // the forms as they were left, one per task; a convenience, nothing that matters

export async function mount(root) {
  let about;
  try {
    about = await model;
  } catch (error) {
    root.append(el('p.bad', {}, error.message));
    return;
  }
  const usual = about.name;
  const kept = draft();
  if (kept.model && kept.model !== about.name) about = await described(kept.model).catch(() => about);
  const gone = kept.model && kept.model !== about.name;         // it gives way, and with it all but the words
  const rows = Object.fromEntries(about.tasks.map((row) => [row.name, row]));
  const forms = Object.fromEntries(about.tasks.map((row) => [row.name, mended(gone ? { prompt: kept.forms?.[row.name]?.prompt } : kept.forms?.[row.name], row, about)]));
  let task = rows[kept.task] ? kept.task : 'text';
  let project = kept.project;     // the one that the forms' films lie in
  let open = false;               // whether what is folded away is shown
  let prompt = null;
  let worked = '';                // the take of which something was made last

  const desk = {
    get about() { return about; },
    get form() { return forms[task]; },
    get task() { return rows[task]; },
    second: 0,
    film: () => (forms[task].film ? known(forms[task].film.take) : null),
    changed,
    rebuild,
    chosen,
  };
  const chooser = taskChooser(about.tasks, (name) => turn(name));
  const fields = el('div.fields');
  const plan = planner(asked);
  const go = el('button.go', { type: 'submit' }, el('span', {}, t('Make')), el('kbd', { 'aria-hidden': 'true' }, t('Ctrl ↵')));
  root.append(el('form', { noValidate: true, onsubmit: (event) => { event.preventDefault(); make(); } }, fields, el('div.foot', {}, go, plan.node)));

  // ---- drawing

  /** Draw the form anew; `focus` names what has the focus then. */
  function rebuild(focus = '') {
    const row = desk.task;
    const form = desk.form;
    const scrolled = fields.scrollTop;
    const back = focus || marker(document.activeElement, fields);
    chooser.pick(task);
    const parts = [chooser.node];
    prompt = null;
    if (row.films[1]) {
      const two = row.films[1] > 1;
      parts.push(filmSlot({ name: 'film', title: two ? t('From') : t('Film'), optional: row.films[0] === 0, ends: two ? ['stop'] : ['start', 'stop'], desk }));
      if (two) parts.push(filmSlot({ name: 'second', title: t('To'), ends: ['start'], desk }));
    }
    if (row.pictures[1]) parts.push(pictureSlots({ task: row, desk, add: addPicture }));
    const who = referenceSlot({ task: row, desk });
    parts.push(who);
    if (row.mask === 'needed') parts.push(maskField({ task: row, desk, film: desk.film() }));
    if (row.prompt !== 'none') parts.push(...words(row, form));
    const shared = row.shots ? row.controls.filter((one) => one.kind === 'words') : [];       // who and style, before the shots that say them
    if (row.shots) parts.push(...shared.map((one) => control(one, desk)), cards({ desk }));
    parts.push(choice({ about, root, act: turnTo }), presetRow(row, desk));
    const shown = (one) => !shared.includes(one) && (framed(row, form) || !['shape', 'size'].includes(one.kind) || one.name === 'to');
    parts.push(...row.controls.filter(shown).map((one) => control(one, desk)));
    const more = [row.mask === 'optional' ? maskField({ task: row, desk, film: desk.film() }) : null, ...row.more.map((one) => control(one, desk)), row.references && !who ? unreferred(about) : null].filter(Boolean);
    if (more.length) {
      parts.push(el('details.more', { open, ontoggle: (event) => { open = event.target.open; } }, el('summary', {}, t('More')), el('div.folds', {}, ...more)));
    }
    fields.replaceChildren(...parts.filter(Boolean));
    fields.scrollTop = scrolled;
    root.dataset.task = task;
    if (back) fields.querySelector(back)?.focus({ preventScroll: !focus });
    changed();
  }

  function words(row, form) {
    const empty = row.prompt === 'optional' && form.film;
    const field = promptField({
      id: 'prompt', value: form.prompt, title: about.title, model: about.name, rows: 3,
      placeholder: empty ? t('As the film says, or other words') : (row.films[0] ? about.task_examples[row.name]?.[0] : about.examples[0]) ?? t('What does the film show?'),
      added: marked(form),
      act: (text) => { edited(form, text); form.prompt = text; long.show(); attempt.hidden = !example || Boolean(text); changed(); },
    });
    const long = expansion({ id: 'expand', holder: form, field, about, changed });
    const example = (row.films[0] ? about.task_examples[row.name] : about.examples)?.[0] ?? '';
    const attempt = el('button.try', { type: 'button', hidden: !example || Boolean(form.prompt), onclick: () => { field.set(example); field.area.focus(); } }, t('Try “{example}”', { example }));
    field.area.removeAttribute('aria-label');       // it has a label of its own
    field.area.addEventListener('paste', (event) => {
      const file = [...event.clipboardData.files].find((one) => one.type.startsWith('image/'));
      if (file) { event.preventDefault(); pasted(file); }
    });
    prompt = field;
    return [el('div.heading', {}, el('label.head', { for: 'prompt' }, row.films[0] && row.prompt === 'needed' ? t('What it is to be') : t('Prompt')), long.head), field.node, long.node, attempt,
      knowledge(row, about, { add: (word) => { field.set(`${field.area.value.trimEnd()} ${word}`.trimStart()); field.area.focus(); }, put: (text) => { field.set(text); field.area.focus(); } })];
  }

  function changed() {
    plan.soon();
    try { localStorage.setItem(DRAFT, JSON.stringify({ task, forms, project, model: about.name })); } catch { /* private windows may refuse */ }
  }

  /** Another model: its forms as it has them; what was written and chosen stays. One that is not here any more says so, and nothing changes. */
  async function turnTo(name) {
    if (name === about.name) return;
    const before = about;
    try { about = await described(name); } catch (error) { tell(error.message, 'bad'); }
    for (const row of about.tasks) {
      forms[row.name] = remodelled(forms[row.name], [rows[row.name], before], [row, about]);
      rows[row.name] = row;
    }
    rebuild();
  }

  /** Another task; its form is as it was left, the words come along where they say the same thing. */
  function turn(name, focus = `input[name=task][value="${name}"]`) {
    const [from, to] = [forms[task], forms[name]];
    const tells = (row) => !row.films[0] && row.prompt === 'needed' || row.name === 'loop';
    if (tells(rows[task]) && tells(rows[name]) && !to.prompt) Object.assign(to, { prompt: from.prompt, asked: from.asked, added: from.added, wording: from.wording });
    task = name;
    const chose = from.film && from.film.take !== worked ? from.film.take : '';     // and nothing was made of it yet
    const film = chose || (rows[name].films[0] ? latest('playing') || from.film?.take : '');       // what one looks at is what one works on
    if ((!to.film || to.film.take === worked) && rows[name].films[1] && film) { to.film = null; begin(film); }
    rebuild(focus);
  }

  /** Put a film into an empty slot; a picture is none. */
  async function begin(id) {
    const [name, take] = [task, known(id) ?? await takeOf(id)];
    if (!take || take.pictures < 2 || forms[name].film || task !== name) return;
    forms[name].film = { take: id, start: 0, stop: null };
    chosen('film', take);
    rebuild();
  }

  // ---- what it is made of

  /** A film was chosen, or taken away: what follows from its size. */
  function chosen(slot, take) {
    if (slot !== 'film') return;
    const form = forms[task];
    Object.assign(form, { mask: '', area: [] });
    if (rows[task].films[0] || task === 'loop') form.size = null;
    if (task === 'finish' && take) { const sizes = finishes(take.width, take.height); form.size = sizes[1] ?? sizes[0] ?? null; }
    if (task === 'loop') { form.seconds = take ? 1 : 3; if (!take) form.size = about.size; }
  }

  const { addPicture, pasted } = giving({ desk, root, turn, rebuild, chosen });

  // ---- asking

  /** The wishes of the form, or a sentence where it is not filled yet. */
  function missing() {
    const { task: row, form } = desk;
    if (row.films[0] > 0 && !form.film) return row.films[0] > 1 ? t('Choose the film that it leads from.') : t('Choose a film first.');
    if (row.films[0] > 1 && !form.second) return t('Choose the film that it leads to.');
    if (row.pictures[0] && !form.pictures.length) return t('Choose a picture first.');
    if (row.mask === 'needed' && !form.mask && !form.area.length) return t('Paint over what is to be made anew.');
    if (row.shots && !form.shots.every((shot) => shot.prompt.trim())) return t('Say what each shot shows.');
    const spoken = row.prompt === 'needed' || (row.prompt === 'optional' && !form.film);
    return spoken && !form.prompt.trim() ? t('Say first what the film shows.') : '';
  }

  function asked() {
    const { task: row, form } = desk;
    const out = { ...wishes(row, form), model: about.name };
    if (out.prompt !== undefined && !out.prompt.trim() && (row.prompt === 'needed' || !form.film)) out.prompt = 'film';      // what it costs does not hang on words
    if (row.shots) out.shots = out.shots.map((shot) => ({ ...shot, prompt: shot.prompt.trim() || 'film' }));
    const lacks = missing();
    return lacks && lacks !== t('Say first what the film shows.') && lacks !== t('Say what each shot shows.') ? lacks : out;
  }

  let sending = false;
  async function make() {
    if (sending) return;
    const lacks = missing();
    if (lacks) {
      tell(lacks, 'bad');
      (fields.querySelector(desk.task.shots ? '.shot textarea' : lacks === t('Say first what the film shows.') ? '#prompt' : '.slot button:not(:disabled), #paint') ?? prompt?.area)?.focus();
      return;
    }
    sending = true;
    go.disabled = true;
    try {
      const { job, jobs } = await ask('studio/jobs', { ...wishes(desk.task, desk.form), model: about.name });
      worked = desk.form.film?.take ?? '';
      for (const note of job.said) tell(note);
      if (jobs.length > 1) tell(t('{count} takes are in line.', { count: jobs.length }));
      say('follow', jobs.at(-1).id, { keep: false });     // the last of several: it is what one waits for
      poke();
    } catch (error) {
      tell(error.message, 'bad');
    }
    sending = false;
    go.disabled = false;
  }

  listen({
    desk, rows, forms, root, turn, turnTo, rebuild, chosen, addPicture,
    show(name) { task = name; },
    unfold() { open = true; },
    prompt: () => prompt,
    focus() {
      root.closest('.shell')?.scrollIntoView({ block: 'nearest' });
      (prompt?.area ?? fields.querySelector('textarea'))?.focus();
    },
  });
  on('models', (models) => {
    if (!models.some((one) => one.name === about.name)) turnTo(models.find((one) => one.name === usual)?.name ?? models[0].name);
    else if (fields.childElementCount) rebuild();
  });
  let pace = '';
  on('state', (state) => {
    if (state.project !== project) {        // films and pictures of a form lie in the project they were chosen in
      const another = project !== undefined;
      project = state.project;
      if (another) {
        for (const name of Object.keys(forms)) forms[name] = elsewhere(forms[name]);
        forgetTakes();
        rebuild();
      }
    }
    const now = JSON.stringify(state.pace);
    if (pace !== now) { pace = now; plan.soon(); }
  });
  let shown = latest('playing');
  on('playing', (id) => {     // the buttons that take what plays come alive with the first
    if (shown || !id) return;
    shown = id;
    for (const button of fields.querySelectorAll('.ways button:disabled, .row-of-cards button:disabled')) button.disabled = false;
  });
  document.addEventListener('keydown', (event) => {
    if (document.querySelector('dialog[open]')) return;
    if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) { event.preventDefault(); make(); }
    if (event.key === 'p' && !typing(event)) { event.preventDefault(); (prompt?.area ?? fields.querySelector('textarea'))?.focus(); }
  });
  rebuild();
  root.dataset.ready = 'yes';
}

/** How to find an element again after its form was drawn anew; '' for one outside of it. */
function marker(node, inside) {
  if (!node || !inside.contains(node)) return '';
  if (node.id) return `#${CSS.escape(node.id)}`;
  const label = node.getAttribute('aria-label');
  if (node.type === 'radio') return `input[name="${CSS.escape(node.name)}"]:checked`;
  return label ? `${node.localName}[aria-label="${CSS.escape(label)}"]` : '';
}

/** What was left in the forms last time. */
function draft() {
  try { return JSON.parse(localStorage.getItem(DRAFT)) ?? {}; } catch { return {}; }
}
