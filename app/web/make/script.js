// Shots of a script: a text that tells one thing after another becomes shots, which are edited like any others.
//
// Knows the form's shots and whom to ask. How a text becomes shots is the studio's.
import { ask, el, tell } from '../desk.js';
import { field, opened } from '../timeline/making.js';
import { t } from '../words.js';
import { dismiss, known, preferred } from './expanding.js';

const LONGEST = 20_000;         // characters, as the studio reads them
const LOOK = 300;               // milliseconds between two looks at whether there is an answer

/** The button beside the shots. */
export function fromScript({ form, rebuild }) {
  return el('button.small.wide', { type: 'button', id: 'from-script', onclick: () => ask_(form, rebuild) }, t('From a script…'));
}

async function ask_(form, rebuild) {
  const ready = (await known()).filter((one) => one.ready);
  const text = el('textarea.field', { id: 'script-text', rows: 9, maxLength: LONGEST, placeholder: t('A red fox trots in the snow at dusk. It stops. Cut to: the sea at night.') });
  const who = el('select.field', { id: 'script-who' }, ...ready.map((one) => el('option', { value: one.name, selected: one.name === preferred() }, one.title)));
  let token = '', left = false;
  opened(document.querySelector('#make-panel'), {
    title: t('Shots from a script'), verb: t('Make shots'), first: text,
    about: t('Write what is seen, one thing after another. Every word comes back in a shot, and all of it can be edited before anything is made.'),
    fields: [field(t('Script'), text), ...(ready.length > 1 ? [field(t('Who reads it'), who)] : [])],
    act: async (wrong) => {
      try {
        let { asking } = await ask('studio/script', { text: text.value, provider: ready.length > 1 ? who.value : '' });
        ({ token } = asking);
        while (asking.state === 'working' && !left) {
          await new Promise((done) => setTimeout(done, LOOK));
          if (!left) ({ asking } = await ask(`studio/expand/${token}`));
        }
        if (left) return true;
        if (asking.error) throw new Error(asking.error);
        laid(form, asking.story);
        rebuild(`#shot-${form.shots.length - asking.story.shots.length}`);
        tell([t('{n} shots', { n: asking.story.shots.length }), ...asking.story.notes].join('. '));
        return true;
      } catch (error) {
        wrong(error.message);
        return false;
      } finally {
        token = '';
      }
    },
  });
  text.closest('dialog').addEventListener('close', () => { left = true; if (token) dismiss(token); });
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
