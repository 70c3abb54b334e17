-- "Later" and "elsewhere": what is to be done, when, with what.
CREATE TABLE outbox (
  id INTEGER NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  due_ms INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  trace TEXT NOT NULL,
  payload BLOB NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (kind, due_ms, id);

-- Entries whose attempts are used up, kept for a person to look at.
CREATE TABLE outbox_dead (
  id INTEGER NOT NULL PRIMARY KEY,
  kind TEXT NOT NULL,
  attempt INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  dead_at_ms INTEGER NOT NULL,
  trace TEXT NOT NULL,
  error TEXT NOT NULL,
  payload BLOB NOT NULL
) STRICT;

-- Files under blobs/ that a row refers to; any other file there is an orphan.
CREATE TABLE blob (
  id TEXT NOT NULL PRIMARY KEY,
  size INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Small facts of the server itself (clock offset, identity).
CREATE TABLE fact (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
