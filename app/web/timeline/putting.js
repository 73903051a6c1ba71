// Putting: where something stands and whether it is seen, written so that the browser has least to do for it.
//
// A browser that sees a place or a size set by itself sets it; after a whole `style` it asks every rule of the page anew,
// and after an attribute that was written, though it says what it said. A place is a `left` and no transform: every
// transform is a space of its own for whoever paints, and hundreds of them cost more than to lay their nodes out.

/** Set such properties of a node's style as are not what they were; `kept` remembers them. */
export function put(kept, node, places) {
  const was = kept.put ??= {};
  for (const name in places) if (was[name] !== places[name]) node.style[name] = was[name] = places[name];
}

/** Show or hide a node. */
export function hide(node, yes) { if (node.hidden !== yes) node.hidden = yes; }
