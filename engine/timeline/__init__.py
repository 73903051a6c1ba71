"""The cut: clips, gaps, titles and transitions in rows of whole frames; edits as values; their history; OpenTimelineIO.

`cut` is the model, `edits` what can be done to it, `history` what was done. Knows no pixels, no model and no page.
"""
