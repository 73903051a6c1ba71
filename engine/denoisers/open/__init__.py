"""Open weights: video transformers that anybody may download, behind the contract, through diffusers.

Knows the families' names, layouts and conventions. Knows no canvas, no sampler and no page. A family's file is a
translation and nothing more: it holds the diffusers pipeline as a bag of parts and never calls it.

    backend.py    what all families share: words, levels, guidance
    levels.py     cells of many levels, for a model that knows one
    tables.py     what is known of each family without its weights
    folder.py     a model's folder, looked through before anything of it is loaded
    streamed.py   an encoder of LTX's kind, part after part
    wan.py        ...one file per family
"""
