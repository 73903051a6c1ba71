"""History: the cuts of a project, each with every edit that was made to it, in the project's database.

    made = history.edit(id, revision, Trim(...))        on the cut as it was at that revision
    history.undo(id, made.revision)

An edit names the revision that it was made on. One that comes late, because another tab was quicker, is made on the cut as
it is now where both meant different things, and refused with Stale where they meant the same. What was answered is on the
disk. Knows tables and order. What an edit does is the edit's.
"""

from __future__ import annotations

import json
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from engine.errors import BadRequest
from engine.library.database import Store
from engine.library.tidying import ID
from engine.timeline import checks, edits, plain
from engine.timeline.cut import Clip, Cut, Gap
from engine.timeline.edits import Edit
from engine.timeline.past import Lived, told
from engine.timeline.patches import WHOLE, patch, patched
from engine.timeline.replacing import Candidate, fits

HELD = 16           # cuts kept in memory, of all steps
FIRST = 0


class Stale(BadRequest):
    """An edit of a cut that changed meanwhile. `revision` is the one that it has now."""

    def __init__(self, words: str, revision: int):
        super().__init__(words)
        self.revision = revision


@dataclass(frozen=True)
class Version:
    """A cut as it is at one revision."""

    cut: Cut
    revision: int
    undo: str               # what undo would take back, such as "ripple-trim"; "" where there is nothing
    redo: str


@dataclass(frozen=True)
class Line:
    """A cut in a list."""

    id: str
    name: str
    rate: str
    width: int
    height: int
    frames: int
    revision: int
    created: float          # seconds since 1970
    changed: float


class History:
    """The cuts of one project. May be used from any thread and from several processes at once.

    Every method that changes something raises CannotWrite where the disk or another process does not let it; then nothing
    has changed.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.time):
        """
        store   the project's database, as engine.library opens it
        clock   seconds since 1970; only shown
        """
        self.store = store
        self.clock = clock
        self._held: OrderedDict[tuple[str, int], tuple[str, Cut]] = OrderedDict()
        self._lock = threading.Lock()

    # ---- seeing

    def cuts(self, trashed: bool = False) -> list[Line]:
        """Every cut, the newest first."""
        names = ", ".join(Line.__dataclass_fields__)
        rows = self.store.rows(f"select {names} from cuts where trashed is {'not ' if trashed else ''}null order by number desc")
        return [Line(**row) for row in rows]

    def open(self, id: str, revision: int | None = None) -> Version:
        """A cut as it is, or as it was at a revision. Raises BadRequest where there is none."""
        row = self._row(id)
        if revision is None or revision == row["revision"]:
            return self._version(row)
        step = self._at(id, revision, row["revision"])
        return self._version({**row, "revision": revision, "head": step})

    def steps(self, id: str) -> list[dict]:
        """Every edit ever made to a cut, in the order in which they were made, whether it counts in the cut that is shown.

        Each is {"step", "parent", "created", "edit", "counts"}.
        """
        row = self._row(id)
        found = self.store.rows("select step, parent, created, edit from cut_steps where cut = ? and step > 0 order by step", [id])
        parents = {one["step"]: one["parent"] for one in found}
        counting, at = set(), row["head"]
        while at in parents:
            counting.add(at)
            at = parents[at]
        return [{**one, "edit": json.loads(one["edit"]), "counts": one["step"] in counting} for one in found]

    def past(self, id: str) -> dict:
        """All of that as plain data, see `past`: another project can be told it."""
        row = self._row(id)
        steps = self.store.rows("select step, parent, created, edit, next from cut_steps where cut = ? order by step", [id])
        revisions = self.store.rows("select step from cut_revisions where cut = ? and revision <= ? order by revision", [id, row["revision"]])
        return told(steps, self._state(id, FIRST)[1], row["head"], [one["step"] for one in revisions])

    # ---- changing

    def new(self, cut: Cut, lived: Lived | None = None, candidates: Sequence[tuple[Candidate, bool]] = (), trashed: bool = False) -> Version:
        """A cut that begins as this one; or comes from elsewhere, with its past, what stands beside it and which of that was rejected.

        All of it or nothing. Raises BadRequest where its id is taken.
        """
        text, now = checks.check(cut).to_json(), self.clock()
        lived = lived or Lived(({"step": FIRST, "parent": None, "depth": 0, "created": now, "edit_id": "", "edit": "", "whole": True, "patch": patch("", text), "next": None},),
                               FIRST, (FIRST,), cut)  # fmt: skip
        with self.store.writing() as db:
            if db.execute("select 1 from cuts where id = ?", [cut.id]).fetchone():
                raise BadRequest(f"There is a cut {cut.id!r} already.")
            began = lived.steps[0]["created"]
            db.conn.execute("insert into cuts (id, created, changed, name, revision, head, trashed) values (?, ?, ?, ?, 0, ?, ?)",
                            [cut.id, began, now, cut.name, FIRST, now if trashed else None])  # fmt: skip
            for row in lived.steps:
                names = ", ".join(row)
                db.conn.execute(f"insert into cut_steps (cut, {names}) values (?{', ?' * len(row)})", [cut.id, *row.values()])
            *earlier, _ = enumerate(lived.revisions)
            db.conn.executemany("insert into cut_revisions (cut, revision, step) values (?, ?, ?)", [(cut.id, *one) for one in earlier])
            self._show(db, cut, len(earlier), lived.head)
            for number, (candidate, rejected) in enumerate(candidates, 1):
                db.conn.execute("insert into cut_candidates (cut, id, number, candidate, rejected) values (?, ?, ?, ?, ?)",
                                [cut.id, candidate.id, number, plain.write(candidate), rejected])  # fmt: skip
        self._hold(cut.id, lived.head, text, cut)
        return self.open(cut.id)

    def edit(self, id: str, revision: int, edit: Edit) -> Version:
        """Make an edit, on the cut as it was at `revision`. Asked twice under the same id, it is made once.

        Raises BadRequest for what cannot be, Stale where somebody changed the same meanwhile.
        """
        with self.store.writing() as db:
            row = self._row(id)
            if not ID.fullmatch(edit.id):
                raise BadRequest(f"An edit's id has up to 40 small letters and digits; {edit.id!r:.60} was given.")
            if db.execute("select 1 from cut_steps where cut = ? and edit_id = ?", [id, edit.id]).fetchone():
                return self._version(row)
            text, now = self._state(id, row["head"])
            if revision != row["revision"]:
                base = self._state(id, self._at(id, revision, row["revision"]))[1]
                moved = edits.rebased(edit, base, now)
                if moved is None:
                    raise Stale(f"The same was changed meanwhile, in another window perhaps: this was asked of revision {revision}, and the cut is at "
                                f"{row['revision']}. Look at it and try again.", row["revision"])  # fmt: skip
                edit = moved
            made = edit.apply(now)
            new_text = made.to_json()
            step, depth = db.execute("select max(step) + 1, (select depth + 1 from cut_steps where cut = ?1 and step = ?2) from cut_steps where cut = ?1",
                                     [id, row["head"]]).fetchone()  # fmt: skip
            whole = depth % WHOLE == 0
            db.conn.execute("insert into cut_steps (cut, step, parent, depth, created, edit_id, edit, whole, patch) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                            [id, step, row["head"], depth, self.clock(), edit.id, edits.write(edit), whole, patch("" if whole else text, new_text)])  # fmt: skip
            db.conn.execute("update cut_steps set next = ? where cut = ? and step = ?", [step, id, row["head"]])
            self._show(db, made, row["revision"] + 1, step)
        self._hold(id, step, new_text, made)
        return Version(made, row["revision"] + 1, plain.tag(type(edit)), "")

    def undo(self, id: str, revision: int) -> Version:
        """Take the last edit back. Raises BadRequest where there is none, Stale where another window was quicker."""
        return self._go(id, revision, "parent", "There is nothing to undo in this cut.")

    def redo(self, id: str, revision: int) -> Version:
        """Make the edit again that was taken back last. Raises BadRequest, Stale."""
        return self._go(id, revision, "next", "There is nothing to redo in this cut.")

    def trash(self, id: str, yes: bool = True) -> None:
        """Put a cut into the trash, with its history; or take it out again. Raises BadRequest where there is none."""
        with self.store.writing() as db:
            self._row(id)
            db.conn.execute("update cuts set trashed = ? where id = ?", [self.clock() if yes else None, id])

    # ---- candidates: no part of the cut until one is accepted, so that undo does not take back what a job has made

    def offer(self, id: str, candidate: Candidate) -> None:
        """Set a candidate beside a cut; under the id of one that is there, in its place. Raises BadRequest."""
        if not ID.fullmatch(candidate.id) or not candidate.over:
            raise BadRequest("A candidate has an id of its own, and names the clips in whose place it would come.")
        text = plain.write(candidate)
        plain.read(Candidate, text, "This candidate")
        with self.store.writing() as db:
            self._row(id)
            db.conn.execute(
                "insert into cut_candidates (cut, id, number, candidate) values (?1, ?2, (select coalesce(max(number), 0) + 1 from cut_candidates where cut = ?1), ?3) "
                "on conflict (cut, id) do update set candidate = ?3", [id, candidate.id, text])  # fmt: skip

    def reject(self, id: str, candidate: str, yes: bool = True) -> None:
        """Put a candidate away, or take it out again. Raises BadRequest where there is none."""
        with self.store.writing() as db:
            if not db.execute("update cut_candidates set rejected = ? where cut = ? and id = ?", [yes, id, candidate]).rowcount:
                raise BadRequest(f"There is no candidate {candidate!r:.40} for this cut.")

    def candidates(self, id: str, rejected: bool = False) -> list[Candidate]:
        """What could come into a cut as it is now, in the order in which it was offered.

        What was accepted is not among them, for what it stood beside is gone; it is again when that is undone.
        """
        cut = self.open(id).cut
        there = edits.parts(cut)
        return [one for one, away in self.beside(id) if away == rejected and all(over in there for over in one.over) and fits(one, there, cut.rate) and not _accepted(one, there)]

    def beside(self, id: str) -> list[tuple[Candidate, bool]]:
        """Every candidate of a cut, whether it could come into it now or not, and whether it was rejected."""
        found = self.store.rows("select candidate, rejected from cut_candidates where cut = ? order by number", [id])
        return [(plain.read(Candidate, row["candidate"], "A candidate"), bool(row["rejected"])) for row in found]

    # ---- inside

    def _row(self, id: str) -> dict:
        rows = self.store.rows("select * from cuts where id = ?", [id]) if isinstance(id, str) and ID.fullmatch(id) else []
        if not rows:
            raise BadRequest(f"There is no cut {str(id)[:40]!r} in this project.")
        return rows[0]

    def _at(self, id: str, revision: int, newest: int) -> int:
        found = self.store.rows("select step from cut_revisions where cut = ? and revision = ?", [id, revision]) if 0 <= revision <= newest else []
        if not found:
            raise BadRequest(f"This cut has the revisions 0 to {newest}; {revision} was asked.")
        return found[0]["step"]

    def _version(self, row: dict) -> Version:
        id, head = row["id"], row["head"]
        step = self.store.rows(
            "select here.edit as undo, (select there.edit from cut_steps there where there.cut = here.cut and there.step = here.next) as redo "
            "from cut_steps here where here.cut = ? and here.step = ?", [id, head])[0]  # fmt: skip
        return Version(self._state(id, head)[1], row["revision"], *(json.loads(step[way])["is"] if step[way] else "" for way in ("undo", "redo")))

    def _go(self, id: str, revision: int, way: str, nothing: str) -> Version:
        with self.store.writing() as db:
            row = self._row(id)
            if revision != row["revision"]:
                raise Stale(f"This cut was changed meanwhile, in another window perhaps: this was asked of revision {revision}, and it is at {row['revision']}. "
                            "Look at it and try again.", row["revision"])  # fmt: skip
            to = db.execute(f"select {way} from cut_steps where cut = ? and step = ?", [id, row["head"]]).fetchone()[0]
            if to is None:
                raise BadRequest(nothing)
            if way == "parent":
                db.conn.execute("update cut_steps set next = ? where cut = ? and step = ?", [row["head"], id, to])
            self._show(db, self._state(id, to)[1], row["revision"] + 1, to)
        return self.open(id)

    def _show(self, db, cut: Cut, revision: int, step: int) -> None:
        db.conn.execute("insert into cut_revisions (cut, revision, step) values (?, ?, ?)", [cut.id, revision, step])
        db.conn.execute("update cuts set changed = ?, name = ?, rate = ?, width = ?, height = ?, frames = ?, revision = ?, head = ? where id = ?",
                        [self.clock(), cut.name, str(cut.rate), cut.width, cut.height, cut.length, revision, step, cut.id])  # fmt: skip

    def _state(self, id: str, step: int) -> tuple[str, Cut]:
        """The text of a step and its cut: never another one, so what is held is right for ever."""
        with self._lock:
            held = self._held.get((id, step))
            if held:
                self._held.move_to_end((id, step))
                return held
        way: list[bytes] = []
        at: int | None = step
        text = ""
        while at is not None:
            with self._lock:
                nearer = self._held.get((id, at))
            if nearer:
                text = nearer[0]
                break
            row = self.store.rows("select parent, whole, patch from cut_steps where cut = ? and step = ?", [id, at])[0]
            way.append(row["patch"])
            at = None if row["whole"] else row["parent"]
        for change in reversed(way):
            text = patched(text, change)
        return self._hold(id, step, text, plain.read(Cut, text, "This cut"))

    def _hold(self, id: str, step: int, text: str, cut: Cut) -> tuple[str, Cut]:
        with self._lock:
            self._held[id, step] = text, cut
            self._held.move_to_end((id, step))
            while len(self._held) > HELD:
                self._held.popitem(last=False)
        return text, cut


def _accepted(candidate: Candidate, there: dict) -> bool:
    """Whether its clips are in the cut already: those of new ids, or else the media of those that kept theirs."""
    clips = [item for item in candidate.items if not isinstance(item, Gap)]
    new = [item for item in clips if item.id not in candidate.over]
    return any(item.id in there for item in new) if new else bool(clips) and all(there[item.id].media == item.media for item in clips if isinstance(item, Clip))
