"""The paper world keeps its word: what the caption and the truth say is what is drawn."""

import random
from importlib import import_module

import pytest
import torch

from engine.training import paperworld as pw
from engine.training.paperworld.light import NAMED, light_of

PLAIN = dict(split="any", second=None, event="none", style="paper-cut", weather="clear", camera="still", motion="still", size="medium")


def plain(seed=0, **fixed):
    return pw.draw_scene(seed, **{**PLAIN, **fixed})


def mask(film, mark=1):
    return film.truth.subject_id == mark


def test_the_world_is_as_wide_as_promised():
    assert len(pw.SUBJECTS) >= 19 and len(pw.COLOURS) == 10 and len(pw.PLACES) == 8
    assert (len(pw.TIMES), len(pw.WEATHERS), len(pw.MOTIONS), len(pw.CAMERAS), len(pw.STYLES)) == (4, 4, 8, 8, 5)


def test_everything_renders_at_odd_sizes():
    sizes = ((64, 64), (97, 61), (45, 80))
    scenes = [pw.draw_scene(k, subject=s) for k, s in enumerate(pw.SUBJECTS)]
    scenes += [pw.draw_scene(k, place=p) for k, p in enumerate(pw.PLACES)]
    scenes += [pw.draw_scene(3, **{kind: v}) for kind, values in (("style", pw.STYLES), ("camera", pw.CAMERAS), ("motion", pw.MOTIONS), ("event", pw.EVENTS)) for v in values]
    for k, scene in enumerate(scenes):
        width, height = sizes[k % 3]
        film = pw.render(scene, 3, width, height)
        assert film.pixels.shape == (3, 3, height, width) and film.pixels.dtype == torch.float32
        assert 0 <= film.pixels.min() and film.pixels.max() <= 1 and film.pixels.isfinite().all()
        assert film.pixels.std() > 0.02, scene
        assert film.truth.depth.shape == film.truth.subject_id.shape == (3, height, width)
        assert film.truth.track.shape == (3, 2 if scene.second else 1, 5)
        assert mask(film).any(), scene


def test_a_scene_is_its_seed_and_nothing_else():
    scene = pw.draw_scene(11)
    random.seed(1), torch.manual_seed(1)
    first = pw.render(scene, 5, 64, 48)
    random.seed(2), torch.manual_seed(2)
    again = pw.render(pw.draw_scene(11), 5, 64, 48)
    assert torch.equal(first.pixels, again.pixels) and first.caption == again.caption
    assert pw.draw_scene(12) != scene


def test_a_clip_drawn_in_parts_is_the_same_clip(monkeypatch):
    room = import_module("engine.training.paperworld.rendering")

    scenes = [pw.draw_scene(k, event=e) for k, e in enumerate(pw.EVENTS)]
    whole = [pw.render(s, 9, 64, 48).pixels for s in scenes]
    monkeypatch.setattr(room, "_CHUNK", 64 * 48 * 4)
    for scene, pixels in zip(scenes, whole):
        assert (pw.render(scene, 9, 64, 48).pixels - pixels).abs().max() < 1e-4, scene


@pytest.mark.parametrize("motion", ["still", "left", "bounce", "spin"])
@pytest.mark.parametrize("place", ["sea", "city", "block world"])
def test_a_loop_comes_back_to_its_first_picture(motion, place):
    scene = pw.draw_scene(5, subject="boat", motion=motion, place=place, loop=True, weather="rain", style="paper-cut")
    film = pw.render(scene, 42, 64, 48, period=20).pixels
    assert torch.equal(film[20], film[0]) and torch.equal(film[41], film[1])
    steps = (film[1:21] - film[:20]).abs().mean((1, 2, 3))
    assert steps[-1] < 1.6 * steps[:-1].max(), "the seam is a step like any other"


def test_a_loop_closes_on_the_latent_grid_by_default():
    scene = pw.draw_scene(5, loop=True)
    assert torch.equal(pw.render(scene, 17, 48, 32).pixels, pw.render(scene, 17, 48, 32, period=20).pixels)


@pytest.mark.parametrize("pictures", [9, 17, 33])
def test_shots_are_cut_where_a_latent_frame_begins(pictures):
    scene = pw.draw_scene(2, event="shots", subject="fox")
    film = pw.render(scene, pictures, 80, 48)
    assert film.truth.cuts and all((cut - 1) % 4 == 0 for cut in film.truth.cuts)
    jumps = (film.pixels[1:] - film.pixels[:-1]).abs().mean((1, 2, 3))
    assert set((jumps.topk(len(film.truth.cuts)).indices + 1).tolist()) == set(film.truth.cuts)
    assert pw.cuts_of(scene, 1) == ()


@pytest.mark.parametrize("subject", pw.SUBJECTS)
def test_a_subject_is_big_and_in_frame(subject):
    for place in ("meadow", "sea"):
        film = pw.render(plain(subject=subject, place=place), 1, 128, 80)
        rows, columns = mask(film)[0].any(1).sum().item() / 80, mask(film)[0].any(0).sum().item() / 128
        assert 0.30 < rows < 0.72 and columns < 0.75
        left, top, right, bottom, seen = film.truth.track[0, 0].tolist()
        assert 0 <= left < right <= 1 and -0.02 <= top < bottom <= 1.02 and seen > 0.85
        assert abs((left + right) / 2 - 0.5) < 0.15


@pytest.mark.parametrize("motion", pw.MOTIONS)
@pytest.mark.parametrize("camera", ["still", "pan left", "tilt up", "push in"])
def test_a_moving_subject_stays_mostly_in_frame(motion, camera):
    for subject, pictures in (("car", 17), ("balloon", 65)):
        film = pw.render(plain(subject=subject, place="meadow", motion=motion, camera=camera), pictures, 64, 40)
        assert film.truth.track[:, 0, 4].min() > 0.6 and film.truth.track[:, 0, 4].mean() > 0.85


@pytest.mark.parametrize("time", pw.TIMES)
def test_the_colour_of_a_subject_is_plain_to_see(time):
    light = light_of("meadow", time, "clear")
    papers = torch.tensor([light.subject(NAMED[c]) for c in pw.COLOURS])
    wrong = []
    for k, subject in enumerate(pw.SUBJECTS):
        for colour in pw.COLOURS[k % 3::3]:
            film = pw.render(plain(subject=subject, colour=colour, time=time, place="meadow"), 1, 64, 40)
            inside = film.pixels[0][:, mask(film)[0]].T
            names = torch.cdist(inside, papers).argmin(1).bincount(minlength=len(papers))
            if pw.COLOURS[names.argmax()] != colour:
                wrong.append((subject, colour, pw.COLOURS[names.argmax()]))
    assert len(wrong) <= 2, wrong


@pytest.mark.parametrize("thing", ["tree", "tower", "rock"])
def test_what_passes_behind_comes_out_the_same(thing):
    scene = plain(subject="fox", colour="orange", event="behind", detail=thing, motion="right", place="snow", time="day")
    film = pw.render(scene, 33, 128, 80)
    seen, area = film.truth.track[:, 0, 4], mask(film).flatten(1).sum(1)
    assert seen.min() < 0.02 and seen[0] > 0.9 and seen[-1] > 0.9
    before, after = (film.pixels[k][:, mask(film)[k]].mean(1) for k in (0, -1))
    assert (before - after).abs().max() < 0.03 and abs(area[0] - area[-1]) < 0.15 * area[0]


@pytest.mark.parametrize("subject", ["paintbrush", "person"])
def test_a_mark_stays(subject):
    film = pw.render(plain(subject=subject, colour="red", event="mark", motion="right", place="snow", time="day"), 33, 128, 80)
    made = ((film.pixels - film.pixels[:1]).abs().amax(1) > 0.04)[:, 44:]          # the ground stands still, the clouds do not
    behind = int(film.truth.track[24, 0, 0] * 128) - 8                             # columns the subject has left for good
    first = int(film.truth.track[0, 0, 2] * 128) + 4                               # and was not on in the first picture
    assert made[24, :, first:behind].sum() > 20
    assert torch.equal(made[24, :, first:behind], made[32, :, first:behind])
    assert made[32, :, first:].sum() > 1.2 * made[24, :, first:behind].sum()


def test_a_bite_stays():
    film = pw.render(plain(subject="burger", colour="green", event="mark", place="city"), 33, 96, 64)
    area = mask(film).flatten(1).sum(1)
    assert area[0] > 1.15 * area[-1]
    assert (area[1:] - area[:-1]).max() < 0.02 * area[0], "nothing that was eaten comes back"


@pytest.mark.parametrize("subject", ["house", "lighthouse", "windmill", "church"])
def test_an_orbit_goes_round_a_solid_thing(subject):
    scene = pw.draw_scene(1, event="orbit", subject=subject, place="meadow", time="day", weather="clear", style="paper-cut")
    assert scene.camera == "orbit"
    film = pw.render(scene, 17, 64, 64)
    assert (film.pixels[0] - film.pixels[8])[:, mask(film)[0] & mask(film)[8]].abs().mean() > 0.012


@pytest.mark.parametrize("rule", ["fall", "water", "place"])
def test_blocks_obey_their_rules(rule):
    from engine.training.paperworld.events import BlockMachine as Machine

    machine = Machine(rule, random.Random(0))
    films = [machine.grid(k / 32) for k in range(33)]
    count = [sum(b != Machine.AIR for row in grid for b in row) for grid, _ in films]
    if rule == "fall":
        heights = [[row for _, row, _ in loose] for _, loose in films]
        assert all(b <= a for one, two in zip(heights, heights[1:]) for a, b in zip(one, two)), "nothing falls upward"
        assert heights[-1] == [r - 1 for r in heights[0]] and count[-1] == count[0] - 1
    else:
        assert count == sorted(count) and count[-1] > count[0]
        for (before, _), (after, _) in zip(films, films[1:]):
            assert all(b == Machine.AIR or b == a for one, two in zip(before, after) for b, a in zip(one, two)), "what is set stays"


@pytest.mark.parametrize("relation", pw.RELATIONS)
def test_two_subjects_stand_as_told(relation):
    for seed, (main, other) in enumerate((("car", "tree"), ("fox", "house"), ("bird", "ball"))):
        film = pw.render(plain(seed, subject=main, second=pw.Second(other, "blue", relation), place="meadow", colour="red"), 1, 128, 80)
        (l1, t1, r1, b1, s1), (l2, t2, r2, b2, s2) = film.truth.track[0].tolist()
        assert s1 > 0.25 and s2 > 0.25
        if relation == "left of":
            assert r1 <= l2 + 0.02 and l1 > -0.05
        elif relation == "right of":
            assert l1 >= r2 - 0.02 and r1 < 1.05
        elif relation == "above":
            assert b1 <= t2 + 0.05 and t1 > -0.05
        else:
            assert (s1 < s2) == (relation == "behind")


def test_held_out_pairs_are_about_seven_percent_and_never_trained_on():
    triples = [(s, c, p) for s in pw.SUBJECTS for c in pw.COLOURS for p in pw.PLACES]
    assert 0.05 < sum(pw.held_out(*t) for t in triples) / len(triples) < 0.09
    for seed in range(250):
        scene = pw.draw_scene(seed)
        assert not pw.held_out(scene.subject, scene.colour, scene.place)
        assert not any(pw.held_out(scene.subject, scene.colour, shot.place) for shot in scene.shots)
        assert scene.second is None or not pw.held_out(scene.second.subject, scene.second.colour, scene.place)
        kept = pw.draw_scene(seed, split="held_out")
        assert pw.held_out(kept.subject, kept.colour, kept.place)


def test_the_usual_draw_favours_the_core():
    scenes = [pw.draw_scene(seed) for seed in range(800)]
    share = lambda test: sum(map(test, scenes)) / len(scenes)
    assert 0.5 < share(lambda s: s.style == "paper-cut") < 0.7
    assert 0.65 < share(lambda s: s.second is None) < 0.88
    assert 0.6 < share(lambda s: s.event == "none") < 0.8
    for kind, values in (("subject", pw.SUBJECTS), ("colour", pw.COLOURS), ("place", pw.PLACES), ("motion", pw.MOTIONS), ("camera", pw.CAMERAS)):
        assert {getattr(s, kind) for s in scenes} == set(values)


def test_what_is_forced_is_kept():
    scene = pw.draw_scene(7, subject="fox", place="snow", camera="pan left")
    assert (scene.subject, scene.place, scene.camera) == ("fox", "snow", "pan left")
    with pytest.raises(TypeError, match="no \\['colur'\\]"):
        pw.draw_scene(7, colur="red")


def test_captions_name_what_is_there_in_known_words():
    for seed in range(300):
        scene = pw.draw_scene(seed, loop=seed % 9 == 0)
        for kind in ("descriptive", "short", "dropped"):
            text = pw.caption(scene, seed, kind)
            unknown = [w for w in pw.words(text) if w not in pw.VOCABULARY]
            assert not unknown and "  " not in text, (text, unknown)
        text = pw.caption(scene, seed)
        assert scene.colour in text and (scene.second is None or scene.second.colour in text)
        assert len(pw.caption(scene, seed, "short")) < len(text)
    assert all(target in pw.VOCABULARY for target in pw.SYNONYMS.values())


def test_depth_puts_the_subject_before_the_sky():
    film = pw.render(plain(subject="balloon", place="meadow"), 1, 64, 40)
    assert film.truth.depth[mask(film)].max() < film.truth.depth[:, 0].min()
