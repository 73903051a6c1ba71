"""What a film shows, in a sentence: words and numbers, a tiny captioner that learns a batch by heart, and the one that ships."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import torch

from engine.captioner.captioner import ELSEWHERE, FOLDER, BuiltIn
from engine.captioner.network import CaptionNet, Glance
from engine.captioner.seeing import MOST, fitted, seen
from engine.captioner.telling import DESCRIPTIVE, END, FOREIGN, SHORT, Telling
from engine.errors import BadMedia, WeightsError
from engine.media import write_film, write_picture
from engine.paper.transformer import PaperTransformer
from engine.paper.words import Words
from engine.training import paperworld as world
from engine.training.captioner import bake_own, caption_loss, estrange, sentences, train_captioner, weight, write
from engine.training.paperworld.captions import describe
from engine.training.run import Budget
from engine.words.naming import ORDER, named

TELLING = Telling.of(world.VOCABULARY)
TINY = {"width": 32, "heads": 2, "depth": 1, "layers": 1}


def glance() -> Glance:
    torch.manual_seed(0)
    words = Words(tuple(sorted(world.VOCABULARY)), {})
    return Glance(PaperTransformer(width=64, depth=3, heads=1, text_width=64, text_depth=1, fastest=100.0), words)


# ---- words

def test_every_plain_caption_of_the_world_comes_back_as_it_was_written():
    longest = 0
    for seed in range(400):
        scene = world.draw_scene(72_000_000 + seed, loop=seed % 7 == 0)
        for kind in ("plain", "still", "terse"):
            text = world.caption(scene, seed, kind)
            numbers = TELLING.write(text)
            assert TELLING.read([*numbers, TELLING.numbers[END], 3]) == text
            longest = max(longest, len(numbers))
    assert longest < 70


def test_a_plain_caption_names_all_of_a_scene_and_is_the_same_for_every_seed():
    for seed in range(200):
        scene = world.draw_scene(73_000_000 + seed, second=None, event="none")
        text = world.caption(scene, 1, "plain")
        assert text == world.caption(scene, 2, "plain")
        assert named(text) == {name: describe(scene)[name] for name in ORDER}
        assert set(named(world.caption(scene, 1, "still"))) == set(ORDER) - {"motion", "camera"}
        assert set(named(world.caption(scene, 1, "terse"))) == {"subject", "colour", "place", "time"}


def test_a_word_that_a_captioner_does_not_have_is_refused():
    with pytest.raises(KeyError):
        TELLING.write("a red zeppelin")


def test_the_line_of_a_clip_begins_with_its_kind_and_what_is_foreign_has_one_word():
    rows = [{"seed": 74_000_001, "kind": "even"}, {"seed": 1, "foreign": True}, {"seed": 74_000_001, "kind": "even"}]
    long, foreign, short = sentences(TELLING, rows, 3, False, [False, False, True]).tolist()
    assert (long[0], short[0]) == (TELLING.numbers[DESCRIPTIVE], TELLING.numbers[SHORT])
    assert foreign[1:3] == [TELLING.numbers[FOREIGN], TELLING.numbers[END]] and set(foreign[3:]) == {-1}
    assert "the camera" in TELLING.read(long[1:])
    assert short[1:short.index(TELLING.numbers[END])] == [number for number in TELLING.write(TELLING.read(short[1:]))]
    still = sentences(TELLING, rows[:1], 1, False, [False])[0].tolist()
    assert "the camera" not in TELLING.read(still[1:])


# ---- the network

def test_a_tiny_captioner_learns_a_batch_by_heart_and_says_it():
    """Eight films of chance with eight captions: told again word for word, and sure of it."""
    first, rows = glance(), [{"seed": 75_000_000 + i, "kind": "even"} for i in range(7)] + [{"seed": 0, "foreign": True}]
    generator = torch.Generator().manual_seed(1)
    latents = torch.randn(8, 16, 2, 4, 4, generator=generator)
    numbers = sentences(TELLING, rows, 2, False, [False] * 8)
    net = CaptionNet(len(TELLING.vocabulary), glance=first.width, **TINY)
    optimiser = torch.optim.Adam(net.parameters(), 1e-2)
    before = None
    for _ in range(150):
        noise = torch.randn(latents.shape, generator=generator)
        loss, measures = caption_loss(net, latents, first(latents, noise), numbers, torch.zeros(8, 2, 2, 2))
        before = before or float(measures["words"])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert before > 4 and measures["right"] == 1
    captioner = BuiltIn(net, TELLING, first, None, {})
    for i in range(7):
        said = captioner.of_latents(latents[i:i + 1])
        assert said.text == TELLING.read(numbers[i, 1:].tolist()) and said.certainty > -0.3
        assert captioner.of_latents(latents[i:i + 1]) == said
    assert captioner.of_latents(latents[7:]).note == ELSEWHERE and captioner.of_latents(latents[7:]).text == ""
    unsure = BuiltIn(net, TELLING, first, None, {"least": 0.0})         # nobody is that sure
    assert unsure.of_latents(latents[:1]).text == "" and unsure.of_latents(latents[:1]).note == ELSEWHERE


def test_words_that_find_no_end_are_no_sentence():
    """A captioner that answers with the same word for ever says nothing."""
    first, net = glance(), CaptionNet(len(TELLING.vocabulary), glance=64, **TINY)
    with torch.no_grad():
        net.norm.weight.zero_()
        net.answer.weight.zero_()
    said = BuiltIn(net, TELLING, first, None, {}).of_latents(torch.randn(1, 16, 1, 4, 4))
    assert said.text == "" and said.note == ELSEWHERE


def test_what_is_made_strange_is_of_no_world_and_nothing_else_changes():
    generator, dice = torch.Generator().manual_seed(0), np.random.default_rng(0)
    latents, subject, rows = torch.randn(300, 16, 2, 4, 8, generator=generator), torch.ones(300, 2, 2, 4), [{"seed": i} for i in range(300)]
    before = latents.clone()
    estrange(latents, subject, rows, dice, generator)
    strange = [bool(row.get("foreign")) for row in rows]
    assert 5 < sum(strange) < 40
    for i, made in enumerate(strange):
        assert torch.equal(latents[i], before[i]) != made and bool(subject[i].any()) != made
    assert latents.isfinite().all()


def test_a_word_is_told_from_those_before_it_alone():
    net, seen_tokens = CaptionNet(30, glance=8, **TINY).eval(), torch.randn(1, 6, 32)
    torch.nn.init.normal_(net.answer.weight)
    numbers = torch.tensor([[1, 5, 7, 9]])
    other = torch.tensor([[1, 5, 7, 20]])
    torch.testing.assert_close(net.tell(numbers, seen_tokens)[:, :3], net.tell(other, seen_tokens)[:, :3])
    assert not torch.allclose(net.tell(numbers, seen_tokens)[:, 3], net.tell(other, seen_tokens)[:, 3])


def test_what_moves_is_not_what_stands():
    """The same frames in another order are seen otherwise."""
    net = CaptionNet(30, glance=8, **TINY)
    latents, first = torch.randn(1, 16, 3, 4, 4), torch.zeros(1, 12, 8)
    assert not torch.allclose(net.see(latents, first)[0][:, 1], net.see(latents.flip(2), first)[0][:, 1])


def test_the_glance_is_the_model_s_own_first_blocks():
    first, latents = glance(), torch.randn(1, 16, 2, 4, 4)
    torch.manual_seed(0)
    whole = PaperTransformer(width=64, depth=3, heads=1, text_width=64, text_depth=1, fastest=100.0).eval()
    noise, level = torch.randn(latents.shape), torch.full((1, 1, 2, 4, 4), 0.3)
    with torch.no_grad():
        text, mask = whole.text(*whole.read(Words(tuple(sorted(world.VOCABULARY)), {}), [""], torch.device("cpu")))
        _, tapped = whole(torch.lerp(latents, noise, 0.3), level, level, text, mask, tap=1)
    torch.testing.assert_close(first(latents, noise), tapped)


# ---- training

class Flat:
    """An autoencoder that keeps the mean of every 8x8 pixels: what bakes needs no more."""

    device = torch.device("cpu")

    def encode(self, film):
        small = torch.nn.functional.avg_pool3d(torch.cat([film[:, :, :1].repeat(1, 1, 3, 1, 1), film], 2), (4, 8, 8))
        return small.repeat(1, 6, 1, 1, 1)[:, :16]


def test_what_is_drawn_for_the_captioner_alone_is_taught_and_a_stopped_run_goes_on(tmp_path):
    kinds = (1, 32, 32), (5, 32, 32)
    assert [*bake_own(tmp_path / "latents", Flat(), 64, kinds=kinds)][-1] == 64
    stamps = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    assert len(stamps) == 2 and [*bake_own(tmp_path / "latents", Flat(), 64, kinds=kinds)][-1] == 64
    assert stamps == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.safetensors")}
    kind = {"tokens": 16, "sizes": TINY}
    train_captioner(tmp_path / "run", tmp_path / "latents", glance(), Budget(steps=2), tmp_path / "out", **kind)
    train_captioner(tmp_path / "run", tmp_path / "latents", glance(), Budget(steps=4), tmp_path / "out", **kind)
    facts = json.loads((tmp_path / "out" / "captioner.json").read_text())
    assert facts["trained"]["steps"] == 4 and facts["trained"]["clips"] == 64
    assert (tmp_path / "out" / "captioner.safetensors").stat().st_size < 400_000


def test_training_begins_with_a_captioner_that_is_there_and_with_no_other(tmp_path):
    [*bake_own(tmp_path / "latents", Flat(), 32, kinds=((1, 32, 32),))]
    kind = {"tokens": 16, "sizes": TINY}
    first = train_captioner(tmp_path / "first", tmp_path / "latents", glance(), Budget(steps=1), tmp_path / "out", seed=1, **kind)
    onward = train_captioner(tmp_path / "onward", tmp_path / "latents", glance(), Budget(steps=1), tmp_path / "next", start=tmp_path / "out", **kind)
    anew = train_captioner(tmp_path / "anew", tmp_path / "latents", glance(), Budget(steps=1), tmp_path / "anew", **kind)

    def apart(one, other):
        return max((a.float() - b.float()).abs().max().item() for a, b in zip(one.parameters(), other.parameters()))

    assert apart(first, onward) < 0.02 < apart(first, anew)
    first, onward = (json.loads((tmp_path / folder / "captioner.json").read_text())["trained"] for folder in ("out", "next"))
    assert onward["started from"] == first and "started from" not in first
    facts = json.loads((tmp_path / "out" / "captioner.json").read_text())
    (tmp_path / "out" / "captioner.json").write_text(json.dumps(facts | {"vocabulary": facts["vocabulary"][1:]}))
    for folder, why in ((tmp_path / "out", "not the same"), (tmp_path / "nowhere", "leave --start out")):
        with pytest.raises(WeightsError, match=why):
            train_captioner(tmp_path / "no", tmp_path / "latents", glance(), Budget(steps=1), tmp_path / "none", start=folder, **kind)


def test_pictures_come_first_and_large_films_last():
    early, late = weight(0.0), weight(0.9)
    assert early(1, 40) > early(5, 200) > early(5, 720) and late(5, 720) == late(5, 200) > late(1, 40)


# ---- files

def test_the_middle_of_a_film_is_seen_at_sixteen_pictures_a_second(tmp_path):
    film = np.stack([np.full((96, 160, 3), value, np.uint8) for value in range(0, 200, 2)])
    write_film(tmp_path / "grey.mp4", [film], 160, 96, 16)
    pictures = seen(tmp_path / "grey.mp4")
    assert pictures.shape == (MOST, 96, 160, 3)
    assert abs(int(pictures[MOST // 2].mean()) - 100) < 8
    write_film(tmp_path / "short.mp4", [film[:7]], 160, 96, 16)
    assert len(seen(tmp_path / "short.mp4")) == 5
    write_film(tmp_path / "quick.mp4", [film], 160, 96, 32)
    assert abs(int(seen(tmp_path / "quick.mp4")[1].mean()) - int(seen(tmp_path / "quick.mp4")[0].mean()) - 4) < 3


@pytest.mark.parametrize("size, made", [((1920, 1080), (256, 144)), ((160, 96), (160, 96)), ((100, 90), (96, 96)), ((1080, 1920), (144, 256))])
def test_pictures_are_made_as_small_as_the_model_knows_them(size, made):
    assert fitted(np.zeros((size[1], size[0], 3), np.uint8)).shape == (made[1], made[0], 3)


def test_a_picture_is_a_film_of_one_and_what_is_neither_is_said(tmp_path):
    write_picture(tmp_path / "one.png", np.zeros((64, 64, 3), np.uint8))
    assert seen(tmp_path / "one.png").shape == (1, 64, 64, 3)
    (tmp_path / "words.txt").write_text("a red boat")
    with pytest.raises(BadMedia):
        seen(tmp_path / "words.txt")


def test_weights_that_are_not_there_or_broken_are_said_so(tmp_path):
    with pytest.raises(WeightsError, match="cineloom train captioner"):
        BuiltIn.open(tmp_path)
    write(CaptionNet(len(TELLING.vocabulary), glance=8, **TINY), {"vocabulary": list(TELLING.vocabulary), "sizes": TINY | {"glance": 8}}, tmp_path)
    (tmp_path / "captioner.safetensors").write_bytes(b"not weights")
    with pytest.raises(WeightsError, match="cineloom train captioner"):
        BuiltIn.open(tmp_path)


# ---- the one that ships

@pytest.fixture(scope="module")
def shipped() -> BuiltIn:
    return BuiltIn.open()


def test_the_captioner_that_ships_says_what_was_drawn_and_nothing_of_what_was_not(shipped):
    """Six even scenes at the studio's size: of what they show three parts in four at least; noise is refused."""
    from engine.training.judge import even_scene

    right = asked = 0
    for seed in range(6):
        scene = even_scene(76_000_000 + seed)
        film = (world.render(scene, 17, 256, 144).pixels * 255).round().byte().permute(0, 2, 3, 1).contiguous().numpy()
        says, truth = named(shipped.describe(film).text), describe(scene)
        asked += len(ORDER)
        right += sum(says.get(name) == truth[name] for name in ORDER)
    assert right / asked > 0.75
    assert set(named(shipped.describe(film, short=True).text)) <= {"subject", "colour", "place", "time"}
    noise = np.random.default_rng(0).integers(0, 256, (5, 144, 256, 3)).astype(np.uint8)
    assert shipped.describe(noise).text == "" and shipped.describe(noise).note == ELSEWHERE


def test_what_ships_is_small_and_of_this_world(shipped):
    from engine.captioner.captioner import FOLDER

    assert sum(path.stat().st_size for path in FOLDER.iterdir()) < 4_200_000
    assert shipped.telling == TELLING


def test_a_captioner_of_other_weights_of_the_model_is_not_believed(tmp_path):
    shutil.copytree(FOLDER, tmp_path / "captioner")
    path = tmp_path / "captioner" / "captioner.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"paper": "0123456789ab"}))
    with pytest.raises(WeightsError, match="taught on the weights 0123456789ab of the built-in model's encoder and transformer, and .* are here. `cineloom train captioner`"):
        BuiltIn.open(tmp_path / "captioner")
