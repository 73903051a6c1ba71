"""Opens SQLite files the one way this studio does: WAL, patient, foreign keys on, one writer at a time.

Knows files, migrations and transactions. Knows no tables.
Sources: https://sqlite.org/wal.html, https://sqlite-utils.datasette.io/en/stable/migrations.html
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import CannotWrite

if TYPE_CHECKING:
    from sqlite_utils import Database
    from sqlite_utils.migrations import Migrations

BUSY = 30.0     # seconds a process waits for another's write before it gives up


class Store:
    """One SQLite file, opened anew in every thread that uses it, brought to the newest schema on the first opening."""

    def __init__(self, path: Path, migrations: Migrations, durable: bool = True, busy: float = BUSY):
        """durable   every commit reaches the disk before it is said to be done; else a power cut, though no kill of a
                  process, may undo the last second
        busy      seconds to wait for another's write before CannotWrite says so

        Raises CannotWrite when the file cannot be made, opened or read as a database."""
        self.path = Path(path)
        self.durable = durable
        self.busy = busy
        self._local = threading.local()
        with says_why(self.path, self.busy):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if migrations.pending(self.db):
                with self.writing() as db:      # two processes may open a new project at once: one of them migrates
                    migrations.apply(db)

    @property
    def db(self) -> Database:
        """This thread's connection."""
        db = getattr(self._local, "db", None)
        if db is None:
            db = self._local.db = _open(self.path, self.durable, self.busy)
        return db

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """A transaction that takes the write lock at once.

        A deferred transaction that reads first and writes later fails with "database is locked" whenever somebody
        else wrote in between, and no busy timeout helps (https://sqlite.org/isolation.html): so BEGIN IMMEDIATE.
        """
        db = self.db
        with says_why(self.path, self.busy):
            db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.conn.execute("COMMIT")
            except BaseException:
                db.rollback()
                raise

    def rows(self, sql: str, parameters: object = ()) -> list[dict]:
        """The rows of one reading statement, as dictionaries."""
        with says_why(self.path, self.busy):
            return list(self.db.query(sql, parameters))

    def close(self) -> None:
        """Close this thread's connection."""
        db = getattr(self._local, "db", None)
        if db is not None:
            db.close()
            self._local.db = None


def _open(path: Path, durable: bool, busy: float) -> Database:
    from sqlite_utils import Database

    connection = sqlite3.connect(path, timeout=busy, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {int(busy * 1000)}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":    # asking is free, setting takes a lock
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("PRAGMA foreign_keys = ON")
    return Database(connection)


@contextmanager
def says_why(path: Path, busy: float = BUSY) -> Iterator[None]:
    """Turn what the disk or SQLite says into one sentence."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        if "not a database" in text or "malformed" in text:
            raise CannotWrite(f"{path} is damaged and cannot be read as a library; put back a copy of it.") from error
        if not isinstance(error, sqlite3.OperationalError):
            raise           # a mistake of ours, not of the disk
        if "full" in text:
            raise CannotWrite(f"The disk that holds {path} is full; free some space and try again.") from error
        if "locked" in text or "busy" in text:
            raise CannotWrite(f"{path} was busy for {busy:g} s: another program holds it; close that one.") from error
        raise CannotWrite(f"{path} cannot be used ({text}); choose a folder that this user may write to.") from error
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written ({error.strerror or error}); choose another folder.") from error
