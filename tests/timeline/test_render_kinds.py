"""What a cut is rendered to: probed back, every kind has the size, the rate, the colour and the pictures that were asked for."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from fractions import Fraction

import av
import numpy as np
import pytest
from burnt import HEIGHT, WIDTH, clip, cut, finish, media, number, project, read
from PIL import Image

from engine.errors import BadMedia, BadRequest, CannotWrite
from engine.library.importing import Progress
from engine.media import carried, carriers_of, read_film
from engine.timeline.cut import Clip, Cut, Gap, Media, Title, Track, Transition
from engine.timeline.rendering import Wanted, render
from engine.timeline.rendering.rates import Flow, between, hard_cuts, moments, needed

FILMS = {"h264": (".mp4", "h264", "yuv420p"), "h265": (".mp4", "hevc", "yuv420p"), "prores": (".mov", "prores", "yuv422p10le"), "vp9": (".webm", "vp9", "yuv420p"),
         "av1": (".webm", "libdav1d", "yuv420p")}  # fmt: skip


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return project(tmp_path_factory.mktemp("project"))


def pictures(length: int, start: int = 0) -> list[int]:
    """What frames of film a say."""
    return [number("a", start + index) for index in range(length)]


def packets(path):
    """Sizes of a film's packets."""
    with av.open(str(path)) as file:
        return [packet.size for packet in file.demux(file.streams.video[0]) if packet.size]


@pytest.mark.parametrize("rate", [Fraction(16), Fraction(30000, 1001)], ids=str)
@pytest.mark.parametrize("kind", FILMS)
def test_a_film_has_the_size_rate_colour_and_pictures_that_were_asked_for(places, tmp_path, kind, rate):
    ending, codec, pixels = FILMS[kind]
    path = tmp_path / f"out{ending}"
    made = finish(cut(clip("a", 10, 5), rate=rate), places, path, kind=kind, size=(96, 72), quality="best")
    assert (made.width, made.height, made.pictures, made.rate, made.sound) == (96, 72, 10, rate, False)
    with av.open(str(path)) as file:
        assert len(file.streams) == 1           # a film without sound has no track for it
        stream = file.streams.video[0]
        there = stream.codec_context
        assert (there.name, there.width, there.height, there.pix_fmt, stream.average_rate) == (codec, 96, 72, pixels, rate)
        assert (there.color_range, there.colorspace, there.color_trc, there.color_primaries) == (1, 1, 1, 1)      # limited, and BT.709 three times
        if kind in ("h265", "prores"):
            assert there.codec_tag == {"h265": "hvc1", "prores": "apch"}[kind]
    shown = [read(np.asarray(Image.fromarray(one).resize((WIDTH, HEIGHT)))) for one in read_film(path)]
    assert shown == [number("a", clip("a", 10, 5).picture(index, rate)) for index in range(10)]


def test_a_gif_a_folder_of_pictures_and_a_still(places, tmp_path):
    short = cut(clip("a", 10, 5))
    gif = finish(short, places, tmp_path / "out.gif", rate=Fraction(20))
    assert [read(one) for one in read_film(gif.path)][::5] == [number("a", 5), number("a", 9), number("a", 13)]
    folder = finish(short, places, tmp_path / "folder")
    assert sorted(path.name for path in folder.path.iterdir()) == ["cut.json", *(f"frame_{at:06}.png" for at in range(10))]
    decoded = list(read_film(places.library.folder / "a.mp4"))[5:15]
    assert all(np.array_equal(np.asarray(Image.open(folder.path / f"frame_{at:06}.png")), one) for at, one in enumerate(decoded))
    for name in ("one.png", "one.jpg"):
        still = finish(short, places, tmp_path / name, start=3)
        assert read(np.asarray(Image.open(still.path))) == number("a", 8) and still.pictures == 1


@pytest.mark.parametrize("kind", FILMS)
def test_colours_come_back_as_they_went_in(places, tmp_path, kind):
    colours = [(200, 30, 40), (20, 180, 60), (30, 50, 220), (128, 128, 128), (255, 255, 255)]
    clips = []
    for at, colour in enumerate(colours):
        Image.new("RGB", (WIDTH, HEIGHT), colour).save(places.library.folder / f"colour{at}.png")
        clips.append(Clip(f"k{at}", Media(1, Fraction(1), file=f"colour{at}.png", kind="picture"), Fraction(0), 2))
    made = finish(cut(*clips), places, tmp_path / f"out{FILMS[kind][0]}", kind=kind, quality="best")
    for at, picture in enumerate(read_film(made.path)):
        assert np.abs(picture[24, 32].astype(int) - colours[at // 2]).max() <= 4, (at, picture[24, 32])


def test_prores_holds_ten_bits_of_the_right_matrix(places, tmp_path):
    """A grey between two of eight bits arrives between them, and a colour where BT.709 puts it, in tenths of a bit of eight."""
    for name, colour in (("low", (100, 100, 100)), ("high", (102, 102, 102)), ("tone", (180, 90, 40))):
        Image.new("RGB", (WIDTH, HEIGHT), colour).save(places.library.folder / f"{name}.png")
    low, high, tone = (Clip(name, Media(1, Fraction(1), file=f"{name}.png", kind="picture"), Fraction(0), 8) for name in ("low", "high", "tone"))
    made = finish(cut(low, Transition("x", 4, 4), high, tone), places, tmp_path / "out.mov", kind="prores")
    with av.open(str(made.path)) as file:
        planes = [[np.frombuffer(plane, np.uint16).reshape(plane.height, -1)[plane.height // 2, plane.width // 2] for plane in frame.planes] for frame in file.decode(video=0)]
    levels = [int(there[0]) for there in planes]
    assert levels[:4] == [levels[0]] * 4 and levels[0] == pytest.approx(64 + 876 * 100 / 255, abs=1)
    assert len(set(levels[4:12])) >= 5          # eight bits would know three of them
    luma = 0.2126 * 180 + 0.7152 * 90 + 0.0722 * 40
    expected = 64 + 876 * luma / 255, 512 + 896 * (40 - luma) / 1.8556 / 255, 512 + 896 * (180 - luma) / 1.5748 / 255
    assert np.abs(np.array(planes[20], float) - expected).max() <= 2


@pytest.mark.parametrize("kind", ["h264", "h265"])
def test_nothing_drifts_however_often_a_film_is_rendered_again(places, tmp_path, kind):
    """Five times read and written: soft colours and greys are on average what they were, to a tenth of a code."""
    rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
    first = np.stack([60 + rows * 2, 40 + columns * 2, 200 - rows - columns], 2).astype(np.uint8)
    Image.fromarray(first).save(places.library.folder / "soft.png")
    one = Clip("soft", Media(1, Fraction(1), file="soft.png", kind="picture"), Fraction(0), 2)
    for again in range(5):
        name = f"again-{kind}-{again}{FILMS[kind][0]}"
        made = finish(cut(one), places, places.library.folder / name, kind=kind, quality="0")
        one = Clip("soft", Media(2, Fraction(16), file=name), Fraction(0), 2)
    last = next(read_film(made.path)).astype(float)
    assert np.abs((last - first).mean((0, 1))).max() < 0.2 and np.abs(last - first).mean() < 1.5


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler") or not os.path.isdir("/proc/self/task"), reason="this system does not say how its threads are scheduled")
@pytest.mark.parametrize("kind", FILMS)
def test_no_encoder_takes_the_machine_for_itself(places, tmp_path, kind):
    """SVT-AV1 makes itself real-time where it runs as root, and once stopped a whole machine so."""
    usual, during = os.sched_getscheduler(0), set()
    for event in render(cut(clip("a", 10, 5)), places, tmp_path / f"out{FILMS[kind][0]}", Wanted(kind)):
        during |= {os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task")}
    assert during == {usual}


@pytest.mark.parametrize("kind", ["h264", "h265", "vp9", "av1"])
def test_quality_is_honoured(places, tmp_path, kind):
    noise = np.random.default_rng(1).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    Image.fromarray(noise).save(places.library.folder / "noise.png")
    one = cut(Clip("n", Media(1, Fraction(1), file="noise.png", kind="picture"), Fraction(0), 2))
    sizes = [sum(packets(finish(one, places, tmp_path / f"{quality}{FILMS[kind][0]}", kind=kind, quality=quality).path)) for quality in ("draft", "good", "best")]
    assert sizes == sorted(set(sizes))
    if kind in ("h264", "h265"):        # these say it in the film
        made = finish(one, places, tmp_path / f"n{FILMS[kind][0]}", kind=kind, quality="23")
        assert b"crf=23" in made.path.read_bytes()


@pytest.mark.parametrize("asked, said", [
    ({"size": (65, 48)}, "even width and height; 65x48 was asked, 64x48 would do"),
    ({"size": (0, 48)}, "1 to 16384 pixels"),
    ({"rate": Fraction(0)}, "frames per second; 0 was asked"),
    ({"quality": "superb"}, "draft, good, best, or a number from 0, the best, to 51; 'superb'"),
    ({"quality": "52"}, "to 51; '52'"),
    ({"kind": "vhs"}, "h264, h265, prores"),
    ({"kind": "vp9"}, "ends in .webm; '.mp4'"),
    ({"fit": "stretch"}, "letterbox or crop"), ({"between": "magic"}, "exact or flow"),
    ({"start": 5, "stop": 5}, "from 5 to 5 was asked"), ({"stop": 99}, "from 0 to 99"),
])  # fmt: skip
def test_what_cannot_be_asked_is_a_sentence(places, tmp_path, asked, said):
    with pytest.raises(BadRequest, match=said) as caught:
        finish(cut(clip("a", 10)), places, tmp_path / "out.mp4", **asked)
    assert str(caught.value).endswith(".") and not list(tmp_path.iterdir())


def test_an_odd_cut_is_made_even_and_says_so(places, tmp_path):
    made = finish(cut(clip("a", 2), width=65, height=49), places, tmp_path / "out.mp4")
    assert (made.width, made.height) == (64, 48) and made.notes == ("H.264 in MP4 has an even width and height: the cut's 65x49 became 64x48.",)
    assert finish(cut(clip("a", 2), width=65, height=49), places, tmp_path / "out.gif").notes[0].startswith("A GIF counts in hundredths")


def test_an_empty_cut_and_media_that_is_missing_or_changed_are_sentences_with_the_place(places, tmp_path):
    with pytest.raises(BadRequest, match="This cut is empty"):
        finish(Cut("c", "C", Fraction(16), 64, 48, (Track("v", "film"),)), places, tmp_path / "out.mp4")
    gone = replace(media("a"), file="gone.mp4")
    with pytest.raises(BadMedia, match=r"The clip 'Boat' at 00:00:01:04 cannot be shown: gone.mp4 is not in the project any more"):
        finish(cut(clip("a", 20), Clip("g", gone, Fraction(0), 5, name="Boat")), places, tmp_path / "out.mp4")
    with pytest.raises(BadMedia, match="00:00:00:00 cannot be shown: the project has no take 'nobody' any more"):
        finish(cut(Clip("g", replace(media("a"), file="", take="nobody"), Fraction(0), 5)), places, tmp_path / "out.mp4")
    with pytest.raises(BadMedia, match="a.mp4 was changed since it was laid into the cut"):
        finish(cut(Clip("g", replace(media("a"), hash="0" * 64), Fraction(0), 5)), places, tmp_path / "out.mp4")
    (places.library.folder / "broken.mp4").write_bytes(b"no film")
    with pytest.raises(BadMedia, match="The clip 'g' at 00:00:00:03 cannot be shown: broken.mp4 is text"):
        finish(cut(clip("a", 3), Clip("g", replace(media("a"), file="broken.mp4"), Fraction(0), 5)), places, tmp_path / "out.mp4")
    beyond = cut(clip("a", 3), Clip("g", gone, Fraction(0), 5))
    assert finish(beyond, places, tmp_path / "out.mp4", stop=3).pictures == 3      # what is not shown is not missed
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4"]


@pytest.mark.parametrize("name", ["out.mp4", "out.png", "folder", "out.gif"])
def test_whoever_stops_listening_leaves_nothing(places, tmp_path, name):
    events = render(cut(clip("a", 40)), places, tmp_path / name)
    there = [next(events)]
    if name != "out.png":
        there.append(next(events))
    assert all(isinstance(event, Progress) for event in there) and "rendering 00:00:00:00, picture" in str(there[0])
    events.close()
    assert not list(tmp_path.iterdir())


def test_a_file_that_was_there_stays_until_the_new_one_is_whole(places, tmp_path):
    path = tmp_path / "out.mp4"
    path.write_bytes(b"older")
    events = render(cut(clip("a", 40)), places, path)
    next(events), next(events)
    events.close()
    assert path.read_bytes() == b"older" and len(list(tmp_path.iterdir())) == 1
    finish(cut(clip("a", 2)), places, path)
    assert len(packets(path)) == 2


def test_places_that_cannot_be_written_are_sentences(places, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/file").touch()
    (tmp_path / "dir.mp4").mkdir()
    for name, said in (("nowhere/out.mp4", "the folder is not there"), ("full", "cannot be written"), ("dir.mp4", "it is a folder"), ("full/file/out.mp4", "folder")):
        with pytest.raises(CannotWrite, match=said) as caught:
            finish(cut(clip("a", 2)), places, tmp_path / name)
        assert str(caught.value).endswith(".")
    assert (tmp_path / "full/file").exists()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full disk at hand")
def test_a_full_disk_is_a_sentence_and_leaves_nothing(places, tmp_path):
    import resource
    import subprocess
    import sys

    code = ("import resource, signal, sys; sys.path[:0] = sys.argv[1:3]; from burnt import *; from engine.library import Library; from engine.timeline.rendering import Places;"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN); places = Places(Library(sys.argv[3])); one = cut(clip('a', 40));"
            "from engine.media import read_picture; list(zip(seen(one, places), range(1)));"         # the reader is awake
            "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); finish(one, places, sys.argv[4], quality='0')")  # fmt: skip
    assert resource.RLIMIT_FSIZE
    root, here = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), os.path.dirname(os.path.abspath(__file__))
    ran = subprocess.run([sys.executable, "-c", code, root, here, str(places.library.folder), str(tmp_path / "out.mp4")], capture_output=True, text=True)
    assert "CannotWrite" in ran.stderr and "the file grows larger than this disk" in ran.stderr, ran.stderr[-800:]
    assert not list(tmp_path.iterdir())


# ---- rates

@pytest.mark.parametrize("of, to, shown", [
    (16, 24, [0, 0, 1, 2, 2, 3]), (24, 16, [0, 1, 3, 4]), (16, 32, [0, 0, 1, 1, 2, 2, 3, 3]), (25, 25, [0, 1, 2, 3]),
])  # fmt: skip
def test_another_rate_shows_the_frame_that_lies_there(places, tmp_path, of, to, shown):
    made = finish(cut(clip("a", 4 if of != 24 else 6, rate := 0), rate=of), places, tmp_path / "folder", rate=Fraction(to))
    model = clip("a", 10, rate)
    there = [read(np.asarray(Image.open(path))) for path in sorted(made.path.glob("*.png"))]
    assert there == [number("a", model.picture(frame, Fraction(of))) for frame in shown]


def ball(x: float) -> np.ndarray:
    """A bright textured disc on a textured ground, its middle at x."""
    rows, columns = np.mgrid[0:96, 0:160]
    ground, own = 60 + 20 * np.sin(rows / 3) * np.cos(columns / 4), 180 + 50 * np.sin((columns - x) / 3) * np.cos(rows / 4)
    inside = np.clip(20 - np.hypot(columns - x, rows - 48), 0, 1)
    return np.repeat(np.round(ground * (1 - inside) + own * inside)[..., None], 3, 2).astype(np.uint8)


def middle(picture: np.ndarray) -> float:
    """Where the ball is."""
    weight = np.clip(picture[..., 0].astype(float) - 100, 0, None)
    return float((weight * np.arange(160)).sum() / weight.sum())


def test_between_two_frames_things_are_where_they_would_be():
    a, b = ball(70), ball(82)
    for share in (0.25, 0.5, 0.75):
        made = Flow().between(a, b, share, 0)
        assert middle(made) == pytest.approx(70 + 12 * share, abs=1)
        truth = ball(70 + 12 * share).astype(float)
        mixed = a * (1 - share) + b * share
        assert np.abs(made - truth).mean() < 0.25 * np.abs(mixed - truth).mean()


def test_nothing_is_made_up_over_a_hard_cut_and_whole_moments_are_exact(places):
    joined = cut(clip("a", 4), clip("b", 4, 9))
    cuts = hard_cuts(joined)
    assert cuts == {0, 4, 8}
    there = moments(0, 8, Fraction(16), Fraction(32))
    shown = [np.full((48, 64, 3), 10 * frame + 5, np.uint8) for frame in range(8)]
    made = list(between((shown[frame] for frame in needed(there, cuts)), there, cuts))
    assert len(made) == 16
    assert all(made[2 * frame] is shown[frame] for frame in range(8))
    assert made[7] is shown[3] and made[15] is shown[7]         # before the cut, and at the end
    assert 5 < made[1].mean() < 15
    assert hard_cuts(cut(clip("a", 4, 5), Transition("x", 2, 2), clip("b", 4, 9))) == {0, 8}


def test_flow_renders_as_many_frames_as_the_rate_says(places, tmp_path):
    made = finish(cut(clip("a", 5), clip("b", 3)), places, tmp_path / "out.mp4", rate=Fraction(24), between="flow")
    assert made.pictures == 12 == len(packets(made.path))


# ---- what travels in the file

@pytest.mark.parametrize("name", ["out.mp4", "out.mov", "out.webm", "out.gif", "out.png"])
def test_a_rendered_file_carries_its_cut(places, tmp_path, name):
    made = cut(clip("a", 3), Gap(2), clip("b", 3), tracks=(Track("t", "titles", (Title("t1", "Ende \u201eüber\u201c", 4),)),))
    path = finish(made, places, tmp_path / name).path
    facts = json.loads(carried(path))
    assert Cut.from_json(json.dumps(facts["cut"])) == made
    assert (facts["cineloom"], facts["files"], facts["shows"][0]) == ("cut", ["a.mp4", "b.mp4"], 0)
    assert len(carriers_of(path)) == (1 if name == "out.webm" else 2)
    assert b"compositeWithTrainedAlgorithmicMedia" in path.read_bytes() or name == "out.webm"


def test_what_a_very_long_cut_carries_is_bounded(places):
    from engine.timeline.rendering.carrying import said

    many = tuple(Clip(f"c{at}", replace(media("a"), file="", take=f"take{at}"), Fraction(0), 2, name="x" * 100) for at in range(5000))
    facts = json.loads(text := said(cut(*many), places, 0, 10, 20_000))
    assert len(text) <= 20_000 and "cut" not in facts and len(facts["takes"]) + facts["more"] == 5000 and len(facts["takes"]) > 500


@pytest.mark.parametrize("kind", ["h264", "prores"])
def test_a_cut_is_rendered_to_the_same_bytes_however_many_threads_encode_it(places, tmp_path, kind):
    row = cut(clip("a", 30, 5), clip("b", 20, 5, id="z"), width=128, height=64)
    made = [finish(row, places, tmp_path / f"{number}{FILMS[kind][0]}", kind=kind).path.read_bytes() for number in range(3)]
    assert made[0] == made[1] == made[2]
