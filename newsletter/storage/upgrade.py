"""Bringing a SQLite database to the current schema: a copy first, then all steps in one transaction."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from newsletter.errors import BusyError, StorageError

if TYPE_CHECKING:
    from newsletter.storage.database import Database

HEAD = "0001"
"""The revision this code works with (a test holds it against the newest file in `migrations/versions`)."""

KEPT_COPIES = 5


def upgrade(database: Database) -> None:
    """Does nothing when the schema is current, which is one small read.

    Raises StorageError for a schema newer than this code, BusyError when another process upgrades.
    """
    found = current_revision(database)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        raise StorageError(
            f"The database was written by a newer version (schema {found}, this one knows {HEAD}).",
            file=str(database.path),
            hint="Install that version again, or put back a copy from the folder `backups` beside it.",
        )
    with database.lock("upgrade") as mine:
        if not mine:
            raise BusyError("Another process is upgrading the database.", hint="Try again in a moment.")
        if found is not None:
            _copy(database, found)
        with database.write() as connection:
            _migrate(connection)


def current_revision(database: Database) -> str | None:
    """The revision the database is at; None for an empty one."""
    with closing(database.engine.raw_connection()) as raw:
        cursor = raw.cursor()
        try:
            row = cursor.execute("SELECT version_num FROM alembic_version").fetchone()
        except Exception as error:
            if "no such table" in str(error):
                return None
            raise OperationalError("revision", None, error) from error
        finally:
            cursor.close()
    return str(row[0]) if row else None


def _copy(database: Database, revision: str) -> Path:
    folder = database.path.parent / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = folder / f"{database.path.stem}-{revision}-{stamp}.db"
    with closing(database.engine.raw_connection()) as raw:
        raw.cursor().execute("VACUUM INTO ?", (str(target),))
    target.chmod(0o600)
    for old in sorted(folder.glob(f"{database.path.stem}-*.db"))[:-KEPT_COPIES]:
        old.unlink()
    return target


def _migrate(connection: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
