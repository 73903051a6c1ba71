"""Cutting: the cuts of the open project, what is done to them, and the film that is made for them.

Knows the history of cuts, the takes and the queue. What an edit does is engine.timeline's.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from app.tasks import read
from engine.errors import BadMedia, BadRequest
from engine.jobs import Job
from engine.library import finish
from engine.library.library import new_id
from engine.timeline import edits, generating, laying, materials, plain, sounds
from engine.timeline.cut import Clip, Cut
from engine.timeline.glances import Glances
from engine.timeline.history import History, Version
from engine.timeline.replacing import Candidate

if TYPE_CHECKING:
    from app.desk.desk import Desk
    from engine.library import Library

MANY = 8            # candidates that are made at once
OVER = ("failed", "cancelled")      # states of a job that leave no take


class Cutting:
    """The cuts of the project that is open."""

    def __init__(self, desk: Desk):
        """Part of one desk."""
        self.desk = desk
        self._opened: tuple[Library, History, Glances] | None = None

    @property
    def history(self) -> History:
        """Of the open project: another one when another is opened."""
        return self._of_project()[1]

    @property
    def glances(self) -> Glances:
        """Waveforms and strips of the open project's files."""
        return self._of_project()[2]

    def _of_project(self) -> tuple[Library, History, Glances]:
        library, there = self.desk.library, self._opened
        if there is None or there[0] is not library:
            there = self._opened = library, History(library.store), Glances(library.folder)
        return there

    # ---- seeing

    def cuts(self) -> list[dict]:
        """Every cut, the newest first."""
        return [dataclasses.asdict(line) for line in self.history.cuts()]

    def open(self, id: str) -> dict:
        """A cut, what could come into it, and the takes that both show: see `_answer`. Raises BadRequest."""
        return self._answer(self.history.open(id))

    def marks(self) -> dict[str, str]:
        """A mark for every cut that changes with whatever changes in it or beside it."""
        rows = self.desk.library.store.rows(
            "select cuts.id, revision, (select count(*) || '.' || coalesce(sum(rejected), 0) || '.' || coalesce(sum(length(candidate)), 0) from cut_candidates where cut = cuts.id) as beside "
            "from cuts where trashed is null")
        return {row["id"]: f"{row['revision']}.{row['beside']}" for row in rows}

    # ---- changing

    def new(self, name: str, takes: Sequence[str] = (), rate: str = "", size: Sequence[int] = ()) -> dict:
        """Begin a cut with takes, one behind the other; its rate and size are the first one's unless said. Raises BadRequest, BadMedia."""
        found = [self.desk.shelf.take(id) for id in takes]
        cut = laying.begin(new_id(), name, found, laying.rate_of(rate) if rate else None, tuple(size))
        return self._answer(self.history.new(cut))

    def edit(self, id: str, revision: int, said: object) -> dict:
        """Make an edit as the page says it. Raises BadRequest, Stale."""
        if not isinstance(said, dict):
            raise BadRequest("An edit is a JSON object such as {\"is\": \"lift\", \"items\": [\"abc\"]}.")
        return self._answer(self.history.edit(id, revision, edits.read({"id": new_id(), **said})))

    def undo(self, id: str, revision: int) -> dict:
        """Raises BadRequest, Stale."""
        return self._answer(self.history.undo(id, revision))

    def redo(self, id: str, revision: int) -> dict:
        """Raises BadRequest, Stale."""
        return self._answer(self.history.redo(id, revision))

    def add(self, id: str, revision: int, takes: Sequence[str], at: int | None = None, track: str = "", overwrite: bool = False) -> dict:
        """Lay takes down, one behind the other, at a frame or behind all there is. Raises BadRequest, BadMedia, Stale."""
        cut = self.history.open(id).cut
        edit = laying.lay(cut, new_id(), [self.desk.shelf.take(take) for take in takes], at, track, overwrite)
        return self._answer(self.history.edit(id, revision, edit))

    def sound(self, id: str, revision: int, path: Path, at: int = 0, track: str = "") -> dict:
        """Lay the sound of a file from anywhere under a cut, as long as its film. Raises BadMedia, BadRequest, CannotWrite, Stale."""
        cut, library = self.history.open(id).cut, self.desk.library
        part = sounds.under(cut, finish(sounds.bring(library, path)), new_id(), at, track, path.name)
        return self._answer(self.history.edit(id, revision, edits.Overwrite(new_id(), at, (part,))))

    def trash(self, id: str, yes: bool = True) -> list[dict]:
        """Put a cut into the trash, or take it out; the cuts that are left. Raises BadRequest."""
        self.history.trash(id, yes)
        return self.cuts()

    # ---- film that is made for a cut

    def make(self, id: str, revision: int, kind: str, item: str, *, frames: int = 0, prompt: str = "", strength: float | None = None, span: Sequence[int] = (),
             area: Sequence[int] = (), mask: str = "", times: int = 1, manner: Mapping[str, object] = MappingProxyType({})) -> dict:
        """Put the missing film in line, as many times as are wished; each is a candidate from now on. `manner` is how the model is asked to work, as fields of a wish. Raises BadRequest."""
        version = self.history.open(id)
        if revision != version.revision:
            version.cut.find(item)      # whose clip is there still may be asked for, whatever else was changed
        wish = generating.wish(version.cut, kind, item, frames, prompt, strength, span, area, mask)
        asked = dict(wish.asked)
        if kind == "variation":
            asked = self.desk.making.restore(asked["take"])["wishes"] | {"seed": None}
        return self._made(id, asked | manner, times, Candidate("", wish.over, kind=kind, frames=wish.frames, start=wish.start))

    def again(self, id: str, candidate: str, times: int = 1) -> dict:
        """Put more of what a candidate was made of in line, each with a seed of its own, also of one that failed. Raises BadRequest."""
        found = next((one for one in self.history.candidates(id) if one.id == candidate), None)
        if found is None:
            raise BadRequest("This candidate is not here any more: what it was made for was changed, or it was accepted already.")
        take, job = self.desk.library.take(found.job), self.desk.queue.job(found.job)
        recipe = take.recipe if take else job.recipe if job else None
        if not recipe:
            raise BadRequest("Nobody knows any more what this candidate was made of; ask for it anew.")
        asked = self.desk.making.restore(recipe=recipe)["wishes"] | {"seed": None}
        return self._made(id, asked, times, dataclasses.replace(found, items=(), lead=0, score=0.0))

    def _made(self, id: str, asked: dict, times: int, like: Candidate) -> dict:
        if not 1 <= times <= MANY:
            raise BadRequest(f"1 to {MANY} candidates are made at once; {times} were asked.")
        for job in self.desk.making.make(read(asked | {"variations": times})):
            self.history.offer(id, dataclasses.replace(like, id=job.id, job=job.id))
        return self._answer(self.history.open(id))

    def accept(self, id: str, revision: int, candidate: str) -> dict:
        """Put a candidate into its place: one undo step. Raises BadRequest, Stale."""
        return self._answer(self.history.edit(id, revision, self._accepting(self.history.open(id).cut, candidate)))

    def tried(self, id: str, candidate: str) -> dict:
        """The cut as it would be with a candidate accepted, all rows of it, and at which revision. Raises BadRequest where it cannot be."""
        version = self.history.open(id)
        return {"cut": json.loads(self._accepting(version.cut, candidate).apply(version.cut).to_json()), "revision": version.revision}

    def reject(self, id: str, candidate: str, yes: bool = True) -> dict:
        """Put a candidate away; its take stays among the takes. Raises BadRequest."""
        self.history.reject(id, candidate, yes)
        return self._answer(self.history.open(id))

    def _accepting(self, cut: Cut, candidate: str) -> edits.Accept:
        found = next((one for one in self._candidates(cut) if one.id == candidate), None)
        if found is None:
            raise BadRequest("This candidate is not here any more: what it was made for was changed, or it was accepted already.")
        return edits.Accept(new_id(), found)

    def _candidates(self, cut: Cut) -> list[Candidate]:
        """What could come into a cut; what was finished meanwhile with its film."""
        found = []
        for one in self.history.candidates(cut.id):
            take = self.desk.library.take(one.job) if one.job and not one.items else None
            if take is not None and not take.missing:
                try:
                    one = generating.filled(cut, one, take)
                except (BadRequest, BadMedia):
                    continue            # what it was made for is another clip by now
                self.history.offer(cut.id, one)
            found.append(one)
        return found

    # ---- what the page gets

    def _answer(self, version: Version) -> dict:
        """A cut as it is: its JSON, what could come into it, the takes and the files that are seen, and what is gone."""
        cut = version.cut
        candidates = [self._said(one) for one in self._candidates(cut)]
        shown = {item.media.take for track in cut.tracks for item in track.items if isinstance(item, Clip) and item.media.take}
        shown |= {item["media"]["take"] for one in candidates for item in one["items"] if item.get("media", {}).get("take")}
        takes = {id: take.to_json() for id in sorted(shown) if (take := self.desk.library.take(id))}
        return {"cut": json.loads(cut.to_json()), "revision": version.revision, "undo": version.undo, "redo": version.redo,
                "candidates": candidates, "media": takes, "files": self._files(cut), "missing": materials.missing(cut, self.desk.library)}

    def _files(self, cut: Cut) -> dict[str, dict]:
        """The files in the project's folder that clips show, by name: by which key they are asked for now, and how many pictures they have."""
        found: dict[str, dict] = {}
        for media in {item.media for track in cut.tracks for item in track.items if isinstance(item, Clip) and item.media.file}:
            path, key = self.glances.folder / media.file, ""
            with suppress(BadMedia):        # gone, or a link to elsewhere: a state to show
                key = self.glances.key(path)
            pictures = max(found.get(media.file, {}).get("pictures", 0), 0 if media.kind == "sound" else media.frames)
            found[media.file] = {"id": key, "file": media.file, "kind": path.suffix.lstrip(".").lower(), "pictures": pictures, "missing": not key}
        return found

    def _said(self, one: Candidate) -> dict:
        job = self.desk.queue.job(one.job) if one.job else None
        why = job.error if isinstance(job, Job) and job.state in OVER else ""
        state = "done" if one.items else job.state if job else "failed"
        said = plain.plain(one)
        return {"items": [], "lead": 0, "kind": "", "score": 0.0, "frames": 0, **said, "state": state, "why": why or ("" if state != "failed" else "Its job is gone.")}
