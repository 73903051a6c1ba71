// Files that are dropped on the page: made here, their settings come back; made elsewhere, they become takes.
//
// Knows files, how far each is, and the studio's answers. Says `restore` and `play`.
import { ask, el, icon, poke, say, tell, tool } from '../desk.js';
import { send, settled } from '../sending.js';
import { t } from '../words.js';

export class Arriving {
  constructor(root) {
    this.list = el('ul.arriving', { 'aria-label': t('Files on their way') });
    this.over = el('div.over', { hidden: true, 'aria-hidden': 'true' }, icon('bring'), el('p', {}, t('Drop a film or picture to keep it as a take.')), el('p', {}, t('One that was made here brings its settings back.')));
    root.append(this.over);
    const files = (event) => [...(event.dataTransfer?.types ?? [])].includes('Files');
    // Anywhere on the page, but for where another panel takes files itself.
    let inside = 0;
    const show = (yes) => { this.over.hidden = !yes; };
    document.addEventListener('dragenter', (event) => { if (files(event)) inside++; });
    document.addEventListener('dragleave', (event) => { if (files(event) && --inside <= 0) { inside = 0; show(false); } });
    document.addEventListener('dragover', (event) => {
      if (!files(event)) return;
      show(!event.defaultPrevented);
      if (event.defaultPrevented) return;
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
    });
    document.addEventListener('drop', (event) => {
      inside = 0;
      show(false);
      if (event.defaultPrevented || !event.dataTransfer.files.length) return;
      event.preventDefault();
      this.bring([...event.dataTransfer.files]);
    });
  }

  /** Ask for files in the system's own way. */
  choose() {
    const input = el('input', { type: 'file', multiple: true, accept: 'video/*,image/*,.json,.safetensors' });
    input.addEventListener('change', () => this.bring([...input.files]));
    input.click();
  }

  async bring(files) {
    for (const file of files.slice(0, 100)) await this.one(file, files.length > 1);
  }

  /** One file from its bytes to what becomes of it. Of several, each is kept: settings of more than one fit no form. */
  async one(file, keep) {
    const says = el('span.says', { role: 'status' });
    const bar = el('div.progress', { role: 'progressbar', 'aria-label': file.name, 'aria-valuemin': 0, 'aria-valuemax': 100 }, el('i'));
    const acts = el('span.acts', {});
    const row = el('li', {}, el('span.name', { title: file.name }, file.name), acts, says, bar);
    this.list.append(row);
    const far = (part, words) => {
      bar.firstChild.style.transform = `scaleX(${part})`;
      bar.setAttribute('aria-valuenow', Math.round(part * 100));
      if (says.textContent !== words) says.textContent = words;
    };
    const close = () => row.remove();
    try {
      far(0, t('sending'));
      let arrival = await send(file, keep, (part) => far(part * 0.5, t('sending')));
      if (arrival.state === 'offered') {
        bar.hidden = true;
        row.dataset.state = 'offered';
        says.textContent = t('It was made here: its settings are in the form.');
        say('restore', { recipe: arrival.recipe }, { keep: false });
        const answer = await new Promise((done) => {
          acts.append(el('button.plain', { type: 'button', onclick: () => done('keep') }, t('Keep it as a take too')), tool('close', t('No'), () => done('drop')));
        });
        acts.replaceChildren();
        arrival = (await ask(`studio/arrivals/${arrival.token}/${answer}`, {})).arrival;
        if (!arrival) return close();
        bar.hidden = false;
        delete row.dataset.state;
      }
      arrival = await settled(arrival, (part, words) => far(0.5 + part * 0.5, words));
      poke();
      if (!keep) say('play', arrival.take, { keep: false });
      tell(t('{name} is among the takes.', { name: file.name }));
      close();
    } catch (error) {
      bar.hidden = true;
      row.dataset.state = 'failed';
      says.textContent = error.message;
      acts.replaceChildren(tool('close', t('Dismiss'), close));
    }
  }
}
