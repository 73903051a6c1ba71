"""The cut: clips, gaps, titles and transitions in rows of whole frames; edits as values; their history; OpenTimelineIO.

`cut` is the model, `edits` what can be done to it, `history` what was done. Those know no pixels, no model and no page;
`rendering` makes a film of a cut, `sounds` brings sound into it.
"""
