"""What a caption says, read from its words: the readers, and a text encoder that is taught by them before any film."""

import pytest
import torch

from engine.paper.transformer import PaperTransformer
from engine.training import paperworld as world
from engine.training.meaning import HEARD, Meaning, teach_meaning
from engine.training.paper import vocabulary
from engine.training.run import Budget

WORDS = vocabulary()


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    """A small text encoder before and after it was taught for some seconds, and the readers it was taught with."""
    torch.manual_seed(0)
    model = PaperTransformer(width=64, depth=1, heads=1, vocabulary=len(WORDS.vocabulary), text_width=64, text_depth=1)
    meaning = Meaning(64)
    read = lambda prompts: model.read(WORDS, prompts, "cpu")  # noqa: E731
    scenes = [scene for scene in (world.draw_scene(900 + i, split="held_out") for i in range(80)) if len(scene.shots) < 2]
    told = read([world.caption(scene, scene.seed) for scene in scenes])
    attributes = [world.describe(scene) for scene in scenes]
    with torch.no_grad():
        before = float(meaning.loss(*model.text(*told), attributes))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engine.training.meaning.CAPTIONS", 80)
        teach_meaning(tmp_path_factory.mktemp("words"), model.text, meaning, read, Budget(steps=150))
    return model, meaning, told, attributes, before


def test_every_attribute_is_read_from_captions_it_has_never_seen(taught):
    model, meaning, told, attributes, before = taught
    with torch.no_grad():
        said = meaning(*model.text(*told))
        assert float(meaning.loss(*model.text(*told), attributes)) < before / 2
    for name in ("subject", "colour", "place", "motion", "camera"):
        table = meaning.tables[name]
        right = [table[int(row.argmax())] == truth[name] for row, truth in zip(said[name], attributes)]
        assert sum(right) > 0.4 * len(right), name       # the best constant answer has a fifth at most


def test_left_is_far_from_right_once_it_is_taught(taught):
    model, *_ = taught
    with torch.no_grad():
        left, right, red = (model.text(*model.read(WORDS, [f"a {colour} car drives to the {side} in the city"], "cpu"))[0][0]
                            for side, colour in (("left", "blue"), ("right", "blue"), ("left", "red")))
    apart = [float((one - left).norm(dim=-1).max() / left.norm(dim=-1).max()) for one in (right, red)]
    assert apart[0] > 0.2 * apart[1], "a way weighs in the words as a colour does, whatever it weighs in a film"


def test_a_caption_that_does_not_tell_all_teaches_nothing(taught):
    model, meaning, told, attributes, _ = taught
    with torch.no_grad():
        vectors, mask = model.text(*told)
        full = [i % 2 == 0 for i in range(len(attributes))]
        lies = [row if tells else row | {"motion": "spin", "colour": "red"} for row, tells in zip(attributes, full)]
        assert meaning.loss(vectors, mask, lies, full) == meaning.loss(vectors, mask, attributes, full)
        assert meaning.loss(vectors, mask, lies, full) != meaning.loss(vectors, mask, attributes)
        assert meaning.loss(vectors, mask, attributes, [False] * len(attributes)) == 0


def test_words_that_films_hear_stay_where_they_are(tmp_path, monkeypatch):
    monkeypatch.setattr("engine.training.meaning.CAPTIONS", 32)
    torch.manual_seed(0)
    model = PaperTransformer(width=64, depth=1, heads=1, vocabulary=len(WORDS.vocabulary), text_width=64, text_depth=1)
    told = model.read(WORDS, ["a red boat sails to the left on the sea, panning right"], "cpu")
    with torch.no_grad():
        before, _ = model.text(*told)
        assert before.norm(dim=-1).min() > HEARD        # all are, at first
    moved = {}
    for keep in (True, False):
        text = PaperTransformer(width=64, depth=1, heads=1, vocabulary=len(WORDS.vocabulary), text_width=64, text_depth=1).text
        text.load_state_dict(model.text.state_dict())
        teach_meaning(tmp_path / str(keep), text, Meaning(64), lambda prompts: model.read(WORDS, prompts, "cpu"), Budget(steps=80), keep=keep)
        with torch.no_grad():
            moved[keep] = float((text(*told)[0] - before).norm())
    assert moved[True] < 0.5 * moved[False]
