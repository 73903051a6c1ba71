"""Rows: the open models we know, as data, and those that lie on this machine.

Knows names, sizes, licences and where files lie. Loads nothing and imports no torch: the page and the command line ask it
as often as they like.

    a folder of models      CINELOOM_MODELS, else ~/.cache/cineloom/models
      wan-2.1-1.3b/           as pulled, in diffusers' layout
        model_index.json  transformer/  vae/  ...
        cineloom.json         which model it is, which version, and a hash of every file
      my-wan.json             a folder that lies elsewhere, told of by `cineloom models add`
      fox-q8.json             a single file that is laid over another model's parts, told of likewise

Sizes are what the released repositories have, in billions of numbers; bytes follow from how they are held.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine.denoisers.base import Grid
from engine.errors import BadRequest

FACTS = "cineloom.json"
APACHE, LTXV, COG, TENCENT, SKYREELS = "Apache-2.0", "LTXV Open Weights", "CogVideoX", "Tencent Hunyuan Community", "SkyReels Community"


@dataclass(frozen=True)
class Row:
    """One open model."""

    name: str                       # "wan-2.1-1.3b"
    title: str
    family: str                     # whose file in this folder translates it
    hub: str                        # repository on the model hub; "" for a folder of the user's own
    licence: str
    parts: Mapping[str, float]      # billions of numbers of each part, as diffusers names it
    grid: Grid
    sizes: tuple[tuple[str, int, int], ...]     # (shape, width, height) it was trained for, the best first
    pictures: int                   # that it makes well at once
    steps: int
    guidance: float
    solver: str = "unipc"
    second: float = 1.0             # guidance of an expert for the clean part, over that of the one for the noisy part
    native: tuple[str, ...] = ()    # what it was trained to be given: "image", "last", "film" and "area" (whatever is kept of a film, in time and in the picture), "levels"
    gated: bool = False             # whether the hub asks for an account that has accepted the licence
    about: str = ""
    folder: Path | None = field(default=None, compare=False)    # where it lies, if it is here
    version: str = ""               # short hash of its weights, if it is here
    like: str = ""                  # the model whose other parts it uses, where single files are laid over them
    over: Mapping[str, Path] = field(default_factory=dict, compare=False)      # the file that is laid over each part
    packed: Mapping[str, int] = field(default_factory=dict, compare=False)     # bytes of parts whose numbers are packed: they take that much wherever they lie

    @property
    def numbers(self) -> float:
        """Billions of numbers in all parts."""
        return sum(self.parts.values())

    def bytes_of(self, part: str, width: float = 2) -> int:
        """Bytes of a part at `width` bytes a number, or as it is packed."""
        return self.packed.get(part) or int(self.parts.get(part, 0) * 1e9 * width)

    def loaded(self, narrow: bool) -> int:
        """Bytes of all parts once they are open: two a number where there is an accelerator (`narrow`), four on a processor and in autoencoders."""
        return sum(self.bytes_of(part, 2 if narrow and part != "vae" else 4) for part in self.parts)


_WAN = Grid(channels=16, space=8, time=4, patch=2, rate=16, memory=8)
_WAN5 = Grid(channels=48, space=16, time=4, patch=2, rate=24, memory=8)
_LTX = Grid(channels=128, space=32, time=8, patch=1, rate=24, memory=8, causal=False)
_COG = Grid(channels=16, space=8, time=4, patch=2, rate=8, memory=9, causal=False)
_COG15 = replace(_COG, rate=16)
_HUNYUAN = Grid(channels=16, space=8, time=4, patch=2, rate=24, memory=6, causal=False)
_HUNYUAN15 = Grid(channels=32, space=16, time=4, patch=1, rate=24, memory=8)
_SKY = replace(_WAN, rate=24)
_480 = (("16:9", 832, 480), ("9:16", 480, 832), ("1:1", 624, 624))
_720 = (("16:9", 1280, 720), ("9:16", 720, 1280), ("1:1", 960, 960), *_480)
_704 = (("16:9", 1280, 704), ("9:16", 704, 1280))

KNOWN: tuple[Row, ...] = (
    Row("wan-2.1-1.3b", "Wan 2.1, 1.3B", "wan", "Wan-AI/Wan2.1-T2V-1.3B-Diffusers", APACHE, {"transformer": 1.42, "text_encoder": 5.68, "vae": 0.127}, _WAN, _480, 81, 30, 5.0,
        about="The smallest Wan: real film on a card of 8 GB."),
    Row("wan-2.1-14b", "Wan 2.1, 14B", "wan", "Wan-AI/Wan2.1-T2V-14B-Diffusers", APACHE, {"transformer": 14.3, "text_encoder": 5.68, "vae": 0.127}, _WAN, _720, 81, 30, 5.0,
        about="Film from words at 720p."),
    Row("wan-2.2-5b", "Wan 2.2, 5B", "wan", "Wan-AI/Wan2.2-TI2V-5B-Diffusers", APACHE, {"transformer": 5.0, "text_encoder": 5.68, "vae": 0.7}, _WAN5, _704, 121, 30, 5.0, native=("image", "levels"),
        about="A level for every token: given pictures, extensions and loops are what it was made for. The one to begin with."),
    Row("wan-2.2-14b", "Wan 2.2, 2x14B", "wan", "Wan-AI/Wan2.2-T2V-A14B-Diffusers", APACHE, {"transformer": 14.3, "transformer_2": 14.3, "text_encoder": 5.68, "vae": 0.127}, _WAN, _720, 81, 40, 4.0, second=0.75,
        about="Two experts, one for the noisy part of the walk and one for the clean part."),
    Row("wan-2.1-i2v-14b", "Wan 2.1 from pictures, 14B", "wan_image", "Wan-AI/Wan2.1-I2V-14B-480P-Diffusers", APACHE, {"transformer": 16.4, "text_encoder": 5.68, "image_encoder": 0.63, "vae": 0.127}, _WAN, _480, 81, 30, 5.0,
        native=("image", "last"), about="A picture set in motion, or film from one picture to another."),
    Row("wan-2.2-i2v-14b", "Wan 2.2 from pictures, 2x14B", "wan_image", "Wan-AI/Wan2.2-I2V-A14B-Diffusers", APACHE, {"transformer": 14.3, "transformer_2": 14.3, "text_encoder": 5.68, "vae": 0.127}, _WAN, _720, 81, 40, 3.5,
        native=("image",), about="The same with two experts."),
    Row("wan-2.1-vace-1.3b", "Wan 2.1 VACE, 1.3B", "wan_vace", "Wan-AI/Wan2.1-VACE-1.3B-diffusers", APACHE, {"transformer": 2.15, "text_encoder": 5.68, "vae": 0.127}, _WAN, _480, 81, 30, 5.0,
        native=("image", "last", "film", "area"), about="Whatever is kept of a film is told to it: extensions, keyframes, holes and edges are what it was made for."),
    Row("wan-2.1-vace-14b", "Wan 2.1 VACE, 14B", "wan_vace", "Wan-AI/Wan2.1-VACE-14B-diffusers", APACHE, {"transformer": 17.3, "text_encoder": 5.68, "vae": 0.127}, _WAN, _720, 81, 30, 5.0,
        native=("image", "last", "film", "area"), about="The same, large, at 720p."),
    Row("ltx-0.9.5", "LTX-Video 0.9.5, 2B", "ltx", "Lightricks/LTX-Video-0.9.5", LTXV, {"transformer": 1.92, "text_encoder": 4.76, "vae": 0.94}, _LTX, (("16:9", 768, 448), ("9:16", 448, 768), ("1:1", 576, 576)), 161, 40, 3.0,
        solver="euler", native=("image", "last", "levels"), about="Quick, and made for pictures at any time of a film."),
    Row("ltx-0.9.7", "LTX-Video 0.9.7, 13B", "ltx", "Lightricks/LTX-Video-0.9.7-dev", LTXV, {"transformer": 13.0, "text_encoder": 4.76, "vae": 1.2}, _LTX, (("16:9", 1216, 704), ("9:16", 704, 1216), ("16:9", 768, 448)), 161, 30, 5.0,
        solver="euler", native=("image", "last", "levels"), about="The large LTX."),
    Row("ltx-2", "LTX-2, 19B", "ltx2", "Lightricks/LTX-2", "LTX-2 Community", {"transformer": 18.9, "text_encoder": 12.2, "vae": 1.2, "audio_vae": 0.1, "connectors": 1.4}, _LTX,
        (("3:2", 768, 512), ("16:9", 1216, 704), ("9:16", 704, 1216)), 121, 30, 4.0, solver="euler", native=("image", "last", "levels"), about="Film and sound at once, where it makes all of the film."),
    Row("cogvideox-2b", "CogVideoX 2B", "cogvideox", "THUDM/CogVideoX-2b", APACHE, {"transformer": 1.69, "text_encoder": 4.76, "vae": 0.216}, _COG, (("3:2", 720, 480),), 49, 50, 6.0, solver="euler",
        about="Small, at 8 pictures a second."),
    Row("cogvideox-5b", "CogVideoX 5B", "cogvideox", "THUDM/CogVideoX-5b", COG, {"transformer": 5.57, "text_encoder": 4.76, "vae": 0.216}, _COG, (("3:2", 720, 480),), 49, 50, 6.0, solver="sde",
        about="The larger one, at 8 pictures a second."),
    Row("cogvideox-1.5-5b", "CogVideoX 1.5, 5B", "cogvideox", "THUDM/CogVideoX1.5-5B", COG, {"transformer": 5.57, "text_encoder": 4.76, "vae": 0.216}, _COG15, (("16:9", 1360, 768), ("9:16", 768, 1360)), 81, 50, 6.0,
        solver="sde", about="At 16 pictures a second."),
    Row("hunyuanvideo", "HunyuanVideo, 13B", "hunyuan", "hunyuanvideo-community/HunyuanVideo", TENCENT, {"transformer": 12.8, "text_encoder": 8.03, "text_encoder_2": 0.123, "vae": 0.246}, _HUNYUAN, _720, 129, 50, 6.0,
        solver="euler", about="Not licensed in the European Union, the United Kingdom and South Korea."),
    Row("hunyuanvideo-1.5", "HunyuanVideo 1.5, 8B", "hunyuan15", "hunyuanvideo-community/HunyuanVideo-1.5-Diffusers-480p_t2v", TENCENT, {"transformer": 8.33, "text_encoder": 7.07, "text_encoder_2": 0.219, "vae": 1.26}, _HUNYUAN15,
        (("16:9", 848, 480), ("9:16", 480, 848), ("1:1", 640, 640)), 121, 50, 6.0, solver="euler", about="Smaller and newer, at 480p. Not licensed in the European Union, the United Kingdom and South Korea."),
    Row("skyreels-2-1.3b", "SkyReels V2, 1.3B", "skyreels", "Skywork/SkyReels-V2-DF-1.3B-540P-Diffusers", SKYREELS, {"transformer": 1.42, "text_encoder": 5.68, "vae": 0.127}, _SKY, (("16:9", 960, 544), ("9:16", 544, 960)), 97, 30, 6.0,
        native=("levels",), about="A level for every frame: film that goes on and on."),
)


def models_folder() -> Path:
    """Where models lie."""
    asked = os.environ.get("CINELOOM_MODELS", "")
    return Path(asked).expanduser().resolve() if asked else Path.home() / ".cache" / "cineloom" / "models"


def known(name: str) -> Row | None:
    """The row of a model that we know, whether it is here or not."""
    return next((row for row in KNOWN if row.name == name), None)


def installed(folder: Path | None = None) -> dict[str, Row]:
    """The models that lie on this machine, whole, by name. What cannot be understood is not among them; `models check` says why."""
    folder, found = folder or models_folder(), {}
    if not folder.is_dir():
        return {}
    for path in sorted(folder.iterdir()):
        place = path / FACTS if path.is_dir() else path
        row = _told(place) if place.suffix == ".json" and place.is_file() else None
        if row is not None:
            found[row.name] = row
    return found


def row_of(name: str) -> Row:
    """The row of a model that is here. Raises BadRequest for another."""
    found = installed()
    if name in found:
        return found[name]
    if known(name):
        raise BadRequest(f"{known(name).title} is not on this machine; `cineloom models pull {name}` brings it.")
    raise BadRequest(f"There is no model called {name!r:.60}; there is {', '.join(('paper', *found))}.")


def _told(place: Path) -> Row | None:
    """What a file of facts says."""
    try:
        facts = json.loads(place.read_text())
        lies = place.parent if place.name == FACTS else Path(facts["folder"])
        base = known(facts["model"])
        if base is None:
            base = Row(facts["model"], facts["title"], facts["family"], "", facts.get("licence", "your own"), facts["parts"], Grid(**facts["grid"]),
                       tuple((str(shape), int(width), int(height)) for shape, width, height in facts["sizes"]), int(facts["pictures"]), int(facts["steps"]), float(facts["guidance"]), str(facts["solver"]),
                       float(facts.get("second", 1)), tuple(facts.get("native", ())), about=str(facts.get("about", "")), like=str(facts.get("like", "")),
                       over={part: Path(one["file"]) for part, one in facts.get("over", {}).items()}, packed={part: int(size) for part, size in facts.get("packed", {}).items()})
        return replace(base, folder=lies, version=str(facts["version"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
