"""Open weights: video transformers that anybody may download, behind the contract, through diffusers.

Knows the families' names, layouts and conventions. Knows no canvas, no sampler and no page. A family's file is a
translation and nothing more: it holds the diffusers pipeline as a bag of parts and never calls it.

    asking.py     what every model is asked: one prediction for one text
    backend.py    what all families share: words, levels, guidance
    levels.py     cells of many levels, for a model that knows one
    preview.py    latents to colours, by a map that is fitted once
    pictures.py   what was encoded lately, as it was
    streamed.py   an encoder of LTX's kind, part after part
    rows.py       what is known of each model without its weights, and where it lies
    folder.py     a model's folder, looked through before anything of it is loaded
    headers.py    what a file of weights says it holds          single.py     a single file, laid over another model's parts
    scaled.py     its numbers in eight bits with scales beside them, made plain
    pulling.py    a model from its hub onto this machine       keeping.py    told of, held against its hashes, given up
    planning.py   how it is laid out in the memory there is    laying.py     that made true      opening.py    it is loaded
    caching.py    part of a step taken from the one before     calibrating.py   what one of those goes by, measured
    guiding.py    how words lead, where not plainly            hastening.py     quicker, and the same film
    heard.py      what was read of a prompt, kept
    loras.py      small files that are laid over weights, their folder    lora_file.py    what one says it is
    choosing.py   which of them a model can have, and how a recipe says one
    overlay.py    laid on and taken off          distilled.py    those made for few steps, and their grids of noise
    parallel.py   one film walked by several accelerators
    wan.py        ...one file per family
"""
