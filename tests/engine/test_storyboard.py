"""Storyboards: a text of shots becomes one recipe, and what it says is in the film."""

from __future__ import annotations

import numpy as np
import pytest
from pixels import film

from engine import media
from engine.denoisers.drawn import DrawnBackend, draw
from engine.errors import BadMedia, BadRequest, CineloomError
from engine.make import load_latents, make
from engine.making.layout import lay
from engine.making.walk import Walk
from engine.recipe import from_json
from engine.recipe.storyboard import EXAMPLE, Storyboard, storyboard

backend = DrawnBackend()


def board(text, **more):
    return storyboard(Storyboard.parse(text), model="drawn", **more)


def shots(*rows, head='size = "128x96"\nseed = 7\n'):
    return head + "".join(f'[[shot]]\nprompt = "{prompt}"\nseconds = {seconds}\n{more}\n' for prompt, seconds, more in rows)


def test_the_example_is_a_storyboard():
    recipe, notes = storyboard(Storyboard.parse(EXAMPLE), model="paper")
    assert recipe.operation == "storyboard" and recipe.prompt == "a red boat sails on the sea at dusk, watercolour style"
    assert [(cue.at, cue.cut) for cue in recipe.cues] == [(33, True), (65, False)] and recipe.pictures == 89 and notes == []
    assert "a red boat in the desert at night in the rain" in recipe.cues[1].prompt
    assert from_json(recipe.to_json()) == recipe


def test_a_shot_keeps_what_was_written_before_it_was_expanded():
    rows = (("{who} left at night", 1, 'asked = "{who}"'), ("a blue wave left", 1, ""), ("a green wave at noon", 1, 'asked = "a green wave"'))
    recipe, _ = board(shots(*rows, head='who = "a red wave"\nstyle = "in ink"\n'))
    assert (recipe.prompt, recipe.asked) == ("a red wave left at night, in ink", "a red wave, in ink")
    assert [cue.asked for cue in recipe.cues] == ["", "a green wave, in ink"]


def test_a_cut_begins_a_window_that_sees_the_first_shot():
    recipe, _ = board(shots(("a red wave right", 1, ""), ("a blue wave left", 1, ""), ("a green wave left", 0.5, 'join = "continue"')))
    walk = Walk(recipe, backend, lay(recipe, backend))
    assert [(window.seen, window.start, window.fresh, window.made, window.stop) for window in walk.windows] == [(0, 0, 0, 5, 5), (2, 5, 5, 11, 11)]


def test_each_shot_shows_what_its_words_draw(tmp_path):
    recipe, _ = board(shots(("a red wave right", 1, ""), ("a blue wave left", 1, "")))
    *_, last = make(recipe, backend, tmp_path / "take")
    latents = load_latents(last.made.latents)
    first = draw("a red wave right", 5, 12, 16)
    cut = draw("a blue wave left", 6, 12, 16)       # two frames of the first shot are before it
    assert (latents[0, :, :5] - first).abs().mean() < 0.1
    assert (latents[0, :, 5:] - cut[:, 2:]).abs().mean() < 0.1
    assert (latents[0, :, 5:] - first[:, :4]).abs().mean() > 0.1


def test_going_on_is_no_cut():
    rows = (("a red wave right", 1, ""), ("a blue wave right", 1, 'join = "continue"'))
    recipe, _ = board(shots(*rows))
    walk = Walk(recipe, backend, lay(recipe, backend))
    assert len(walk.windows) == 1 and not recipe.cues[0].cut and recipe.cues[0].over == 8
    *_, last = walk
    assert (last.point.step.x[0, :, -1:] - draw("a blue wave right", 9, 12, 16)[:, -1:]).abs().mean() < 0.1


def test_cards_stand_at_their_times(tmp_path):
    media.write_picture(tmp_path / "green.png", np.full((96, 128, 3), (10, 200, 30), np.uint8))
    film(tmp_path / "clip.mp4", 9, (96, 128))
    text = shots(("a red wave right", 1, '[[shot.card]]\nfile = "green.png"\nat = 0.5'), ("a blue wave left", 1, '[[shot.card]]\nfile = "clip.mp4"'))
    recipe, _ = board(text, folder=tmp_path)
    assert [(item.role, item.at, item.pictures) for item in recipe.inputs] == [("still", 8, 1), ("film", 17, 9)]
    assert lay(recipe, backend).canvas.strip() == "##.##..6#"
    *_, last = make(recipe, backend, tmp_path / "take")
    pictures = list(media.read_film(last.made.film))
    assert np.abs(pictures[8].astype(int) - (10, 200, 30)).max() <= 12       # through H.264
    assert np.abs(pictures[17].astype(int) - next(media.read_film(tmp_path / "clip.mp4"))).mean() < 4


@pytest.mark.parametrize("text, sentence", [
    ("",                                                       "one .*shot.* or more; there is none"),
    ("size = ",                                                "is no TOML: .*--example"),
    ("shot = 1",                                               "each shot begins with a line"),
    ('[[shot]]\nseconds = 1',                                  "Shot 1 lacks prompt"),
    ('[[shot]]\nprompt = 1',                                   "Shot 1 has prompt = 1; it should be a text"),
    ('[[shot]]\nprompt = "red"\nseconds = "two"',              "seconds = 'two'; it should be a number"),
    ('[[shot]]\nprompt = "red"\nseconds = 0',                  "Shot 1 is to have 0 seconds; 0.25 is the shortest"),
    ('[[shot]]\nprompt = "red"\nseconds = nan',                "length of shot 1 is a number"),
    ('[[shot]]\nprompt = "red"\nlength = 2',                   "Shot 1 has no length; it has prompt, seconds, join, asked, card"),
    ('sise = "64x64"\n[[shot]]\nprompt = "red"',               "A storyboard has no sise; it has size"),
    ('[[shot]]\nprompt = "{who} runs"',                        "does not say who that is"),
    ('[[shot]]\nprompt = " "',                                 "Shot 1 has an empty prompt"),
    ('[[shot]]\nprompt = "red"\n[[shot]]\nprompt = "blue"\njoin = "wipe"', "by cut or continue; shot 2 says 'wipe'"),
    ('[[shot]]\nprompt = "red"\n[[shot.card]]\nfile = "gone.png"', "gone.png"),
    ('[[shot]]\nprompt = "red"\n[[shot.card]]\nfile = "x.png"\nat = 9', "a card at 9 s does not lie in it"),
    ('size = "big"\n[[shot]]\nprompt = "red"',                 "width and a height"),
    ('[[shot]]\nprompt = "red"\n' * 300,                       "up to 201 shots; this one has 300"),
])
def test_what_cannot_be_is_a_sentence(text, sentence):
    with pytest.raises(CineloomError, match=sentence) as caught:
        board(text)
    assert str(caught.value).endswith(".")


def test_a_file_that_is_none_is_a_sentence(tmp_path):
    (tmp_path / "noise.toml").write_bytes(bytes(range(128, 256)))
    with (tmp_path / "huge.toml").open("wb") as file:
        file.truncate(10**9)
    for name, sentence in (("gone.toml", "gone.toml cannot be read"), ("noise.toml", "it is no text"), (".", "cannot be read")):
        with pytest.raises(BadMedia, match=sentence):
            Storyboard.read(tmp_path / name)
    with pytest.raises(BadRequest, match="has 1.0 GB"):
        Storyboard.read(tmp_path / "huge.toml")


def test_lengths_off_the_grid_are_said():
    recipe, notes = board(shots(("red", 1.1, ""), ("blue", 0.3, "")))
    assert recipe.pictures == 1 + 4 * 4 + 4 and notes == ["Shot 1 has 1 s; 1.1 s was asked.", "Shot 2 has 0.25 s; 0.3 s was asked."]
