-- AWS Lambda: functions and event source mappings. Rows are keyed by account and Region.

-- One row per function. `settings` and `tags` are JSON; the deployment package is a blob.
CREATE TABLE lambda_function (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  settings TEXT NOT NULL,
  tags TEXT NOT NULL,
  code_blob_id TEXT NOT NULL,
  code_sha256 TEXT NOT NULL,
  code_size INTEGER NOT NULL,
  revision_id TEXT NOT NULL,
  modified_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT;

-- Which packages are still in use, when the cache of unpacked ones is cleaned.
CREATE INDEX lambda_function_code ON lambda_function (code_sha256);

-- The resource-based policy of a function: a JSON list of statements, up to 20 KB.
CREATE TABLE lambda_policy (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  statements TEXT NOT NULL,
  revision_id TEXT NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT;

-- One row per event source mapping. `settings` is JSON.
CREATE TABLE lambda_event_source_mapping (
  uuid TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  queue_arn TEXT NOT NULL,
  function_name TEXT NOT NULL,
  settings TEXT NOT NULL,
  is_enabled INTEGER NOT NULL,
  modified_at_ms INTEGER NOT NULL
) STRICT;

-- A queue has at most one mapping to a function; also lists the mappings of a queue.
CREATE UNIQUE INDEX lambda_mapping_pair
  ON lambda_event_source_mapping (account, region, queue_arn, function_name);
CREATE INDEX lambda_mapping_page ON lambda_event_source_mapping (account, region, uuid);
CREATE INDEX lambda_mapping_function
  ON lambda_event_source_mapping (account, region, function_name, uuid);
-- What the pollers start with.
CREATE INDEX lambda_mapping_enabled ON lambda_event_source_mapping (uuid) WHERE is_enabled = 1;
