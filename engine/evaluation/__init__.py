"""Evaluation: how well a model does what it was asked, in figures that can be published beside it."""
