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
