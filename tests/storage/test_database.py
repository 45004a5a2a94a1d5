"""The database file: private, upgraded with a copy at hand, refused when it is not ours to touch."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from newsletter.errors import ConfigurationError, StorageError
from newsletter.storage import upgrade as upgrading
from newsletter.storage.database import Database, open_database
from newsletter.storage.schema import metadata

URL = "sqlite:///subscribers/newsletter.db"
MIGRATIONS = Path(upgrading.__file__).parent / "migrations"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def stamp(path: Path, revision: str) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("UPDATE alembic_version SET version_num = ?", (revision,))
        raw.commit()


def backups(path: Path) -> list[Path]:
    return sorted((path.parent / "backups").glob("*.db"))


# --- schema ----------------------------------------------------------------------------------------------


def test_the_migrations_make_the_schema(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_migrated_and_new_tables_are_alike_in_every_detail(database: Database, tmp_path: Path) -> None:
    """Down to defaults, AUTOINCREMENT, WITHOUT ROWID and partial indexes, which Alembic does not compare."""
    engine = create_engine(f"sqlite:///{tmp_path}/new.db")
    metadata.create_all(engine)
    engine.dispose()
    assert shape(database.path) == shape(tmp_path / "new.db")


def shape(path: Path) -> dict[str, object]:
    found: dict[str, object] = {}
    with closing(sqlite3.connect(path)) as raw:
        tables = raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"
        )
        for table, sql in tables.fetchall():
            if table == "alembic_version":
                continue
            indexes = raw.execute(
                f"SELECT name, \"unique\", origin, partial FROM pragma_index_list('{table}')"
            )
            found[table] = (
                raw.execute(f"PRAGMA table_xinfo({table})").fetchall(),
                sorted(row[2:] for row in raw.execute(f"PRAGMA foreign_key_list({table})")),
                sorted(
                    (*index, *raw.execute(f"SELECT name FROM pragma_index_info('{index[0]}')"))
                    for index in indexes.fetchall()
                ),
                "AUTOINCREMENT" in sql,
                "WITHOUT ROWID" in sql,
            )
        partial = raw.execute(
            "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'"
        )
        found["partial indexes"] = sorted(partial.fetchall())
    return found


def test_the_code_knows_the_newest_revision() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == upgrading.HEAD


def test_what_the_ledger_rests_on(database: Database) -> None:
    with database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10000}


# --- the file --------------------------------------------------------------------------------------------


def test_the_file_is_private_from_its_first_byte(database: Database) -> None:
    assert mode(database.path) == 0o600
    assert mode(database.path.parent) == 0o700
    for beside in database.path.parent.iterdir():
        assert mode(beside) & 0o077 == 0, beside


def test_a_file_that_others_may_read_is_made_private(database: Database, tmp_path: Path) -> None:
    database.close()
    database.path.chmod(0o644)
    open_database(URL, tmp_path).close()
    assert mode(database.path) == 0o600


def test_opening_again_finds_what_was_written(database: Database, tmp_path: Path) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('a', 'b')")
    database.close()
    again = open_database(URL, tmp_path)
    with again.read() as connection:
        assert connection.exec_driver_sql("SELECT value FROM meta").scalar() == "b"
    again.close()
    assert backups(database.path) == []


@pytest.mark.parametrize("url", ["postgresql://me:secret@host/db", "newsletter.db", ""])
def test_an_address_that_is_not_understood(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as caught:
        open_database(url, tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("kept", [0.5, 0.1])
def test_a_truncated_file_is_reported(database: Database, tmp_path: Path, kept: float) -> None:
    with database.write() as connection:
        rows = [(f"key{n}", "x" * 500) for n in range(1000)]
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES (?, ?)", rows)
    database.close()
    os.truncate(database.path, int(database.path.stat().st_size * kept))
    with pytest.raises(StorageError) as caught:
        read_all(tmp_path)
    assert "backups" in caught.value.problems[0].hint


def read_all(folder: Path) -> None:
    database = open_database(URL, folder)
    try:
        with database.read() as connection:
            connection.exec_driver_sql("SELECT sum(length(value)) FROM meta").scalar()
    finally:
        database.close()


def test_a_file_of_something_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "subscribers" / "newsletter.db"
    path.parent.mkdir()
    path.write_bytes(b"email,name\n" * 1000)
    with pytest.raises(StorageError, match="not a database") as caught:
        open_database(URL, tmp_path)
    assert caught.value.problems[0].file == str(path)
    assert path.read_bytes() == b"email,name\n" * 1000


def test_a_folder_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "subscribers" / "newsletter.db").mkdir(parents=True)
    with pytest.raises(StorageError):
        open_database(URL, tmp_path)


def test_a_file_in_the_way_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "subscribers").touch()
    with pytest.raises(StorageError, match="Cannot open the database"):
        open_database(URL, tmp_path)


# --- upgrading -------------------------------------------------------------------------------------------

SECOND = """
import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("meta", sa.Column("note", sa.Text, nullable=False, server_default=""))
    {more}
"""


@pytest.fixture
def a_later_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The program as it may be one day: with a second revision. Gives the file of that revision."""
    folder = tmp_path / "later" / "migrations"
    shutil.copytree(MIGRATIONS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    second = folder / "versions" / "0002_second.py"
    second.write_text(SECOND.format(more=""))
    monkeypatch.setattr(upgrading, "__file__", str(folder.parent / "upgrade.py"))
    monkeypatch.setattr(upgrading, "HEAD", "0002")
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return second


def write_something(database: Database) -> None:
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('a', 'b')")
    database.close()


def test_an_upgrade_begins_with_a_copy(database: Database, tmp_path: Path, a_later_version: Path) -> None:
    write_something(database)
    upgraded = open_database(URL, tmp_path)
    assert upgrading.current_revision(upgraded) == "0002"
    with upgraded.read() as connection:
        assert connection.exec_driver_sql("SELECT value, note FROM meta").one() == ("b", "")
    upgraded.close()
    (copy,) = backups(database.path)
    assert (mode(copy), mode(copy.parent)) == (0o600, 0o700)
    with closing(sqlite3.connect(copy)) as raw:
        assert raw.execute("SELECT * FROM meta").fetchall() == [("a", "b")]
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


def test_an_upgrade_that_fails_changes_nothing(
    database: Database, tmp_path: Path, a_later_version: Path
) -> None:
    write_something(database)
    a_later_version.write_text(SECOND.format(more="raise RuntimeError('a mistake of ours')"))
    with pytest.raises(RuntimeError, match="a mistake of ours"):
        open_database(URL, tmp_path)
    with closing(sqlite3.connect(database.path)) as raw:
        assert raw.execute("SELECT * FROM meta").fetchall() == [("a", "b")]
        assert raw.execute("SELECT version_num FROM alembic_version").fetchone() == ("0001",)


def test_only_the_last_copies_are_kept(database: Database, tmp_path: Path, a_later_version: Path) -> None:
    write_something(database)
    folder = database.path.parent / "backups"
    folder.mkdir()
    for day in range(1, 8):
        (folder / f"newsletter-0001-2025010{day}T000000Z.db").touch()
    open_database(URL, tmp_path).close()
    kept = [path.name for path in backups(database.path)]
    assert len(kept) == upgrading.KEPT_COPIES
    assert kept[0] == "newsletter-0001-20250104T000000Z.db"


def test_a_newer_schema_is_refused_and_left_alone(database: Database, tmp_path: Path) -> None:
    write_something(database)
    stamp(database.path, "9999")
    before = database.path.read_bytes()
    with pytest.raises(StorageError, match="newer version") as caught:
        open_database(URL, tmp_path)
    assert "backups" in caught.value.problems[0].hint
    assert database.path.read_bytes() == before
    assert backups(database.path) == []


OPEN = """
import sys
from pathlib import Path
from newsletter.errors import BusyError
from newsletter.storage.database import open_database
try:
    database = open_database(sys.argv[1], Path(sys.argv[2]))
except BusyError:
    print("busy")
else:
    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES (?, '')", (sys.argv[3],))
    database.close()
    print("opened")
"""


def test_openings_at_once_all_come_through_or_wait(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen([sys.executable, "-c", OPEN, URL, str(tmp_path), str(n)], stdout=subprocess.PIPE)
        for n in range(4)
    ]
    said = [process.communicate(timeout=60)[0].decode().strip() for process in processes]
    assert set(said) <= {"opened", "busy"}
    assert "opened" in said
    database = open_database(URL, tmp_path)
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM meta").scalar() == said.count("opened")
    database.close()


# --- transactions and locks ------------------------------------------------------------------------------


def test_a_block_that_raises_leaves_nothing(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('a', 'b')")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM meta").scalar() == 0


def test_a_reader_sees_one_state_and_blocks_no_writer(database: Database) -> None:
    query = "SELECT count(*) FROM meta"
    with database.read() as reading:
        assert reading.exec_driver_sql(query).scalar() == 0
        with database.write() as writing:
            writing.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('a', 'b')")
        assert reading.exec_driver_sql(query).scalar() == 0
    with database.read() as reading:
        assert reading.exec_driver_sql(query).scalar() == 1


def test_writers_take_turns_though_they_read_first(database: Database) -> None:
    """With SQLite's own deferred transactions most of these would fail at once."""

    def count_up() -> None:
        for _ in range(25):
            with database.write() as connection:
                value = connection.exec_driver_sql("SELECT value FROM meta").scalar_one()
                connection.exec_driver_sql("UPDATE meta SET value = ?", (str(int(value) + 1),))

    with database.write() as connection:
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('n', '0')")
    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT value FROM meta").scalar() == "100"


HOLD = """
import sys, time
from pathlib import Path
from newsletter.storage.database import open_database
database = open_database(sys.argv[1], Path(sys.argv[2]))
with database.lock("send") as mine:
    print(mine, flush=True)
    time.sleep(600)
"""


def test_a_lock_is_one_processs_until_it_dies(database: Database, tmp_path: Path) -> None:
    assert not database.locked("send")
    holder = subprocess.Popen([sys.executable, "-c", HOLD, URL, str(tmp_path)], stdout=subprocess.PIPE)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == b"True\n"
        assert database.locked("send")
        assert not database.locked("other")
        with database.lock("send") as mine:
            assert not mine
        with database.lock("other") as mine:
            assert mine
        assert database.locked("send")
    finally:
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=60)
        holder.stdout.close()
    assert not database.locked("send")
    with database.lock("send") as mine:
        assert mine
        assert database.locked("send")
    assert not database.locked("send")


def test_a_lock_is_let_go_when_its_block_raises(database: Database) -> None:
    with pytest.raises(ZeroDivisionError), database.lock("send"):
        raise ZeroDivisionError
    assert not database.locked("send")
