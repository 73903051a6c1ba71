"""Captioner: says in a sentence what a film shows.

    telling.py     sentences as numbers and back; no torch
    network.py     the network: latents in, numbers out
    captioner.py   the built-in captioner: film in, sentence out, and how sure it is
"""
