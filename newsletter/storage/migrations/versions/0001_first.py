"""The first schema: subscribers, suppressions, editions, campaigns and the ledger."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Creates the tables."""
    op.create_table(
        "meta",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "subscribers",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("public_id", sa.LargeBinary, nullable=False),
        sa.Column("email", sa.Text, nullable=False),
        sa.Column("email_key", sa.Text, nullable=False),
        sa.Column("name", sa.Text, nullable=False, server_default=""),
        sa.Column("first_name", sa.Text, nullable=False, server_default=""),
        sa.Column("last_name", sa.Text, nullable=False, server_default=""),
        sa.Column("tier", sa.Text, nullable=False, server_default="free"),
        sa.Column("status", sa.Text, nullable=False),
        sa.Column("fields", sa.Text, nullable=False, server_default="{}"),
        sa.Column("joined_at", sa.BigInteger, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
        sa.UniqueConstraint("public_id", name="uq_subscribers_public_id"),
        sa.UniqueConstraint("email_key", name="uq_subscribers_email_key"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "tags",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tags"),
        sa.UniqueConstraint("name", name="uq_tags_name"),
    )
    op.create_table(
        "subscriber_tags",
        sa.Column("subscriber_id", ROW_ID, nullable=False),
        sa.Column("tag_id", ROW_ID, nullable=False),
        sa.PrimaryKeyConstraint("subscriber_id", "tag_id", name="pk_subscriber_tags"),
        sa.ForeignKeyConstraint(
            ["subscriber_id"],
            ["subscribers.id"],
            name="fk_subscriber_tags_subscriber_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["tag_id"], ["tags.id"], name="fk_subscriber_tags_tag_id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_subscriber_tags_tag_id", "subscriber_tags", ["tag_id", "subscriber_id"])
    op.create_table(
        "consent_events",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("subscriber_id", ROW_ID, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("source", sa.Text, nullable=False, server_default=""),
        sa.Column("detail", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_consent_events"),
    )
    op.create_index("ix_consent_events_subscriber_id", "consent_events", ["subscriber_id"])
    op.create_table(
        "suppressions",
        sa.Column("key_hash", sa.LargeBinary, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_suppressions"),
    )
    op.create_table(
        "editions",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("digest", sa.Text, nullable=False),
        sa.Column("content", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_editions"),
        sa.UniqueConstraint("digest", name="uq_editions_digest"),
    )
    op.create_table(
        "campaigns",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("slug", sa.Text, nullable=False),
        sa.Column("edition_id", ROW_ID, nullable=False),
        sa.Column("audience", sa.Text, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.Column("control", sa.Text, nullable=False, server_default="run"),
        sa.Column("reason", sa.Text, nullable=False, server_default=""),
        sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
        sa.Column("owner", sa.Text, nullable=False, server_default=""),
        sa.Column("boot", sa.Text, nullable=False, server_default=""),
        sa.Column("lease_until", sa.BigInteger, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_campaigns"),
        sa.UniqueConstraint("slug", name="uq_campaigns_slug"),
        sa.ForeignKeyConstraint(["edition_id"], ["editions.id"], name="fk_campaigns_edition_id"),
    )
    op.create_table(
        "deliveries",
        sa.Column("campaign_id", ROW_ID, nullable=False),
        sa.Column("subscriber_id", ROW_ID, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("attempt", sa.SmallInteger, nullable=False, server_default="0"),
        sa.Column("retry_at", sa.BigInteger, nullable=True),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("campaign_id", "subscriber_id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_deliveries_campaign_id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_deliveries_retry_at",
        "deliveries",
        ["campaign_id", "retry_at"],
        sqlite_where=sa.text("state = 5"),
        postgresql_where=sa.text("state = 5"),
    )
    op.create_table(
        "delivery_notes",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("campaign_id", ROW_ID, nullable=False),
        sa.Column("subscriber_id", ROW_ID, nullable=False),
        sa.Column("attempt", sa.SmallInteger, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("code", sa.Integer, nullable=False, server_default="0"),
        sa.Column("enhanced", sa.Text, nullable=False, server_default=""),
        sa.Column("reply", sa.Text, nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("id", name="pk_delivery_notes"),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaigns.id"], name="fk_delivery_notes_campaign_id"),
    )
    op.create_index("ix_delivery_notes_delivery", "delivery_notes", ["campaign_id", "subscriber_id"])
