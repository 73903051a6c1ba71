"""Wan VACE through our one sampler against its own pipeline, on a tiny checkpoint in the released format: what a canvas keeps is what it is told."""

from __future__ import annotations

import dataclasses
import itertools
import json
import signal

import numpy as np
import pytest
import torch
from parity import CLOSE, PROMPT, WITHOUT, clips, film, keeps
from PIL import Image
from tiny_vace import vace as checkpoint

from app.cli import main
from engine import operations as op
from engine.denoisers.base import Manner
from engine.denoisers.catalog import describe
from engine.denoisers.open import rows
from engine.denoisers.open.wan_vace import WanVaceBackend
from engine.digest import sha256
from engine.errors import BadMedia
from engine.events import Kept
from engine.make import load_latents, make
from engine.making.layout import lay
from engine.making.referring import whole
from engine.making.walk import Walk
from engine.media import read_film, write_film
from engine.recipe import Cue, Input, check, compose, from_json
from engine.recipe.operating import extend, inpaint, outpaint
from engine.sampler import noise

SHAPE = (1, 16, 3, 8, 8)        # nine pictures of 64x64


@pytest.fixture(scope="module", params=["unipc", "euler"])
def pipe(request, tmp_path_factory):
    from diffusers import WanVACEPipeline

    pipe = WanVACEPipeline.from_pretrained(checkpoint(tmp_path_factory.mktemp("vace") / "vace", request.param))
    pipe.set_progress_bar_config(disable=True)
    return pipe


only = pytest.mark.parametrize("pipe", ["unipc"], indirect=True)


@pytest.fixture(scope="module")
def given():
    """Nine pictures of eight bits, (1, 3, 9, 64, 64) in -1..1."""
    return torch.rand(1, 3, 9, 64, 64, generator=torch.Generator().manual_seed(4)).mul(255).round() / 127.5 - 1


def cells(*frames, hole=None):
    """Which cells are known: whole latent frames, but for a box of rows and columns."""
    known = torch.zeros(1, 1, *SHAPE[2:], dtype=torch.bool)
    known[:, :, list(frames)] = True
    if hole is not None:
        known[:, :, :, hole[0], hole[1]] = False
    return known


KNOWN = {"the first picture": cells(0), "the first and the last": cells(0, 2), "a head": cells(0, 1), "a tail": cells(2), "all but a box": cells(0, 1, 2, hole=(slice(2, 6), slice(4, 8))), "nothing": cells()}


def between(pictures):
    """As its own pipeline takes film: (1, N, 3, H, W) in 0..1, of which a half is grey."""
    return pictures.movedim(2, 1).add(1).div(2)


def seen(known):
    """Cells as pictures of their pixels, (1, 3, 9, 64, 64): 1 where nothing is known."""
    whole = torch.cat([known[:, :, :1], known[:, :, 1:].repeat_interleave(4, 2)], 2)
    return (~whole).float().repeat_interleave(8, 3).repeat_interleave(8, 4).expand(-1, 3, -1, -1, -1)


def theirs(pipe, pictures=None, known=None, steps=4, guidance=4.0):
    """Its own pipeline's film: grey, and masked white, where nothing is known."""
    asked = {} if known is None else {"video": between(pictures), "mask": between(2 * seen(known) - 1)}
    return pipe(prompt=PROMPT, negative_prompt=WITHOUT, height=64, width=64, num_frames=9, num_inference_steps=steps, guidance_scale=guidance, latents=noise(SHAPE, 7), output_type="latent", **asked).frames


class Told(WanVaceBackend):
    """Is told of pictures that its canvas does not hold: its own pipeline holds none either."""

    told: tuple = ()

    def lower(self, told, x, level):
        pictures, known = self.told
        return told | {"control_hidden_states": self._control([pictures[:, :, :1], *pictures[:, :, 1:].split(4, 2)], known)}


@pytest.mark.parametrize("guidance, steps", [(1.0, 4), (4.0, 7)])
def test_from_words_it_makes_the_film_that_its_own_pipeline_makes(pipe, guidance, steps):
    asked = theirs(pipe, steps=steps, guidance=guidance)
    assert asked.abs().max() > 1 and (film(WanVaceBackend(pipe, "vace", "1"), op.text(SHAPE), steps=steps, guidance=guidance) - asked).abs().max() < CLOSE


@only
@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_is_told_as_its_own_pipeline_tells_it(pipe, given, name):
    known = KNOWN[name]
    asked = theirs(pipe, torch.where(seen(known) == 1, 0.0, given), known)
    backend = Told(pipe, "vace", "1")
    backend.told = given, known
    assert (film(backend, op.text(SHAPE), guidance=4.0) - asked).abs().max() < CLOSE
    if bool(known.any()):
        backend.told = given, cells()
        assert (film(backend, op.text(SHAPE), guidance=4.0) - asked).abs().max() > 100 * CLOSE, "told of nothing it makes another film"


@only
@pytest.mark.parametrize("name", KNOWN)
def test_its_mask_is_its_own_pipelines(pipe, given, name):
    known = KNOWN[name]
    control = WanVaceBackend(pipe, "vace", "1")._control([given[:, :, :1], *given[:, :, 1:].split(4, 2)], known)
    assert torch.equal(control[:, 32:], pipe.prepare_masks(seen(known), [[]]))


@only
@pytest.mark.parametrize("name", [name for name in KNOWN if name != "nothing"])
def test_what_a_canvas_keeps_is_what_is_told(pipe, given, name):
    """The pictures that were coded are told to the last digit, though the canvas holds only their latents, and noise where nothing is known."""
    backend, known = WanVaceBackend(pipe, "vace", "1"), KNOWN[name]
    latents = backend.encode(given)
    x, level = torch.where(known, latents, noise(SHAPE, 3)), 1 - known.float()
    told = backend.lower({}, x, level)["control_hidden_states"]
    assert torch.equal(told, backend._control([given[:, :, :1], *given[:, :, 1:].split(4, 2)], known))
    assert torch.equal(told, backend.lower({}, torch.where(known, latents, noise(SHAPE, 4)), level)["control_hidden_states"]) and len(backend._controls) == 1, "and is coded once"


@only
def test_film_of_a_take_is_decoded_to_be_told(pipe, given):
    """Nothing is remembered of latents that were made: a head is told as it decodes, a tail as it does where it has stood still before."""
    backend, made = WanVaceBackend(pipe, "vace", "1"), noise(SHAPE, 5)
    for known, shown in (cells(0, 1), made), (cells(1, 2), torch.cat([made[:, :, 1:2], made[:, :, 1:]], 2)):
        parts = list(backend.decode(shown))
        told = backend.lower({}, torch.where(known, made, noise(SHAPE, 3)), 1 - known.float())["control_hidden_states"]
        assert torch.equal(told, backend._control(parts, known))


@only
def test_at_the_end_of_a_walk_what_is_made_is_not_taken_for_given(pipe):
    """By then it is as clean as what was given with a breath of noise."""
    backend, x = WanVaceBackend(pipe, "vace", "1"), noise(SHAPE, 5)
    for first in (1.0, 0.0):
        level = torch.full((1, 1, *SHAPE[2:]), 0.01)
        level[:, :, 0] *= first
        known = cells() if first else cells(0)
        assert torch.equal(backend.lower({}, x, level)["control_hidden_states"][:, 32:], pipe.prepare_masks(seen(known), [[]]))


@only
def test_films_of_a_batch_are_told_each_of_its_own(pipe, given):
    backend = WanVaceBackend(pipe, "vace", "1")
    latents = torch.cat([backend.encode(given), backend.encode(-given)])
    level = torch.cat([1 - cells(0).float(), 1 - cells(0, 1).float()])
    told = backend.lower({}, latents, level)["control_hidden_states"]
    assert [torch.equal(told[at:at + 1], backend.lower({}, latents[at:at + 1], level[at:at + 1])["control_hidden_states"]) for at in (0, 1)] == [True, True]
    assert not torch.equal(told[0], told[1])


@only
def test_every_operation_runs_and_what_is_kept_is_kept_to_the_bit(pipe):
    keeps(WanVaceBackend(pipe, "vace", "1"))


@only
def test_given_film_changes_what_is_made_beside_it(pipe):
    """The branch is heard: the same canvas by the same weights without it is other film."""
    class Deaf(WanVaceBackend):
        def lower(self, told, x, level):
            return super().lower(told, x, torch.ones_like(level))

    canvas, _ = clips(WanVaceBackend(pipe, "vace", "1"))["extend"]
    heard, not_heard = (film(kind(pipe, "vace", "1"), canvas) for kind in (WanVaceBackend, Deaf))
    assert (heard - not_heard)[:, :, 3:].abs().max() > 100 * CLOSE


@pytest.mark.parametrize("operation, begins, known", [
    (lambda clip, mask, how: extend(clip, "a red boat", after=0.5, **how), 0, (0, 1, 2)),
    (lambda clip, mask, how: extend(clip, "a red boat", before=0.5, **how), 8, (3, 4)),
    (lambda clip, mask, how: inpaint(clip, "a red boat", mask=mask, **how), 0, (0, 1, 2)),
    (lambda clip, mask, how: outpaint(clip, "a red boat", **how | {"size": (128, 64)}), 0, (0, 1, 2)),
], ids=["forward", "backward", "hole", "edges"])
def test_what_a_recipe_gives_is_told_as_it_was_given(opened, tmp_path, operation, begins, known):
    """From a film file to the branch: its very pictures, wherever all of a latent frame of them is kept."""
    steps = np.arange(64)
    pictures = np.stack([np.stack(np.broadcast_arrays(4 * steps[:, None], 4 * ((steps + 3 * at) % 64)[None], 20 * at), -1) for at in range(9)]).astype(np.uint8)
    write_film(tmp_path / "clip.mp4", [pictures], 64, 64, 16)
    mask = np.zeros((64, 64), np.uint8)
    mask[:, :32] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    how = dict(model=describe(opened.name), seed=3, steps=2, size=(64, 64), free=1 << 40)
    layout = lay(operation(tmp_path / "clip.mp4", tmp_path / "mask.png", how)[0], opened)
    canvas, levels = layout.canvas, layout.canvas.levels
    given = torch.zeros(1, 3, opened.grid.pictures(canvas.frames), canvas.shape[3] * 8, canvas.shape[4] * 8)
    left = (given.shape[4] - 64) // 2
    given[:, :, begins:begins + 9, :, left:left + 64] = torch.from_numpy(np.stack(list(read_film(tmp_path / "clip.mp4")))).permute(3, 0, 1, 2)[None] / 127.5 - 1
    cells = levels == 0
    assert sorted(set(cells.nonzero()[:, 2].tolist())) == list(known)
    told = opened.lower({}, torch.where(cells, canvas.latents, noise(canvas.shape, 3)), levels)["control_hidden_states"]
    assert torch.equal(told, opened._control([given[:, :, :1], *given[:, :, 1:].split(4, 2)], cells))


# ---- who or what is to be in it

def photo(seed, width=64, height=40):
    """A picture of eight bits, (3, height, width)."""
    return torch.rand(3, height, width, generator=torch.Generator().manual_seed(seed)).mul(255).byte()


def image(picture):
    return Image.fromarray(picture.movedim(0, -1).numpy())


@only
@pytest.mark.parametrize("size", [(64, 40), (32, 96), (64, 64), (24, 16)])
def test_a_reference_is_shown_whole_on_white(pipe, size):
    """As its own pipeline shows it, number by number."""
    picture = photo(1, *size)
    *_, ((theirs,),) = pipe.preprocess_conditions(reference_images=[image(picture)], num_frames=1, height=64, width=96, dtype=torch.float32)
    assert (whole(picture, 96, 64) - theirs).abs().max() < 1e-6


@pytest.mark.parametrize("count, known", [(1, None), (2, None), (3, "a head")])
def test_with_references_it_makes_the_film_that_its_own_pipeline_makes(pipe, given, count, known):
    """Frames before the film are walked with it from noise, by every solver, guided, with film that is given besides, and left off."""
    pictures, known = [photo(seed) for seed in range(count)], KNOWN[known] if known else cells()
    longer = (*SHAPE[:2], count + SHAPE[2], *SHAPE[3:])
    asked = {"video": between(torch.where(seen(known) == 1, 0.0, given)), "mask": between(2 * seen(known) - 1)} if bool(known.any()) else {}
    theirs = pipe(prompt=PROMPT, negative_prompt=WITHOUT, height=64, width=64, num_frames=9, num_inference_steps=5, guidance_scale=4.0, latents=noise(longer, 7), output_type="latent",
                  reference_images=[image(picture) for picture in pictures], **asked).frames

    class Kept(WanVaceBackend):
        """Is told of film that its canvas does not hold: its own pipeline holds none either."""

        def lower(self, told, x, level):
            latents = torch.where(known, self.encode(given), x[:, :, count:])
            return super().lower(told, torch.cat([x[:, :, :count], latents], 2), torch.cat([torch.ones_like(level[:, :, :count]), 1 - known.float()], 2))

    backend = Kept(pipe, "vace", "1")
    backend.begin(Manner())
    assert backend.refer(torch.stack([whole(picture, 64, 64) for picture in pictures])) == count
    own = film(backend, op.text(longer), steps=5, guidance=4.0)
    assert theirs.shape == longer and (own - theirs).abs().max() < CLOSE / 10
    backend.refer(torch.stack([whole(photo(9), 64, 64)] * count))
    other = film(backend, op.text(longer), steps=5, guidance=4.0)
    assert (own - other).abs().max() > 100 * CLOSE and (own - other)[:, :, count:].abs().max() > CLOSE, "shown others it makes other film"
    backend.end()
    assert backend._references == []


def test_a_recipe_with_references_is_made_made_again_and_gone_on_with(opened, tmp_path):
    """Through the command's options and the engine: other references make other film, the same the same, also from the middle of the walk."""
    for name, seed in (("one", 1), ("two", 2)):
        image(photo(seed)).save(tmp_path / f"{name}.png")
    plain, _ = compose("a red boat sails", model=opened.name, pictures=9, size=(64, 64), seed=3, steps=3, free=1 << 40)

    def of(*names):
        return dataclasses.replace(plain, inputs=tuple(Input.of(tmp_path / f"{name}.png", role="reference") for name in names))

    check(of("one"), describe(opened.name))
    made = {names: list(make(of(*names), opened, tmp_path / "-".join(names or ("none",)), every=0.0)) for names in ((), ("one",), ("two",), ("one", "two"))}
    films = {names: load_latents(events[-1].made.latents) for names, events in made.items()}
    assert all(film.shape == (1, 16, 3, 8, 8) for film in films.values())
    assert not any(torch.equal(one, other) for one, other in itertools.combinations(films.values(), 2))
    again = list(make(from_json(of("one").to_json()), opened, tmp_path / "again"))
    assert torch.equal(load_latents(again[-1].made.latents), films["one",])
    kept = next(event for event in made["one", "two"] if isinstance(event, Kept))
    on = list(make(of("one", "two"), opened, tmp_path / "on", since=kept.state))
    assert on[0].done == kept.step > 0 and torch.equal(load_latents(on[-1].made.latents), films["one", "two"])
    image(photo(9)).save(tmp_path / "one.png")
    with pytest.raises(BadMedia, match="one.png is not the picture that this recipe was made with"):
        list(make(dataclasses.replace(of("two"), inputs=(dataclasses.replace(of("two").inputs[0], path=str(tmp_path / "one.png")),)), opened, tmp_path / "changed"))


def test_the_commands_take_references(opened, tmp_path, capsys):
    image(photo(1)).save(tmp_path / "one.png")
    before = signal.getsignal(signal.SIGTERM)
    asked = ["take", "a red boat", "--size", "64x64", "--pictures", "9", "--steps", "2", "--seed", "3", "--reference", str(tmp_path / "one.png"), "-o", str(tmp_path / "boat.mp4"), "--json"]
    try:
        assert main([*asked, "--backend", opened.name]) == 0
        made = json.loads(capsys.readouterr().out.splitlines()[-1])["recipe"]["inputs"]
        assert [(item["role"], item["sha256"]) for item in made] == [("reference", sha256(tmp_path / "one.png"))]
        assert main([*asked, "--backend", "drawn"]) == 2 and "cannot be shown who is in a film" in capsys.readouterr().out
    finally:
        signal.signal(signal.SIGTERM, before)


def test_long_film_with_references_is_made_window_by_window(opened, tmp_path):
    """Each window is shown them; words that change and film that is kept stand where they stood."""
    image(photo(1)).save(tmp_path / "one.png")
    recipe, _ = compose("a red boat", model=opened.name, pictures=33, size=(64, 64), seed=3, steps=2, cues=[Cue(16, "a storm", 4)], inputs=[Input.of(tmp_path / "one.png", role="reference")], free=1 << 40)
    recipe = dataclasses.replace(recipe, window=5)
    layout = lay(recipe, opened)
    assert layout.references.shape == (1, 3, 64, 64) and layout.canvas.strip() == "#" * 9
    opened.begin(Manner())
    walk = Walk(recipe, opened, layout)
    shown = [stride.x0.shape[2] for stride in walk]
    assert len(walk.windows) > 1 and shown == [window.frames for window in walk.windows for _ in range(2)] and walk.latents.shape[2] == 9 and walk.latents.isfinite().all()
    opened.end()


def test_its_rows_say_what_it_was_made_for():
    for name in ("wan-2.1-vace-1.3b", "wan-2.1-vace-14b"):
        assert rows.known(name).family == "wan_vace" and {"film", "area"} <= set(rows.known(name).native)
