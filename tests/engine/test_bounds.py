"""What a recipe may say: every rule is broken once, and what lies just within it is taken."""

from __future__ import annotations

import ast
import inspect
from dataclasses import replace

import pytest

from engine.denoisers.catalog import describe
from engine.errors import BadRequest
from engine.recipe import Cue, Input, Lora, Recipe, bounds, check, from_json

PLAIN = Recipe("text", "waves", 33, 256, 144, 7, backend="drawn")
FILM, MASK, STILL, REFERENCE = (Input(f"a.{role}", "0123456789abcdef" * 4, 0, role, 0, stop) for role, stop in (("film", 33), ("mask", 1), ("still", 1), ("reference", 1)))
LORA = Lora("lightning", "0123456789abcdef" * 4)
EDIT = replace(PLAIN, operation="edit", inputs=(FILM,), strength=(0.6,))
LOOP = replace(PLAIN, operation="loop", pictures=32)
MODEL = replace(describe("drawn"), loras=False)

# What is asked, and what is said to it. The last ones are rules of a model's grid.
BROKEN = [
    (dict(operation="paint"), "An operation is one of text, image, animate"),
    (dict(prompt=" "), "The prompt is empty"),
    (dict(prompt="x" * 5001), "The prompt has 5,001 characters; up to 5,000 are read"),
    (dict(negative="x" * 5001), "The negative prompt has 5,001 characters"),
    (dict(cues=(Cue(4, "x" * 5001),)), "The prompt has 5,001 characters"),
    (dict(asked="x" * 5001), "The prompt as it was written has 5,001 characters"),
    (dict(cues=(Cue(4, "sand", asked="x" * 5001),)), "The prompt as it was written has 5,001 characters"),
    (dict(asked="a\x07"), "The prompt as it was written has control characters"),
    (dict(prompt="a\x07"), "The prompt has control characters"),
    (dict(negative="\ud83d"), "The negative prompt has control characters"),
    (dict(cues=(Cue(4, "a\n"),)), "The prompt has control characters"),
    (dict(seed=-1), "A seed is a whole number from 0"),
    (dict(seed=2**63), "A seed is a whole number from 0"),
    (dict(steps=0), "A take has 1 to 250 steps"),
    (dict(steps=251), "A take has 1 to 250 steps"),
    (dict(guidance=-0.1), "Guidance goes from 0 to 30"),
    (dict(guidance=30.5), "Guidance goes from 0 to 30"),
    (dict(guidance=float("nan")), "Guidance goes from 0 to 30"),
    (dict(solver="magic"), "A solver is one of euler, multistep, unipc, sde"),
    (dict(pictures=0), "A film has 1 picture or more"),
    (dict(width=63), "Widths and heights go from 64 to 1920"),
    (dict(height=1921), "Widths and heights go from 64 to 1920"),
    (dict(window=4), "A window has 5 latent frames or more"),
    (dict(window=-9), "A window has 5 latent frames or more"),
    (dict(tile=(512,)), "A tile is a width and a height"),
    (dict(tile=(512, 63)), "A tile is a width and a height"),
    (dict(inputs=(replace(FILM, role="sound"),)), "a still, a film, a mask or a reference"),
    (dict(inputs=(REFERENCE,) * 5), "Up to 4 pictures of who is in a film can be shown; 5 were given"),
    (dict(operation="loop", pictures=32, inputs=(REFERENCE,)), "finish, faithful edits and loops take none"),
    (dict(operation="finish", strength=(0.5,), inputs=(FILM, REFERENCE)), "finish, faithful edits and loops take none"),
    (dict(operation="image"), "An image is one picture"),
    (dict(operation="animate"), "takes one picture, the film's first; none was given"),
    (dict(operation="animate", inputs=(STILL, STILL)), "2 pictures were given"),
    (dict(operation="keyframes"), "takes at least one picture, at any time; none was given"),
    (dict(inputs=(STILL,)), "starts from words alone; 1 picture was given"),
    (dict(operation="extend"), "takes one film; none was given"),
    (dict(operation="extend", inputs=(FILM, FILM)), "takes one film; 2 films were given"),
    (dict(operation="connect", inputs=(FILM,)), "takes two films; 1 film was given"),
    (dict(operation="edit", inputs=(FILM, STILL), strength=(1.0,)), "takes one film; 1 picture and 1 film were given"),
    (dict(operation="animate", inputs=(replace(STILL, at=4),)), "Animate takes the film's first picture"),
    (dict(operation="extend", inputs=(replace(FILM, sha256="abc"),)), "known by its sha256"),
    (dict(operation="extend", inputs=(replace(FILM, sha256="X" * 64),)), "known by its sha256"),
    (dict(operation="keyframes", inputs=(replace(STILL, at=33),)), "A picture is to be seen as number 33"),
    (dict(operation="extend", inputs=(replace(FILM, at=1),)), "Film of 33 pictures is to be seen from number 1"),
    (dict(operation="extend", inputs=(replace(FILM, at=-1),)), "is to be seen from number -1"),
    (dict(operation="extend", inputs=(replace(FILM, start=-1, stop=30),)), r"the pictures \[start, stop\) are used"),
    (dict(operation="extend", inputs=(replace(FILM, start=9, stop=9),)), r"\[9, 9\) was asked"),
    (dict(operation="extend", inputs=(replace(FILM, stop=1),)), "A film has at least 2 pictures"),
    (dict(operation="extend", inputs=(replace(FILM, box=(0, 0, 8)),)), "A box is left, top, width and height"),
    (dict(operation="extend", inputs=(replace(FILM, box=(8, 0, 256, 144)),)), "A box is left, top, width and height within 256x144"),
    (dict(operation="extend", inputs=(replace(FILM, box=(0, 0, 0, 144)),)), "A box is left, top, width and height"),
    (dict(operation="edit", inputs=(FILM,), strength=(0.5, 1.1)), "Strength goes from 0"),
    (dict(operation="edit", inputs=(FILM,), strength=(float("nan"),)), "Strength goes from 0"),
    (dict(operation="edit", inputs=(FILM,), strength=(0.5,) * 1001), "up to 1,000 numbers; 1,001"),
    (dict(operation="edit", inputs=(FILM, MASK, MASK), strength=(1.0,)), "One mask can be given; 2 were"),
    (dict(strength=(0.5,)), "say what is changed of a film; none was given"),
    (dict(area=(0, 0, 8, 8)), "say what is changed of a film; none was given"),
    (dict(was="waves"), "say what is changed of a film; none was given"),
    (dict(inputs=(MASK,)), "say what is changed of a film; none was given"),
    (dict(operation="edit", inputs=(FILM,)), "The operation edit needs a strength"),
    (dict(operation="finish", inputs=(FILM,)), "The operation finish needs a strength"),
    (dict(operation="inpaint", inputs=(FILM,), strength=(1.0,)), "Inpaint needs an area or a mask"),
    (dict(operation="inpaint", inputs=(FILM,), area=(0, 0, 8)), "An area is left, top, width and height"),
    (dict(operation="inpaint", inputs=(FILM,), area=(200, 0, 57, 8)), "An area is left, top, width and height within 256x144"),
    (dict(cues=tuple(Cue(at, "waves") for at in range(1, 202))), "up to 200 further prompts; 201 were given"),
    (dict(cues=(Cue(0, "waves"),)), "Prompts begin one after another"),
    (dict(cues=(Cue(8, "waves"), Cue(8, "sand"))), "Prompts begin one after another"),
    (dict(cues=(Cue(33, "waves"),)), r"within the film of 33 pictures"),
    (dict(cues=(Cue(8, "waves", -1),)), "within 0 to 10,000 pictures"),
    (dict(cues=(Cue(8, "waves", 10_001),)), "within 0 to 10,000 pictures"),
    (dict(cues=(Cue(8, " "),)), "One of the further prompts is empty"),
    (dict(loras=tuple(replace(LORA, sha256=f"{at:064x}") for at in range(17))), "Up to 16 LoRAs are laid over a model; 17 were asked"),
    (dict(loras=(replace(LORA, sha256="abc"),)), "A LoRA is known by its sha256"),
    (dict(loras=(replace(LORA, name=""),)), "A LoRA has the name of its file"),
    (dict(loras=(replace(LORA, name="a\n"),)), "A LoRA has the name of its file"),
    (dict(loras=(replace(LORA, weight=10.5),)), "A LoRA's weight goes from -10 to 10"),
    (dict(loras=(replace(LORA, weight=float("nan")),)), "A LoRA's weight goes from -10 to 10"),
    (dict(loras=(replace(LORA, expert="third"),)), "for the noisy or the clean one, or for both; 'third' was asked"),
    (dict(loras=(LORA, replace(LORA, name="again"))), "A LoRA is laid over a model once"),
]
OFF_GRID = [
    (dict(pictures=32), r"Drawn makes 1 \+ 4k pictures; 32 was asked"),
    (dict(operation="loop", pictures=33), "Drawn makes loops of 4k pictures; 33 was asked"),
    (dict(operation="outpaint", inputs=(replace(FILM, box=(0, 4, 64, 64)),)), "on a grid of 8 pixels"),
    (dict(operation="keyframes", inputs=(replace(STILL, at=9), replace(STILL, at=12))), "Pictures 9 and 12 fall on the same moment"),
    (dict(width=68), "Drawn makes widths and heights that are multiples of"),
    (dict(cache="first-block 0.1"), "Drawn has no caches; 'first-block' was asked"),
    (dict(guider="apg"), "Drawn has plain guidance only; 'apg' was asked"),
    (dict(loras=(LORA,)), "Drawn takes no LoRAs"),
    (dict(inputs=(REFERENCE,)), "Drawn cannot be shown who is in a film by a picture at no time of it; Wan VACE can"),
]
WITHIN = [
    PLAIN, EDIT, LOOP, replace(PLAIN, seed=0), replace(PLAIN, seed=2**63 - 1), replace(PLAIN, steps=1), replace(PLAIN, steps=250), replace(PLAIN, guidance=0.0),
    replace(PLAIN, guidance=30.0), replace(PLAIN, width=64, height=1920), replace(PLAIN, window=5), replace(PLAIN, tile=(64, 64)), replace(PLAIN, prompt="x" * 5000, asked="y" * 5000),
    replace(PLAIN, operation="image", pictures=1), replace(PLAIN, operation="animate", inputs=(STILL,)), replace(PLAIN, operation="keyframes", inputs=(replace(STILL, at=32),)),
    replace(PLAIN, operation="extend", inputs=(FILM,)), replace(PLAIN, operation="extend", inputs=(replace(FILM, at=31, start=5, stop=7),)),
    replace(LOOP, inputs=(replace(FILM, at=31, stop=32),)), replace(PLAIN, operation="connect", inputs=(FILM, FILM)), replace(EDIT, strength=(0.0, 1.0) * 500),
    replace(EDIT, strength=(), inputs=(FILM, MASK)), replace(EDIT, operation="inpaint", area=(248, 136, 8, 8)), replace(EDIT, was="sand"),
    replace(EDIT, operation="outpaint", strength=(), inputs=(replace(FILM, box=(0, 0, 256, 144)),)), replace(PLAIN, cues=(Cue(1, "sand", 0), Cue(32, "snow", 10_000))),
    replace(PLAIN, operation="storyboard", inputs=(STILL, replace(FILM, at=16, stop=17))), replace(PLAIN, operation="storyboard"),
]


@pytest.mark.parametrize("number", range(len(BROKEN)))
def test_a_rule_that_is_broken_is_said(number):
    change, sentence = BROKEN[number]
    with pytest.raises(BadRequest, match=sentence) as caught:
        check(replace(PLAIN, **change))
    assert str(caught.value).endswith(".") and len(str(caught.value)) < 250
    with pytest.raises(BadRequest):        # and it cannot come in by a file
        from_json(replace(PLAIN, **change).to_json())


@pytest.mark.parametrize("change, sentence", OFF_GRID)
def test_a_recipe_off_its_models_grid_is_said(change, sentence):
    check(replace(PLAIN, **change))
    with pytest.raises(BadRequest, match=sentence):
        check(replace(PLAIN, **change), MODEL)


@pytest.mark.parametrize("number", range(len(WITHIN)))
def test_what_lies_just_within_the_rules_is_taken(number):
    check(WITHIN[number], MODEL)
    assert from_json(WITHIN[number].to_json()) == WITHIN[number]


def test_every_rule_is_broken_above():
    """By the longest piece of each rule's sentence that is always the same."""
    said = []
    for change, _ in [*BROKEN, *OFF_GRID]:
        with pytest.raises(BadRequest) as caught:
            check(replace(PLAIN, **change), MODEL)
        said.append(str(caught.value))
    rules = [node for node in ast.walk(ast.parse(inspect.getsource(bounds))) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "want"]
    assert len(rules) > 25
    for rule in rules:
        pieces = [node.value for node in ast.walk(rule.args[1]) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
        piece = max(pieces, key=len)
        assert any(piece in sentence for sentence in said), piece
