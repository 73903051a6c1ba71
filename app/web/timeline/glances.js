// Glances: what is seen of media without playing it, as the studio made it once: waveforms as bytes, pictures side by side.
//
//     a take   media/take/ID/strip          a file of the project   media/file/KEY/strip?file=NAME
// Two are fetched at a time: the studio decodes a file for the first look at it, an hour of sound keeps it busy for a while, and a
// browser has six connections for everything.
// Knows addresses. Knows not where anything is drawn.
import { url } from '../desk.js';

const AT_ONCE = 2;
const MOST = 64 << 20;      // bytes of waveforms; that of an hour has 360 kB

/** Where something of a take or a file lies: "film", "strip", "poster", "peaks". */
export const address = (found, what) => url(found.file ? `media/file/${found.id}/${what}?file=${encodeURIComponent(found.file)}` : `media/take/${found.id}/${what}`);

export class Glances {
  /** `changed()` is called when something has come that was asked for. */
  constructor(changed) {
    Object.assign(this, { changed, waiting: [], busy: 0 });
    this.forget();
  }

  /** Another cut is looked at. */
  forget() { Object.assign(this, { there: new Map(), places: new Map(), bytes: 0 }); }

  /** An address, worked out once: every clip asks for it each time that it is drawn. */
  place(found, what) {
    const key = `${found.id} ${what}`;
    if (!this.places.has(key)) this.places.set(key, address(found, what));
    return this.places.get(key);
  }

  /** The waveform of a take or a file: lowest and highest in turn, -127 to 127, Int8Array; null while it is on its way. */
  peaks(found) {
    return this.get(this.place(found, 'peaks'), async (answer) => new Int8Array(await answer.arrayBuffer()), new Int8Array());
  }

  /** The address of so many pictures of it, side by side; "" while they are on their way. */
  pictures(found, count) {
    if (!found.file) return this.place(found, count > 1 ? 'strip' : 'poster');
    const at = this.place(found, 'strip');
    return this.get(at, async (answer) => { await answer.arrayBuffer(); return at; }, '') ?? '';        // now the browser has it
  }

  get(at, read, none) {
    const { there } = this;
    if (there.has(at)) return there.get(at);
    there.set(at, null);
    this.waiting.push(async () => {
      if (there !== this.there) return;         // of another cut
      let came = none;
      try {
        const answer = await fetch(at);
        if (answer.ok) came = await read(answer);
      } catch {         // the state says when the studio is gone; when it is back, the next look asks again
        there.delete(at);
        return;
      }
      there.set(at, came);
      if (there !== this.there) return;
      this.bytes += came.byteLength ?? 0;
      this.spare();
      this.changed();
    });
    this.next();
    return null;
  }

  /** The waveforms that came first go when there are too many. */
  spare() {
    for (const [at, came] of this.there) {
      if (this.bytes <= MOST) return;
      if (came?.byteLength) { this.there.delete(at); this.bytes -= came.byteLength; }
    }
  }

  next() {
    if (this.busy === AT_ONCE || !this.waiting.length) return;
    this.busy += 1;
    this.waiting.shift()().finally(() => { this.busy -= 1; this.next(); });
  }
}
