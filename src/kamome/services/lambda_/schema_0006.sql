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
