"""Opens SQLite files the one way this studio does: WAL, patient, foreign keys on, one writer at a time.

Knows files, migrations and transactions. Knows no tables.
Sources: https://sqlite.org/wal.html, https://sqlite.org/uri.html (immutable),
https://sqlite-utils.datasette.io/en/stable/migrations.html
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import CannotWrite

if TYPE_CHECKING:
    from engine.tables import Database, Migrations

BUSY = 30.0     # seconds a process waits for another's write before it gives up
CACHE = 32      # MB of pages that one connection keeps: a search over 100,000 takes stays in it


class Store:
    """One SQLite file, opened anew in every thread that uses it, brought to the newest schema on the first opening.

    readonly    True where file or folder may only be read: reading works, `writing` raises CannotWrite
    """

    def __init__(self, path: Path, migrations: Migrations | str, durable: bool = True, patience: float = BUSY, newest: str = ""):
        """migrations    the steps to the newest schema; or the module that has them as `migrations`, imported only where
                      the step called `newest` is still to be made: sqlite-utils loads pandas, 0.3 s before a first list
        durable   every commit reaches the disk before it is said to be done; else a power cut, though no kill of a
                  process, may undo the last second
        patience  seconds to wait for another process's write

        Raises CannotWrite when the file cannot be made, opened or read as a database, and when another process holds
        it for longer than `patience`."""
        self.path = Path(path)
        self.durable = durable
        self.patience = patience
        self.readonly = self.path.is_file() and not (os.access(self.path, os.W_OK) and os.access(self.path.parent, os.W_OK))
        self._local = threading.local()
        with self._says_why():
            if not self.readonly:
                self.path.parent.mkdir(parents=True, exist_ok=True)
            if not (newest and self._applied(newest)):
                steps = import_module(migrations).migrations if isinstance(migrations, str) else migrations
                if steps.pending(self.db):
                    with self.writing() as db:      # two processes may open a new project at once: one of them migrates
                        steps.apply(db)

    @property
    def connection(self) -> sqlite3.Connection:
        """This thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._open_readonly() if self.readonly else _open(self.path, self.durable, self.patience)
            self._local.connection = connection
        return connection

    @property
    def db(self) -> Database:
        """The same as sqlite-utils sees it."""
        db = getattr(self._local, "db", None)
        if db is None:
            from engine.tables import Database

            db = self._local.db = Database(self.connection)
        return db

    @contextmanager
    def writing(self) -> Iterator[Database]:
        """A transaction that takes the write lock at once.

        A deferred transaction that reads first and writes later fails with "database is locked" whenever somebody
        else wrote in between, and no busy timeout helps (https://sqlite.org/isolation.html): so BEGIN IMMEDIATE.
        """
        if self.readonly:
            raise CannotWrite(f"{self.path.parent} can only be read; copy it to a folder that this user may write to.")
        db = self.db
        with self._says_why():
            db.conn.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.conn.execute("COMMIT")
            except BaseException:
                if db.conn.in_transaction:      # a full disk makes SQLite roll back by itself
                    db.conn.execute("ROLLBACK")
                raise

    @contextmanager
    def reading(self) -> Iterator[Database]:
        """A transaction that sees one moment of the database however long it takes, and keeps nobody from writing."""
        db = self.db
        with self._says_why():
            db.conn.execute("BEGIN")
            try:
                yield db
            finally:
                if db.conn.in_transaction:
                    db.conn.execute("ROLLBACK")

    def rows(self, sql: str, parameters: object = ()) -> list[dict]:
        """The rows of one reading statement, as dictionaries."""
        with self._says_why():
            found = self.connection.execute(sql, parameters)
            names = [column[0] for column in found.description]
            return [dict(zip(names, row)) for row in found]

    def close(self) -> None:
        """Close this thread's connection."""
        connection = getattr(self._local, "connection", None)
        if connection is not None:
            connection.close()
            self._local.connection = self._local.db = None

    def _applied(self, step: str) -> bool:
        try:
            return bool(self.rows("select 1 from _sqlite_migrations where name = ?", [step]))
        except CannotWrite as error:
            if isinstance(error.__cause__, sqlite3.OperationalError) and "no such table" in str(error.__cause__):
                return False
            raise

    def _open_readonly(self) -> sqlite3.Connection:
        """The file as it lies there. Another process's latest writes lie beside it, and to fold them in takes writing."""
        beside = self.path.with_name(self.path.name + "-wal")
        if beside.exists() and beside.stat().st_size:
            raise CannotWrite(
                f"{self.path.parent} can only be read, and its last changes were not folded in yet; "
                "copy the whole folder to a place that this user may write to."
            )
        address = f"{self.path.absolute().as_uri()}?immutable=1"
        return sqlite3.connect(address, uri=True, isolation_level=None, check_same_thread=False)

    def _says_why(self):
        return says_why(self.path, self.patience)


def _open(path: Path, durable: bool, patience: float) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)
    connection.execute(f"PRAGMA busy_timeout = {int(patience * 1000)}")
    if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":    # asking is free, setting takes a lock
        _patiently(lambda: connection.execute("PRAGMA journal_mode = WAL"), patience)
    connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute(f"PRAGMA cache_size = {-1000 * CACHE}")
    return connection


def _patiently(do, patience: float) -> None:
    """SQLite does not wait for the lock that a change of the journal's kind takes: it says at once that it is locked."""
    end = time.monotonic() + patience
    while True:
        try:
            do()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.02)


@contextmanager
def says_why(path: Path, patience: float = BUSY) -> Iterator[None]:
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
            raise CannotWrite(f"{path} was busy for {patience:g} s: another program holds it; close that one.") from error
        raise CannotWrite(f"{path} cannot be used ({text}); choose a folder that this user may write to.") from error
    except OSError as error:
        raise CannotWrite(f"{path} cannot be written ({error.strerror or error}); choose another folder.") from error
