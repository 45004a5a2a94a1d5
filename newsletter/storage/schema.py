"""The tables. Times are whole milliseconds since 1970 in UTC, so that both databases compare them alike."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_RowId = BigInteger().with_variant(Integer, "sqlite")

meta = Table(
    "meta",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

subscribers = Table(
    "subscribers",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("public_id", LargeBinary, nullable=False, unique=True),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("first_name", Text, nullable=False, server_default=""),
    Column("last_name", Text, nullable=False, server_default=""),
    Column("tier", Text, nullable=False, server_default="free"),
    Column("status", Text, nullable=False),
    Column("fields", Text, nullable=False, server_default="{}"),  # a JSON object of strings
    Column("joined_at", BigInteger, nullable=False),
    Column("changed_at", BigInteger, nullable=False),
    sqlite_autoincrement=True,  # a row number is never given to a second person
)

tags = Table(
    "tags",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("name", Text, nullable=False, unique=True),
)

subscriber_tags = Table(
    "subscriber_tags",
    metadata,
    Column("subscriber_id", _RowId, ForeignKey("subscribers.id", ondelete="CASCADE"), primary_key=True),
    Column("tag_id", _RowId, ForeignKey("tags.id"), primary_key=True),
    Index("ix_subscriber_tags_tag_id", "tag_id", "subscriber_id"),
    sqlite_with_rowid=False,
)

consent_events = Table(
    "consent_events",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("subscriber_id", _RowId, nullable=False, index=True),
    Column("kind", Text, nullable=False),  # imported, added, confirmed, withdrawn, …
    Column("at", BigInteger, nullable=False),
    Column("source", Text, nullable=False, server_default=""),
    Column("detail", Text, nullable=False, server_default=""),
)

suppressions = Table(
    "suppressions",
    metadata,
    Column("key_hash", LargeBinary, primary_key=True),  # keyed hash of an address as compared
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

editions = Table(
    "editions",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("digest", Text, nullable=False, unique=True),
    Column("content", Text, nullable=False),  # the edition as canonical JSON
    Column("created_at", BigInteger, nullable=False),
)

campaigns = Table(
    "campaigns",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("slug", Text, nullable=False, unique=True),
    Column("edition_id", _RowId, ForeignKey("editions.id"), nullable=False),
    Column("audience", Text, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("control", Text, nullable=False, server_default="run"),  # run, paused, cancelled
    Column("reason", Text, nullable=False, server_default=""),
    # who is sending: the lease. `epoch` rises with every taking-over and fences off whoever had it before.
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("owner", Text, nullable=False, server_default=""),
    Column("boot", Text, nullable=False, server_default=""),
    Column("lease_until", BigInteger, nullable=False, server_default="0"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("campaign_id", _RowId, ForeignKey("campaigns.id"), primary_key=True),
    Column("subscriber_id", _RowId, primary_key=True),  # no foreign key: the row outlives the person
    Column("state", SmallInteger, nullable=False, server_default="0"),
    Column("attempt", SmallInteger, nullable=False, server_default="0"),
    Column("retry_at", BigInteger, nullable=True),
    Column("changed_at", BigInteger, nullable=False),
    Index(
        "ix_deliveries_retry_at",
        "campaign_id",
        "retry_at",
        sqlite_where=text("state = 5"),
        postgresql_where=text("state = 5"),
    ),
    sqlite_with_rowid=False,
)
"""One row a delivery: the primary key is the promise that nobody is mailed twice. `state` has no index, so
that changing it stays cheap; `attempt` counts the times the delivery was claimed."""

delivery_notes = Table(
    "delivery_notes",
    metadata,
    Column("id", _RowId, primary_key=True, autoincrement=True),
    Column("campaign_id", _RowId, ForeignKey("campaigns.id"), nullable=False),
    Column("subscriber_id", _RowId, nullable=False),
    Column("attempt", SmallInteger, nullable=False),
    Column("state", SmallInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("code", Integer, nullable=False, server_default="0"),
    Column("enhanced", Text, nullable=False, server_default=""),
    Column("reply", Text, nullable=False, server_default=""),
    Index("ix_delivery_notes_delivery", "campaign_id", "subscriber_id"),
)
"""What was said about deliveries that did not simply go through."""
