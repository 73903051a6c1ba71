"""Content credentials in every kind of file that the studio writes, as the standard's own reader sees them."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import wave
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import av
import c2pa
import numpy as np
import pytest
from pixels import full_disk, scene
from safetensors.numpy import save_file

from engine import media, provenance
from engine.errors import BadMedia, BadRequest, CannotWrite
from engine.media import carriers
from engine.media.haste import no_haste
from engine.provenance import Ingredient, reading, signing
from engine.recipe import Cue, Input, Recipe, from_json

ROOT = Path(__file__).resolve().parents[2]
FILM = np.stack([scene(64, 64, shift=4 * at) for at in range(9)])
RECIPE = Recipe("text", "a secret boat", 9, 64, 64, 7, negative="no secret rain", cues=(Cue(4, "a secret storm"),)).made_by("weights-1", "cpu")
CODED = {"h265.mp4": ("libx265", "yuv420p"), "av1.mp4": ("libsvtav1", "yuv420p"), "prores.mov": ("prores_ks", "yuv422p10le")}
KINDS = ["h264.mp4", "h265.mp4", "av1.mp4", "h264.mov", "prores.mov", "film.gif", "still.png", "still.jpg"]


@pytest.fixture(scope="module")
def key(tmp_path_factory):
    return provenance.own_key(tmp_path_factory.mktemp("home"))


def made(path: Path, recipe: Recipe = RECIPE) -> Path:
    """A tiny file of the kind that its name says, which carries its recipe."""
    if path.suffix in (".png", ".jpg"):
        media.write_picture(path, FILM[0], recipe.to_json())
    elif path.name in CODED:
        codec, pixels = CODED[path.name]
        with av.open(str(path), "w", options={"movflags": "+faststart"}) as container:
            container.metadata["comment"] = recipe.to_json()
            stream = container.add_stream(codec, rate=16)
            stream.width, stream.height, stream.pix_fmt = 64, 64, pixels
            with no_haste():
                stream.codec_context.open()
            for picture in FILM:
                container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24").reformat(format=pixels)))
            container.mux(stream.encode())
        carriers.add_to_film(path, recipe.to_json(), path.suffix[1:])
    else:
        media.write_film(path, [FILM], 64, 64, 16, recipe.to_json())
    return path


def pictures(path: Path) -> np.ndarray:
    """Everything that is in it to be seen, as it is decoded."""
    with av.open(str(path)) as container:
        return np.stack([frame.to_ndarray() for frame in container.decode(video=0)])


def looked_into(path: Path, trusted: bytes = b"") -> dict:
    """What the standard's own reader says, with no settings of ours but whom to trust."""
    context = c2pa.Context.from_dict({"trust": {"user_anchors": trusted.decode()}} if trusted else {"verify": {"remote_manifest_fetch": False}})
    with path.open("rb") as file, c2pa.Reader({".mov": "video/quicktime", ".mp4": "video/mp4"}.get(path.suffix, f"image/{path.suffix[1:]}".replace("jpg", "jpeg")), file, context=context) as reader:
        return json.loads(reader.json())


# ---- every format

@pytest.mark.parametrize("name", KINDS)
def test_a_signed_file_is_verified_and_otherwise_what_it_was(tmp_path, key, name):
    path = made(tmp_path / name)
    seen, carried, before = pictures(path), media.carriers_of(path), path.stat()
    provenance.sign_take(path, RECIPE, key)

    stranger, known = looked_into(path), looked_into(path, key.certificates)
    assert stranger["validation_state"] == "Valid" and [one["code"] for one in stranger["validation_status"]] == ["signingCredential.untrusted"]
    assert known["validation_state"] == "Trusted"
    assert np.array_equal(pictures(path), seen)
    assert media.carriers_of(path) == carried and from_json(media.carried(path)) == RECIPE
    assert [one.name for one in tmp_path.iterdir()] == [name] and path.stat().st_mode == before.st_mode
    assert path.stat().st_size - before.st_size < 6_000

    found = provenance.read(path)
    assert (found.state, found.signer, found.title, found.problems) == ("unvouched", key.name, name, ())
    assert (found.actions, found.source) == (("c2pa.created",), carriers.SOURCE)
    assert (found.made["prompt"], found.made["seed"], found.made["version"], found.made["digest"]) == ("a secret boat", 7, "weights-1", RECIPE.digest())
    assert "nobody vouches for" in found.words and "known here" in provenance.read(path, key.certificates).words


@pytest.mark.parametrize("name", KINDS)
def test_one_byte_changed_anywhere_is_found(tmp_path, key, name):
    path = made(tmp_path / name)
    provenance.sign_take(path, RECIPE, key)
    data = path.read_bytes()
    pixels = {".mp4": data.rfind(b"mdat") + 40, ".mov": data.rfind(b"mdat") + 40, ".png": data.rfind(b"IDAT") + 40, ".jpg": len(data) - 40, ".gif": data.rfind(b"\x21\xfe") - 40}[path.suffix]
    words = data.find(b"a secret boat")        # in the recipe that the file carries; or in the credentials
    signature = data.rfind(key.name.encode())
    for at in (pixels, words, signature):
        path.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
        found = provenance.read(path, key.certificates)
        assert found.state == "broken" and found.words.startswith(("Not to be believed", "It has content credentials, and they cannot be believed")), at
    path.write_bytes(data)
    assert provenance.read(path, key.certificates).state == "vouched"


@pytest.mark.parametrize("name", ["a.webm", "a.txt"])
def test_what_has_no_place_for_credentials_is_told_and_stays(tmp_path, key, name):
    path = tmp_path / name
    if name == "a.txt":
        path.write_text("words")
    else:
        media.write_film(path, [FILM], 64, 64, 16, RECIPE.to_json())
    before = path.read_bytes()
    with pytest.raises(BadMedia, match=r"cannot carry content credentials: .* no place for them\. MP4, MOV, GIF, PNG and JPEG have"):
        provenance.sign_take(path, RECIPE, key)
    assert path.read_bytes() == before and provenance.read(path) is None


# ---- what is said

def test_a_take_of_a_take_names_it_and_brings_its_credentials_along(tmp_path, key):
    first, second = made(tmp_path / "first.mp4"), made(tmp_path / "second.mp4")
    provenance.sign_take(first, RECIPE, key)
    recipe = Recipe("extend", "further", 17, 64, 64, 8, inputs=(Input.of(first, 0, "film", 0, 9), Input.of(first, 9, "film", 4, 5))).made_by("1", "cpu")
    provenance.sign_take(second, recipe, key)
    found = provenance.read(second)
    assert (found.actions, found.source) == (("c2pa.opened", "c2pa.edited"), carriers.SOURCE)
    (used,) = found.ingredients         # given twice, named once
    assert (used.title, used.relation, used.sha256, used.signed) == ("first.mp4", "parentOf", recipe.inputs[0].sha256, True)
    assert "pictures 0 to 8 as film, from picture 0 on; pictures 4 to 4" in used.note
    assert len(reading.store(second)["manifests"]) == 2
    # Somebody changes the first one, keeps its credentials, and makes something of it: that goes on to be told.
    data = first.read_bytes()
    at = data.rfind(b"mdat") + 40
    first.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1:])
    third = made(tmp_path / "third.mp4")
    provenance.sign_take(third, Recipe("extend", "further", 17, 64, 64, 8, inputs=(Input.of(first, 0, "film", 0, 9),)), key)
    (then,) = provenance.read(third).ingredients
    assert (used.changed, then.signed, then.changed) == (False, True, True)
    assert provenance.read(third).state == "unvouched"      # the third is whole itself


def test_latents_stand_for_the_film_beside_them(tmp_path, key):
    made(tmp_path / "boat.mp4")
    provenance.sign_take(tmp_path / "boat.mp4", RECIPE, key)
    (tmp_path / "boat.safetensors").write_bytes(b"latents")
    (tmp_path / "alone.safetensors").write_bytes(b"others")
    inputs = tuple(Input.of(tmp_path / name, at, "film", 0, 9) for name, at in (("boat.safetensors", 0), ("alone.safetensors", 16)))
    path = made(tmp_path / "joined.mp4")
    provenance.sign_take(path, Recipe("connect", "", 25, 64, 64, 8, inputs=inputs), key)
    found = provenance.read(path)
    assert found.actions == ("c2pa.created", "c2pa.placed")
    assert [(one.title, one.relation, one.signed) for one in found.ingredients] == [("boat.mp4", "componentOf", True), ("alone.safetensors", "componentOf", False)]


def test_a_film_that_only_has_the_name_of_the_latents_is_not_taken_for_theirs(tmp_path, key):
    made(tmp_path / "boat.mp4")
    save_file({"latents": np.zeros(1, np.float32)}, tmp_path / "boat.safetensors", {"recipe": Recipe("text", "another", 9, 64, 64, 7).to_json()})
    path = made(tmp_path / "next.mp4")
    provenance.sign_take(path, Recipe("extend", "", 17, 64, 64, 8, inputs=(Input.of(tmp_path / "boat.safetensors", 0, "film", 0, 9),)), key)
    assert [one.title for one in provenance.read(path).ingredients] == ["boat.safetensors"]


def test_a_damaged_ingredient_is_named_all_the_same(tmp_path, key):
    whole = made(tmp_path / "whole.mp4")
    provenance.sign_take(whole, RECIPE, key)
    (tmp_path / "cut.mp4").write_bytes(whole.read_bytes()[:-100])
    (tmp_path / "bad.jpg").write_bytes(b"\xff\xd8\xff\xe0no picture")
    path = made(tmp_path / "film.mp4")
    provenance.sign_cut(path, [Ingredient("Cut", tmp_path / "cut.mp4"), Ingredient("Bad", tmp_path / "bad.jpg"), Ingredient("Whole", whole)], key)
    found = provenance.read(path)
    assert found.state == "unvouched" and [one.title for one in found.ingredients] == ["Cut", "Bad", "Whole"]
    assert found.ingredients[2].signed and not found.ingredients[2].changed


@pytest.mark.parametrize("given, source", [("generated", carriers.SOURCE), ("photo", carriers.COMPOSED), ("generated from a photo", carriers.COMPOSED), ("gone", carriers.COMPOSED), ("photo as mask", carriers.SOURCE)])
def test_the_source_type_says_whether_a_model_made_all_of_it(tmp_path, key, given, source):
    photo = tmp_path / "photo.png"
    media.write_picture(photo, FILM[0], "")
    still = made(tmp_path / "still.png", Recipe("image", "x", 1, 64, 64, 1, inputs=(Input.of(photo),)) if given == "generated from a photo" else Recipe("image", "x", 1, 64, 64, 1))
    item = Input.of(photo if given.startswith("photo") else still, role="mask" if given == "photo as mask" else "still")
    if given == "gone":
        still.unlink()
    path = made(tmp_path / "film.mp4")
    provenance.sign_take(path, Recipe("animate", "x", 9, 64, 64, 1, inputs=(item,)), key)
    found = provenance.read(path)
    assert found.source == source and found.actions == ("c2pa.created",)
    assert [(one.title, one.relation) for one in found.ingredients] == [(Path(item.path).name, "inputTo")]


def test_where_files_lie_is_never_told_and_words_only_when_they_may_be(tmp_path, key):
    photo = tmp_path / "photo.png"
    media.write_picture(photo, FILM[0], "")
    recipe = Recipe("edit", "a secret boat", 9, 64, 64, 7, negative="no secret rain", was="a secret sea", asked="a secret ship", cues=(Cue(4, "a secret storm", asked="the secret"),), inputs=(Input.of(photo, role="mask"),), strength=(0.5,))
    told, untold = made(tmp_path / "told.png"), made(tmp_path / "untold.png")
    provenance.sign_take(told, recipe, key)
    provenance.sign_take(untold, recipe, key, prompt=False)
    said, kept = json.dumps(reading.store(told)), json.dumps(reading.store(untold))
    assert said.count("secret") == 6 and "secret" not in kept
    assert str(tmp_path) not in said and "photo.png" in said
    assert provenance.read(untold).made["cues"] == [{"at": 4, "over": 8, "cut": False}] and provenance.read(untold).made["seed"] == 7


def test_a_name_that_no_text_can_hold_is_told_as_well_as_it_goes(tmp_path, key):
    path = made(tmp_path / "a.png")
    provenance.sign_take(path, Recipe("animate", "🎈", 9, 64, 64, 1, inputs=(Input("films/half \udce9\x00.png", "0" * 64),)), key)
    found = provenance.read(path)
    assert found.made["prompt"] == "🎈" and found.ingredients[0].title.startswith("half ?") and not found.ingredients[0].signed


def test_a_cut_names_each_take_once_with_its_picture(tmp_path, key):
    boat, stock = made(tmp_path / "boat.mp4"), tmp_path / "stock.mov"
    provenance.sign_take(boat, RECIPE, key)
    media.write_film(stock, [FILM], 64, 64, 16, "")
    media.write_picture(tmp_path / "poster.jpg", FILM[0], "")
    take = Ingredient("Boat", boat, "take1", "ab" * 32, recipe=json.loads(RECIPE.to_json()), thumbnail=tmp_path / "poster.jpg")
    both = [take, Ingredient("Stock", stock), take]
    for name, used, source in (("cut.mov", both, carriers.COMPOSED), ("one.mp4", [take], carriers.SOURCE), ("titles.gif", [], carriers.COMPOSED)):
        path = made(tmp_path / name)
        provenance.sign_cut(path, used, key, {"name": "Holidays", "rate": "24000/1001"})
        assert looked_into(path, key.certificates)["validation_state"] == "Trusted"
        found = provenance.read(path)
        assert found.source == source and found.actions == ("c2pa.created", *(["c2pa.placed"] if used else []), "c2pa.edited")
        assert [(one.title, one.take, one.signed) for one in found.ingredients] == [("Boat", "take1", True), ("Stock", "", False)][:len(used)]
        assert (found.made["name"], found.made["rate"]) == ("Holidays", "24000/1001")
        assert [one["prompt"] for one in found.made["takes"]] == ["a secret boat"][:len(used)]
    assert "thumbnail" in json.dumps(reading.store(tmp_path / "one.mp4"))
    untold = made(tmp_path / "untold.mp4")
    provenance.sign_cut(untold, [Ingredient("Boat", None, "take1", recipe=json.loads(RECIPE.to_json()))], key, prompt=False)
    assert "secret" not in json.dumps(reading.store(untold))


def test_of_a_folder_of_pictures_each_is_signed_or_none(tmp_path, key):
    folder = tmp_path / "frames"
    folder.mkdir()
    files = [made(folder / f"{number:04}.png") for number in range(3)]
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(bytes(range(256)) * 8)
    provenance.sign_cut(folder, [Ingredient("Boat", None, "take1")], key, {"name": "Holidays"})
    assert [provenance.read(file, key.certificates).state for file in (*files, folder / "sound.wav")] == ["vouched"] * 4
    with wave.open(str(folder / "sound.wav")) as sound:
        assert sound.readframes(9_999) == bytes(range(256)) * 8
    unsigned = made(folder / "0000.png").read_bytes()       # one of them is made anew, the others stay signed
    with pytest.raises(BadRequest, match="0001.png has content credentials already"):
        provenance.sign_cut(folder, [], key)
    assert files[0].read_bytes() == unsigned and len(list(folder.iterdir())) == 4
    with pytest.raises(BadMedia, match="nothing in"):
        (tmp_path / "empty").mkdir()
        provenance.sign_cut(tmp_path / "empty", [], key)


# ---- what goes wrong

def test_what_is_signed_is_not_signed_over(tmp_path, key):
    path = made(tmp_path / "a.mp4")
    provenance.sign_take(path, RECIPE, key)
    signed = path.read_bytes()
    with pytest.raises(BadRequest, match="has content credentials already"):
        provenance.sign_take(path, RECIPE, key)
    assert path.read_bytes() == signed


@pytest.mark.parametrize("name", ["h264.mp4", "film.gif", "still.png"])
def test_on_a_full_disk_the_file_stays_as_it_was(tmp_path, key, name):
    path = made(tmp_path / name)
    before = path.read_bytes()
    with full_disk(1_000), pytest.raises(CannotWrite, match=rf"{name} cannot be written"):
        provenance.sign_take(path, RECIPE, key)
    assert path.read_bytes() == before and [one.name for one in tmp_path.iterdir()] == [name]


def test_files_that_are_not_there_or_not_whole(tmp_path, key):
    with pytest.raises(BadMedia, match="no file"):
        provenance.read(tmp_path / "gone.mp4")
    path = made(tmp_path / "a.mp4")
    whole, cut = path.read_bytes(), tmp_path / "b.mp4"
    for length in (9, 20, 60, len(whole) - 100):
        cut.write_bytes(whole[:length])
        for ask in (lambda: provenance.sign_take(cut, RECIPE, key), lambda: provenance.read(cut)):
            with pytest.raises(BadMedia, match="b.mp4 cannot"):
                ask()
        assert cut.read_bytes() == whole[:length]
    assert sorted(one.name for one in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]
    provenance.sign_take(path, RECIPE, key)
    cut.write_bytes(path.read_bytes()[:-100])
    assert provenance.read(cut).state == "broken"


def test_another_programs_credentials_are_read_with_suspicion(tmp_path, key):
    """Whoever signs may write what they like under our names."""
    path, new = made(tmp_path / "a.png"), tmp_path / "b.png"
    said = {"claim_generator_info": [{"name": "Other\x1b[31m"}], "title": "x", "assertions": [
        {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": carriers.SOURCE}]}},
        {"label": "cineloom.recipe", "data": ["no", "recipe"]}]}  # fmt: skip
    signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", key.certificates, key.private, None))
    with path.open("rb") as source, new.open("w+b") as target:
        c2pa.Builder(said).sign(signer, "image/png", source, target)
    found = provenance.read(new)
    assert found.state == "unvouched" and found.made == {} and found.generator.startswith("Other")


def test_nothing_is_fetched_from_anywhere(tmp_path, key):
    """A file may say that its credentials lie on somebody's server, who would then know who opens it."""
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        builder = c2pa.Builder({"claim_generator_info": [{"name": "Other"}], "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [{"action": "c2pa.created", "digitalSourceType": carriers.SOURCE}]}}]})  # fmt: skip
        builder.set_no_embed()
        builder.set_remote_url(f"http://127.0.0.1:{server.server_port}/credentials.c2pa")
        path, new = tmp_path / "a.jpg", tmp_path / "b.jpg"
        media.write_picture(path, FILM[0], "")
        signer = c2pa.Signer.from_info(c2pa.C2paSignerInfo(b"es256", key.certificates, key.private, None))
        with path.open("rb") as source, new.open("w+b") as target:
            builder.sign(signer, "image/jpeg", source, target)
        assert b"credentials.c2pa" in new.read_bytes()
        found = provenance.read(new)
        assert found.state == "elsewhere" and "credentials.c2pa; the studio does not go there" in found.words
        film = made(tmp_path / "film.mp4")
        provenance.sign_take(film, Recipe("animate", "x", 9, 64, 64, 1, inputs=(Input.of(new),)), key)
        assert provenance.read(film).state == "unvouched"
        assert asked == []
    finally:
        server.shutdown()
        server.server_close()


# ---- large films

def large(path: Path, megabytes: int, pieces: int = 1) -> Path:
    """A film whose pictures take that much room, in one piece or in more; the rest of it is a hole in the disk."""
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=16)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for picture in FILM:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    data, more = path.read_bytes(), megabytes << 20
    at = data.rindex(b"mdat") - 4
    with path.open("r+b") as file:
        if pieces == 1:
            file.seek(at)
            file.write((len(data) - at + more).to_bytes(4, "big"))
        else:
            file.seek(0, 2)
            file.write((8 + more).to_bytes(4, "big") + b"mdat")
        file.seek(0, 2)
        file.truncate(file.tell() + more)
    return path


@pytest.mark.parametrize("pieces", [1, 2])
def test_a_large_film_is_verified_however_it_lies_in_its_file(tmp_path, key, pieces):
    path = large(tmp_path / "a.mp4", (signing.LARGE >> 20) + 1, pieces)
    seen = pictures(path)
    provenance.sign_take(path, RECIPE, key)
    assert looked_into(path)["validation_state"] == "Valid"
    assert np.array_equal(pictures(path), seen)
    with path.open("r+b") as file:
        file.seek(-1000, 2)
        file.write(b"\x01")
    assert provenance.read(path).state == "broken"


def test_memory_does_not_grow_with_the_film(tmp_path, key):
    pytest.importorskip("resource")
    code = f"""
import resource, sys
from engine import provenance
from engine.recipe import Recipe
key = provenance.own_key({str(tmp_path)!r})
provenance.sign_take({str(large(tmp_path / 'small.mp4', 70))!r}, Recipe("text", "a boat", 9, 64, 64, 7), key)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
provenance.sign_take({str(large(tmp_path / 'large.mp4', 300))!r}, Recipe("text", "a boat", 9, 64, 64, 7), key)
print(before, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    before, after = map(int, subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split())
    assert after - before < 30_000          # KB, for 230 MB more of film
