// Shots of a script: a text that tells one thing after another becomes shots, which are edited like any others.
//
// Knows the form's shots and whom to ask. How a text becomes shots is the studio's.
import { ask, el, tell } from '../desk.js';
import { field, opened } from '../sheet.js';
import { t } from '../words.js';
import { answered, known, preferred } from './providers.js';

/** The button beside the shots. */
export function fromScript({ form, rebuild }) {
  return el('button.small.wide', { type: 'button', id: 'from-script', onclick: () => open(form, rebuild) }, t('From a script…'));
}

async function open(form, rebuild) {
  const ready = (await known()).filter((one) => one.ready);
  const text = el('textarea.field', { id: 'script-text', rows: 9, placeholder: t('A red fox trots in the snow at dusk. It stops. Cut to: the sea at night.') });
  const who = el('select.field', { id: 'script-who' }, ...ready.map((one) => el('option', { value: one.name, selected: one.name === preferred() }, one.title)));
  let left = false;
  opened(document.querySelector('#make-panel'), {
    title: t('Shots from a script'), verb: t('Make shots'), first: text,
    about: t('Write what is seen, one thing after another. Every word comes back in a shot, and all of it can be edited before anything is made.'),
    fields: [field(t('Script'), text), ...(ready.length > 1 ? [field(t('Who reads it'), who)] : [])],
    act: async (wrong) => {
      try {
        const { asking } = await ask('studio/script', { text: text.value, provider: ready.length > 1 ? who.value : '' });
        const came = await answered(asking, () => left);
        if (!came) return true;
        laid(form, came.story);
        rebuild(`#shot-${form.shots.length - came.story.shots.length}`);
        tell([t('{n} shots', { n: came.story.shots.length }), ...came.story.notes].join('. '));
        return true;
      } catch (error) {
        wrong(error.message);
        return false;
      }
    },
  });
  text.closest('dialog').addEventListener('close', () => { left = true; });
}

/** The shots of a story behind those that somebody has written; a form that is empty becomes the story. */
function laid(form, story) {
  const written = form.shots.filter((shot) => shot.prompt.trim() || shot.cards.length);
  const own = !form.who.trim() || form.who.trim() === story.who;
  // Somebody else is meant by {who} in the shots that are there: in the new ones it is said in words.
  const shots = own ? story.shots : story.shots.map((shot) => ({ ...shot, prompt: shot.prompt.replaceAll('{who}', story.who) }));
  if (own && story.who) form.who = story.who;
  if (!form.style.trim()) form.style = story.style;
  form.shots = [...written, ...shots];
}
