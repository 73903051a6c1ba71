// Files on their way into the project: sent, and read by the studio, with how far they are. For whoever takes files.
import { ask, url } from './desk.js';
import { t } from './words.js';

const LOOK = 250;       // milliseconds between two looks at a file that is being read

/** Send a file and say how far it is, 0 to 1; fetch does not tell. Resolves to its arrival; `keep` makes it a take in any case. */
export function send(file, keep, far) {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    const query = new URLSearchParams({ name: file.name, ...(keep ? { keep: 'true' } : {}) });
    request.open('POST', url(`studio/arrivals?${query}`));
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.addEventListener('progress', (event) => { if (event.lengthComputable) far(event.loaded / event.total); });
    request.addEventListener('load', () => {
      let data = {};
      try { data = JSON.parse(request.responseText); } catch { /* no answer of ours */ }
      if (request.status === 200) done(data.arrival); else fail(new Error(data.error ?? t('The studio answered with {status}.', { status: request.status })));
    });
    request.addEventListener('error', () => fail(new Error(t('The studio does not answer. Is it still running?'))));
    request.send(file);
  });
}

/** Wait until an arrival became a take, saying how far it is; rejects with the studio's sentence. */
export async function settled(arrival, far = () => {}) {
  while (arrival.state === 'working') {
    await new Promise((done) => setTimeout(done, LOOK));
    arrival = (await ask(`studio/arrivals/${arrival.token}`)).arrival;
    const words = arrival.words === 'looking at picture' ? t('looking at picture {n} of {all}', { n: arrival.done, all: arrival.total }) : t('reading it');
    far(arrival.total ? Math.min(1, arrival.done / arrival.total) : 0, words);
  }
  if (arrival.state === 'failed') throw new Error(arrival.error);
  return arrival;
}
