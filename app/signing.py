"""Signing: whether what is made gets content credentials, and by which key. Off, unless the user wants them.

    wish = signing.wanted(home, credentials)        None: not wanted. Before anything is made: what is missing is said at once
    wish.take(film, recipe)    wish.cut(film, cut, places)

Knows the setting, the home and how takes lie in a project. What is said, and how it is signed, is engine.provenance's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app import settings
from engine.errors import BadRequest

if TYPE_CHECKING:
    from engine.provenance import Ingredient, Key
    from engine.recipe import Recipe
    from engine.timeline.cut import Cut
    from engine.timeline.rendering import Places


@dataclass(frozen=True)
class Wish:
    """With what to sign, and whether the words are told."""

    key: Key
    prompt: bool

    def take(self, film: Path, recipe: Recipe, places: Mapping[str, Path] | None = None, title: str = "") -> None:
        """Sign a take's film or picture. places: where inputs lie now, by hash, if not where the recipe says. Raises CineloomError."""
        from engine.provenance import sign_take

        sign_take(film, recipe, self.key, places, self.prompt, title)

    def cut(self, film: Path, cut: Cut, places: Places, start: int = 0, stop: int | None = None) -> None:
        """Sign the file of a rendered cut, or the folder of its pictures: the frames [start, stop) of it. Raises CineloomError."""
        from engine.provenance import sign_cut
        from engine.timeline.rendering import carrying

        stop = cut.length if stop is None else stop
        facts = {"id": cut.id, "name": cut.name, "rate": str(cut.rate), "width": cut.width, "height": cut.height, "shows": [start, stop]}
        sign_cut(film, ingredients(cut, places, start, stop), self.key, facts, carrying.source(cut, places), self.prompt)


def wanted(home: Path | str | None = None, asked: bool | None = None, ending: str = "") -> Wish | None:
    """What the user wishes: as asked, else as the setting says. The studio's own key is made when it is first needed.

    ending    of the file: one that cannot carry credentials is refused where they were asked for, and left without by the setting

    Raises BadRequest where the library or the key does not do, CannotWrite where a key cannot be kept.
    """
    setting = settings.credentials()
    if not (setting if asked is None else asked):
        return None
    if ending.lower() in (".webm", ".mkv"):
        if asked:
            raise BadRequest(f"{ending.lstrip('.')} has no place for content credentials; MP4, MOV, GIF, PNG and JPEG have. Ask for one of those, or for none.")
        return None
    return Wish(key(home), setting != "without-prompt")


def key(home: Path | str | None = None) -> Key:
    """The user's key, or the studio's own. Raises BadRequest."""
    from engine.provenance import key_of, own_key

    certificates, private = settings.signer()
    return key_of(certificates, private) if certificates else own_key(settings.home(home))


def known(home: Path | str | None = None) -> bytes:
    """The certificates that films of this studio are known by: its own, and the user's. Nothing is made by asking."""
    from engine.provenance import key_of
    from engine.provenance.keys import known as own

    certificates, private = settings.signer()
    return own(settings.home(home)) + (key_of(certificates, private).certificates if certificates else b"")


def ingredients(cut: Cut, places: Places, start: int, stop: int) -> list[Ingredient]:
    """What is seen or heard in [start, stop), each take and each file once, in the order of its first frame."""
    from engine.provenance import Ingredient
    from engine.timeline.cut import Clip

    found: dict[tuple[str, str], Any] = {}
    shown = sorted(((placed.start, number, placed.item) for number, track in enumerate(cut.tracks) if not track.mute for placed in track.placed()
                    if isinstance(placed.item, Clip) and not placed.item.mute and placed.start < stop and placed.stop > start), key=lambda at: at[:2])
    for _, _, clip in shown:
        media = clip.media
        if (media.take, media.file) in found:
            continue
        take = places.library.take(media.take) if media.take else None
        path = places.path(media)
        poster = take.file("poster") if take else None
        found[media.take, media.file] = Ingredient(clip.name or (take.prompt if take else "") or path.name, path if path.is_file() else None, media.take, media.hash,
                                                   recipe=places.recipe(media), thumbnail=poster if poster and poster.is_file() else None)  # fmt: skip
    return list(found.values())
