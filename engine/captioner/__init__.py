"""Captioner: says in a sentence what a film shows.

    telling.py     sentences as numbers and back; no torch
    network.py     the network: latents in, numbers out
    eyes.py        what is read of the built-in model, and a name for it
    captioner.py   the built-in captioner: film in, sentence out, and how sure it is
"""
