// Runs before anything is painted, as a plain script in the page's head: the room is dark or light from the first moment.
(() => {
  const root = document.documentElement;
  let chosen = null;
  try { chosen = localStorage.getItem('cineloom-theme'); } catch { /* private windows may refuse */ }
  const light = chosen ? chosen === 'light' : matchMedia('(prefers-color-scheme: light)').matches;
  root.dataset.theme = light ? 'light' : 'dark';
})();
