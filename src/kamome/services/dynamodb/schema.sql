-- Tables by account, region and name. A table being deleted stays until `gone_at_ms` has come.
CREATE TABLE dynamodb_table (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  table_name TEXT NOT NULL,
  table_id TEXT NOT NULL,
  key_schema BLOB NOT NULL,       -- JSON: [[name, type], …], HASH first; names may hold NUL
  created_at_ms INTEGER NOT NULL,
  active_at_ms INTEGER NOT NULL,
  gone_at_ms INTEGER,
  settings BLOB NOT NULL,         -- JSON: what CreateTable was given and DescribeTable shows
  PRIMARY KEY (account, region, table_name)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX dynamodb_table_by_id ON dynamodb_table (table_id);

-- ItemCount and TableSizeBytes, apart from the description because each write of an item changes it.
CREATE TABLE dynamodb_table_size (
  table_id TEXT NOT NULL PRIMARY KEY,
  item_count INTEGER NOT NULL,
  size_bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Items by table, placement (the first 4 bytes of partition_key), partition and sort key, which is
-- the order of scans. Not WITHOUT ROWID: then an item would stand in the inner pages of the tree as
-- well; with 60,000 items of 1.5 KB the file had 282 MB instead of 127 and a put cost half as much
-- again (2 cores, 2026-11). With items of 150 bytes there was no difference.
CREATE TABLE dynamodb_item (
  table_id TEXT NOT NULL,
  partition_key BLOB NOT NULL,
  sort_key BLOB NOT NULL,         -- empty in a table without a sort key
  size_bytes INTEGER NOT NULL,    -- by AWS's formula
  item BLOB NOT NULL,             -- see stored_items.py
  PRIMARY KEY (table_id, partition_key, sort_key)
) STRICT;
