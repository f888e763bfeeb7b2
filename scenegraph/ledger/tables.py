"""The tables. Rows are only ever added; a take's row moves on through its states.

Types are the plainest that SQLite and PostgreSQL share: text, whole numbers, floats. Money is
whole hundredths of a cent, so that sums are exact; times are seconds since 1970.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    text,
)

metadata = MetaData()

about = Table("about", metadata, Column("format", Integer, primary_key=True, autoincrement=False))

runs = Table(
    "runs",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scene", String, nullable=False),
    Column("backend", String, nullable=False),
    Column("note", Text),
    Column("started_at", Float, nullable=False),
    Column("ended_at", Float),
    Column("outcome", Text),
    Index("runs_by_scene", "scene"),
)

#: Which file each scene is, and its name here. An older ledger has none: it is made when it is
#: first written to, and every name that is known then belongs to the first file of that title.
scenes = Table(
    "scenes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("slug", String, nullable=False),
    Column("title", Text, nullable=False),
    Column("file", Text),
    Column("created_at", Float, nullable=False),
)

takes = Table(
    "takes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scene", String, nullable=False),
    Column("shot", String, nullable=False),
    Column("number", Integer, nullable=False),
    Column("key", String, nullable=False),
    Column("setup", String, nullable=False),
    Column("parts", Text, nullable=False),
    Column("engine", String, nullable=False),
    Column("endpoint", String, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("params", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("usd_estimate", BigInteger, nullable=False),
    Column("billed", Integer, nullable=False),
    Column("usd", BigInteger),
    Column("request_id", String),
    Column("status_url", Text),
    Column("response_url", Text),
    Column("cancel_url", Text),
    Column("answer", Text),
    Column("sha256", String),
    Column("media", String),
    Column("clip", Text),
    Column("verdict", String),
    Column("score", Float),
    # The frame to start another shot from, as chosen when the take was first looked at.
    Column("best_frame", Integer),
    Column("review", Text),
    Column("sheet", String),
    Column("error", Text),
    Column("pinned", Integer, nullable=False),
    Column("adopted_from", Integer, ForeignKey("takes.id")),
    Column("run", Integer, ForeignKey("runs.id")),
    Column("created_at", Float, nullable=False),
    Column("submitted_at", Float),
    Column("answered_at", Float),
    Column("fetched_at", Float),
    UniqueConstraint("scene", "shot", "number"),
    Index("takes_by_key", "key"),
    Index("takes_by_run", "run"),
    # One circled take per shot and engine is no habit of the code: the file refuses a second.
    Index(
        "one_circled_take",
        "scene",
        "shot",
        "engine",
        unique=True,
        sqlite_where=text("state = 'circled'"),
        postgresql_where=text("state = 'circled'"),
    ),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Float, nullable=False),
    Column("name", String, nullable=False),
    Column("take", Integer, ForeignKey("takes.id")),
    Column("run", Integer, ForeignKey("runs.id")),
    Column("facts", Text, nullable=False),
    Index("events_by_take", "take"),
    Index("events_by_run", "run"),
)

amendments = Table(
    "amendments",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scene", String, nullable=False),
    Column("shot", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("reason", Text, nullable=False),
    Column("vals", Text, nullable=False),
    Column("take", Integer, ForeignKey("takes.id")),
    Column("run", Integer, ForeignKey("runs.id")),
    Column("created_at", Float, nullable=False),
    Index("amendments_by_scene", "scene"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("sha256", String, nullable=False),
    Column("engine", String, nullable=False),
    Column("url", Text, nullable=False),
    Column("expires_at", Float),
    Column("created_at", Float, nullable=False),
    Index("uploads_by_hash", "sha256", "engine"),
)

reels = Table(
    "reels",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("scene", String, nullable=False),
    Column("path", Text, nullable=False),
    Column("timeline", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("run", Integer, ForeignKey("runs.id")),
    Column("created_at", Float, nullable=False),
    Index("reels_by_scene", "scene"),
)

holds = Table(
    "holds",
    metadata,
    Column("scene", String, primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("host", String, nullable=False),
    Column("since", Float, nullable=False),
    Column("released_at", Float),
)
