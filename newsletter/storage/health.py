"""Whether the database is sound, and how old the newest copy of it is."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from newsletter.storage.database import Database

COPIES = "backups"
"""The folder beside the database that copies of it are put into."""


def faults(database: Database) -> list[str]:
    """What SQLite finds wrong in the file, in its own words; empty when all is well.

    Reads the whole file. Raises StorageError when it is too damaged to be looked at.
    """
    with database.read() as connection:
        found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check(5)")]
        for table, _, parent, _ in connection.exec_driver_sql("PRAGMA foreign_key_check"):
            found.append(f"a row of {table} belongs to one of {parent} that is not there")
    return [fault for fault in dict.fromkeys(found) if fault != "ok"][:5]


def people(database: Database) -> int:
    """How many people the database knows of, whether they are mailed or not."""
    with database.read() as connection:
        return int(connection.exec_driver_sql("SELECT count(*) FROM subscribers").scalar_one())


def newest_copy(database: Path) -> datetime | None:
    """When the newest copy in the folder `backups` beside the database was made; None when there is none."""
    moments: list[float] = []
    for path in (database.parent / COPIES).glob("*.db"):
        with suppress(OSError):  # taken away meanwhile
            moments.append(path.stat().st_mtime)
    return datetime.fromtimestamp(max(moments), UTC) if moments else None
