// One model in the sheet: what it is, what it needs, and what may be done with it. What costs something is asked twice.
import { el } from '../desk.js';
import { bytes } from '../format.js';
import { t } from '../words.js';
import { about, given, laid, takes } from './saying.js';

export class Row {
  /** `act(name, what)` asks the studio; `use(name)` chooses the model for the form. */
  constructor({ act, use }) {
    this.act = act;
    this.use = use;
    this.root = el('li', {});
    this.asking = '';           // what is asked once more: "pull", "cancel" or "remove"
    this.drawn = '';
  }

  /** Show the model as it is now. Drawn anew only where something else is to be seen than how far it is. */
  show(one) {
    this.one = one;
    const { errand, came, room, ...rest } = one;
    const now = JSON.stringify([rest, errand && [errand.state, errand.error], this.asking]);
    if (now !== this.drawn) {
      const held = this.root.contains(document.activeElement);
      this.drawn = now;
      this.draw();
      if (held) this.root.querySelector('button')?.focus();
    }
    this.far();
  }

  draw() {
    const { one } = this;
    const working = one.errand?.state === 'working';
    this.root.dataset.model = one.name;
    this.root.dataset.state = working ? 'working' : one.state;
    const facts = [one.licence, one.bytes ? (one.state === 'here' ? '' : t('{size} on the disk', { size: bytes(one.bytes) })) : '', one.card ? t('from a card of {n} GB on', { n: one.card }) : '',
      t('{width} × {height}', { width: one.size[0], height: one.size[1] }), t('{n} pictures a second', { n: one.rate }), one.seconds ? t('{n} s at once', { n: one.seconds }) : '',
      one.native.length ? t('made for {what}', { what: given(one.native) }) : ''].filter(Boolean);
    this.root.replaceChildren(...[
      el('div.head', {}, el('b', {}, one.title), el('span.state', {}, this.said()), ...this.buttons()),
      el('p.about', {}, about(one.about)),
      el('p.facts', {}, facts.join(' · ')),
      one.layout && el(`p.layout${one.layout.fits ? '' : '.tight'}`, {}, t('Here: {how}, {takes}', { how: laid(one.layout), takes: takes(one.layout) }), one.layout.fits ? '' : ` · ${t('more than there is')}`),
      one.errand?.error && el('p.bad', { role: 'alert' }, one.errand.error),
      working && el('div.progress', { role: 'progressbar', 'aria-label': t('{model} on its way', { model: one.title }), 'aria-valuemin': 0, 'aria-valuemax': 100 }, el('i')),
      working && el('p.far', { 'aria-live': 'off' }),
      this.asking && this.question(),
    ].filter(Boolean));
  }

  /** In a word, where it is. */
  said() {
    const { one } = this;
    if (one.errand?.state === 'working') return t('on its way');
    return { 'built-in': t('built in'), here: one.used ? t('in use') : t('here'), part: t('{came} of it are here', { came: bytes(one.came) }), away: '' }[one.state];
  }

  buttons() {
    const { one } = this;
    const button = (words, act, more = {}) => el('button.plain', { type: 'button', 'aria-label': `${words}: ${one.title}`, onclick: act, ...more }, words);
    const ask = (what) => () => { this.asking = this.asking === what ? '' : what; this.show(this.one); this.root.querySelector('.question button')?.focus(); };
    if (one.errand?.state === 'working') return [button(t('Pause'), () => this.act(one.name, 'pause')), button(t('Cancel'), ask('cancel'))];
    if (one.state === 'built-in' || one.state === 'here') {
      return [one.used ? null : button(t('Use it'), () => this.use(one.name)), one.state === 'here' ? button(one.own ? t('Forget') : t('Remove'), ask('remove')) : null].filter(Boolean);
    }
    return [button(one.state === 'part' ? t('Go on') : t('Bring it'), ask('pull')), one.state === 'part' ? button(t('Give it up'), ask('cancel')) : null].filter(Boolean);
  }

  question() {
    const { one } = this;
    const settle = (what) => () => { this.asking = ''; if (what) this.act(one.name, what); else this.show(this.one); };
    const no = (words) => el('button.plain', { type: 'button', onclick: settle('') }, words);
    const yes = (words, what) => el('button.plain.strong', { type: 'button', onclick: settle(what) }, words);
    if (this.asking === 'remove') {
      const words = one.own ? t('Forget {model}? Its folder stays as it is.', { model: one.title }) : t('Remove {model} from the disk? It can be brought again.', { model: one.title });
      return el('div.question', { role: 'group', 'aria-label': words }, el('p', {}, words), el('div.row', {}, no(t('Keep it')), yes(one.own ? t('Forget') : t('Remove'), 'remove')));
    }
    if (this.asking === 'cancel') {
      const words = t('Give up {model}? What came of it goes from the disk; paused, it would stay.', { model: one.title });
      return el('div.question', { role: 'group', 'aria-label': words }, el('p', {}, words), el('div.row', {}, no(t('Keep it')), yes(t('Give it up'), 'cancel')));
    }
    const needs = Math.max(0, one.bytes - one.came);
    const fits = needs < one.room;
    const words = fits ? t('About {size} will come from {hub}, under its licence: {licence}. {room} can be had on the disk.', { size: bytes(needs), hub: one.hub, licence: one.licence, room: bytes(one.room) })
      : t('It needs about {size} more, and {room} can be had on this disk. Free some first, or name another folder in CINELOOM_MODELS.', { size: bytes(needs), room: bytes(Math.max(0, one.room)) });
    const gate = one.gated ? el('p', {}, t('It is given to accounts that have accepted its licence; the account is named by HF_TOKEN.')) : null;
    return el('div.question', { role: 'group', 'aria-label': words }, el('p', {}, words), gate, el('div.row', {}, no(t('Not now')), fits ? yes(t('Bring it'), 'pull') : null));
  }

  /** How far it is; what changes twice a second, and nothing else. */
  far() {
    const { errand } = this.one;
    const bar = this.root.querySelector('.progress');
    if (!bar || errand?.state !== 'working') return;
    const part = errand.total ? errand.done / errand.total : 0;
    bar.querySelector('i').style.transform = `scaleX(${part})`;
    bar.setAttribute('aria-valuenow', Math.floor(100 * part));
    this.root.querySelector('.far').textContent = errand.total ? t('{done} of {total}', { done: bytes(errand.done), total: bytes(errand.total) }) : t('asking for it');
  }
}
