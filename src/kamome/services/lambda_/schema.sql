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

-- How asynchronous invocations of a qualifier ($LATEST, a version, an alias) are retried, and
-- where their records go. `settings` is JSON.
CREATE TABLE lambda_event_invoke_config (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  qualifier TEXT NOT NULL,
  settings TEXT NOT NULL,
  modified_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, name, qualifier)
) STRICT;

-- The reserved concurrency of functions: what of the account's pool is theirs alone.
CREATE TABLE lambda_reserved_concurrency (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  reserved INTEGER NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT;

-- Published versions: $LATEST as it was. `settings` is JSON; the package's blob is shared with
-- $LATEST and with other versions of the same package.
CREATE TABLE lambda_version (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  settings TEXT NOT NULL,
  code_blob_id TEXT NOT NULL,
  code_sha256 TEXT NOT NULL,
  code_size INTEGER NOT NULL,
  revision_id TEXT NOT NULL,
  modified_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, name, version)
) STRICT;

CREATE INDEX lambda_version_code ON lambda_version (code_sha256);

-- The number of the version that was published last: numbers are never used again.
CREATE TABLE lambda_version_number (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT;

-- Aliases. `weights` is JSON: the share of calls that goes to another version.
CREATE TABLE lambda_alias (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  alias TEXT NOT NULL,
  version TEXT NOT NULL,
  description TEXT NOT NULL,
  weights TEXT NOT NULL,
  revision_id TEXT NOT NULL,
  PRIMARY KEY (account, region, name, alias)
) STRICT;

-- Layer versions. `facts` is JSON (description, compatible runtimes and architectures, licence). A
-- deleted one stays for the functions that have it, and is shown to nobody.
CREATE TABLE lambda_layer_version (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  facts TEXT NOT NULL,
  code_blob_id TEXT NOT NULL,
  code_sha256 TEXT NOT NULL,
  code_size INTEGER NOT NULL,
  created_at_ms INTEGER NOT NULL,
  is_deleted INTEGER NOT NULL,
  PRIMARY KEY (account, region, name, version)
) STRICT;

CREATE INDEX lambda_layer_code ON lambda_layer_version (code_sha256);

-- Function URLs, and what is provided for or recorded of functions.

-- One row per function URL. `settings` is JSON; the id is the first label of the URL's host.
CREATE TABLE lambda_function_url (
  url_id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  qualifier TEXT NOT NULL,
  settings TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  modified_at_ms INTEGER NOT NULL
) STRICT;

-- A function, and each of its aliases, has at most one.
CREATE UNIQUE INDEX lambda_function_url_of
  ON lambda_function_url (account, region, name, qualifier);

-- Provisioned concurrency of a version or an alias.
CREATE TABLE lambda_provisioned_concurrency (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  qualifier TEXT NOT NULL,
  requested INTEGER NOT NULL,
  modified_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, name, qualifier)
) STRICT;

-- Code signing configurations. `settings` is JSON.
CREATE TABLE lambda_code_signing_config (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  id TEXT NOT NULL,
  settings TEXT NOT NULL,
  modified_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, id)
) STRICT;

-- What is recorded of a function beside its settings: `kind` is `code-signing`, `recursion`, or
-- `runtime-management:<qualifier>`.
CREATE TABLE lambda_function_record (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  kind TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (account, region, name, kind)
) STRICT;

-- The functions that a code signing configuration is set for.
CREATE INDEX lambda_function_record_value
  ON lambda_function_record (account, region, kind, value, name);

-- The resource-based policy of a layer version.
CREATE TABLE lambda_layer_policy (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  statements TEXT NOT NULL,
  revision_id TEXT NOT NULL,
  PRIMARY KEY (account, region, name, version)
) STRICT;
