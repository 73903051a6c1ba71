// The menu of projects, and the dialogs that ask for a name. The open project is the studio's: every tab follows it.
import { ask, el, icon, latest, on, tell, url } from '../desk.js';
import { t } from '../words.js';
import { menu } from './menu.js';

const BACK = 'cineloom-focus';      // session storage: the page is drawn anew in another project, the focus returns to the menu

export function projects(root) {
  const name = el('span.name', {}, '');
  let known = [];
  const current = () => latest('state')?.project ?? '';
  const begin = () => named(t('New project'), t('Begin'), '', (to) => ask('studio/projects', { name: to }));
  const change = (what, to) => ask(`studio/projects/${encodeURIComponent(current())}/${what}`, { to });
  const rows = () => [
    { title: t('Projects') },
    ...known.map((one) => ({ text: one.name, checked: one.open, note: one.takes === null ? t('cannot be read') : takes(one.takes), act: () => one.open || go(one.name) })),
    { line: true },
    { text: t('New project…'), act: begin },
    { text: t('Rename…'), act: () => named(t('Rename project'), t('Rename'), current(), (to) => change('rename', to)) },
    { text: t('Duplicate…'), act: () => named(t('Duplicate project'), t('Duplicate'), t('{name} copy', { name: current() }), (to) => change('duplicate', to)) },
    { line: true },
    { text: t('Save as one file'), act: archive },
    { text: t('Open a project’s file…'), act: () => chooser.click() },
  ];
  const shown = menu(t('Project'), [icon('folder'), name, icon('down')], rows, { className: 'plain project', 'aria-label': t('Project') });
  const chooser = el('input', { type: 'file', accept: '.zip,application/zip', hidden: true, tabIndex: -1, 'aria-label': t('Open a project’s file…') });
  chooser.addEventListener('change', () => { bring(chooser.files[0]); chooser.value = ''; });
  const hint = el('button.plain.own', { type: 'button', hidden: true, onclick: begin }, t('Begin a project of your own'));
  root.append(shown.node, hint, chooser);

  async function look() {
    try { known = (await ask('studio/projects')).projects; } catch { /* the bar says that the studio does not answer */ }
  }
  shown.button.addEventListener('pointerdown', look);
  shown.button.addEventListener('focus', look);

  async function go(which) {
    try { follow((await ask(`studio/projects/${encodeURIComponent(which)}/open`, {})).open); } catch (error) { tell(error.message, 'bad'); }
  }

  async function archive() {
    tell(t('Packing {name}…', { name: current() }));
    try {
      const { archive: token } = await ask(`studio/projects/${encodeURIComponent(current())}/archive`, {});
      el('a', { href: url(`media/archive/${token}`), download: '' }).click();
    } catch (error) { tell(error.message, 'bad'); }
  }

  async function bring(file) {
    if (!file) return;
    tell(t('Opening {name}…', { name: file.name }));
    try { follow((await ask(`studio/zips?name=${encodeURIComponent(file.name)}`, file.slice(0, file.size))).open); } catch (error) { tell(error.message, 'bad'); }
  }

  /** Ask for a name; `act(name)` answers with the project that is open then, or throws a sentence, which is shown beside the name. */
  function named(title, verb, value, act) {
    const input = el('input.field', { id: 'project-name', value, maxLength: 64, autocomplete: 'off', spellcheck: false, 'aria-describedby': 'project-wrong' });
    const wrong = el('p.bad', { id: 'project-wrong', role: 'alert' });
    const go = el('button.plain.strong', { type: 'submit' }, verb);
    const dialog = el('dialog.sheet', { 'aria-labelledby': 'project-title', onclose: () => { dialog.remove(); shown.button.focus(); } },
      el('form', { noValidate: true, onsubmit: async (event) => {
        event.preventDefault();
        if (go.disabled) return;
        wrong.textContent = '';
        if (!input.value.trim()) { wrong.textContent = t('Give it a name first.'); input.focus(); return; }
        go.disabled = true;
        try { follow((await act(input.value)).open); dialog.close(); } catch (error) { wrong.textContent = error.message; input.focus(); }
        go.disabled = false;
      } },
      el('h2', { id: 'project-title' }, title),
      el('label', { for: 'project-name' }, t('Name')), input, wrong,
      el('div.row', {}, el('button.plain', { type: 'button', onclick: () => dialog.close() }, t('Cancel')), go)));
    root.append(dialog);
    dialog.showModal();
    input.focus();
    input.select();
  }

  // ---- every tab goes where the studio goes

  let here = null;
  let gone = false;
  function follow(project) {
    if (gone || here === null || project === here) { if (project) show(project); return; }
    gone = true;
    try { sessionStorage.setItem(BACK, 'yes'); } catch { /* private windows may refuse */ }
    location.reload();      // panels remember takes of the project they showed: all of them begin anew
  }
  function show(project) {
    name.textContent = project;
    shown.button.setAttribute('aria-label', t('Project: {name}', { name: project }));
    document.title = `${project} · Cineloom`;
    hint.hidden = project !== 'welcome';
    root.dataset.project = project;
  }
  on('state', (state) => {
    if (here === null) {
      here = state.project;
      show(here);
      look();
      let back = null;
      try { back = sessionStorage.getItem(BACK); sessionStorage.removeItem(BACK); } catch { /* private windows may refuse */ }
      if (back) shown.button.focus();
    }
    // A project that was renamed is the same project with all that panels know of it, but its name in addresses is new too.
    follow(state.project);
  });
}

const takes = (count) => (count === 1 ? t('1 take') : t('{n} takes', { n: count }));
