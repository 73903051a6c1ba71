"""Denoisers: the contract (`base`) and one file per model family."""
