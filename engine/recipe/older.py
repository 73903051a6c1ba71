"""Older: recipes of every earlier format, brought up to the one of today, one step at a time.

A format is raised when old programs would misread new recipes. A step stays for good, and so do the recipes in
tests/recipes, one of each kind and format that was ever written: a film of ten years ago must still say what made it.
Knows JSON objects. Knows no fields of today.
"""

from __future__ import annotations


def brought_up(data: dict, made_for: int) -> dict:
    """The fields of a recipe of format `made_for` as today's format has them; an unknown field is left as it is."""
    for step in STEPS[made_for - 1:]:
        data = step(data)
    return data


def _f2_a_recipe_says_what_it_was_computed_on(data: dict) -> dict:
    return {**data, "device": data.get("device", "")}


def _f3_film_can_be_given_and_changed(data: dict) -> dict:
    return data         # its new fields are at their defaults in every older recipe


def _f4_models_are_led_and_hastened(data: dict) -> dict:
    return data         # as above


def _f5_a_prompt_that_was_expanded_keeps_what_was_written(data: dict) -> dict:
    return data         # as above


STEPS = (_f2_a_recipe_says_what_it_was_computed_on, _f3_film_can_be_given_and_changed, _f4_models_are_led_and_hastened,
         _f5_a_prompt_that_was_expanded_keeps_what_was_written)     # from 1 to 2, from 2 to 3, ...
