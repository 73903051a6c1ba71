// Putting: where something stands, written so that the browser has least to do for it.
//
// A browser that sees a place or a size set by itself sets it; after a whole `style` it asks every rule of the page anew.

/** Set such properties of a node's style as are not what they were; `kept` remembers them. */
export function put(kept, node, places) {
  const was = kept.put ??= {};
  for (const name in places) if (was[name] !== places[name]) node.style[name] = was[name] = places[name];
}
