-- Secrets by account, region and name.
CREATE TABLE secretsmanager_secret (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  suffix TEXT NOT NULL,           -- six characters behind the name in the ARN
  description TEXT NOT NULL,
  kms_key_id TEXT NOT NULL,       -- as it was given; empty for aws/secretsmanager
  tags TEXT NOT NULL,             -- JSON: {key: value}
  created_at_ms INTEGER NOT NULL,
  changed_at_ms INTEGER NOT NULL,
  accessed_at_ms INTEGER,         -- the day, in milliseconds
  deleted_at_ms INTEGER,          -- when DeleteSecret was called
  gone_at_ms INTEGER,             -- when the recovery window ends
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- Versions of a secret. Not WITHOUT ROWID: a value may have 64 KB.
CREATE TABLE secretsmanager_version (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  version_id TEXT NOT NULL,
  number INTEGER NOT NULL,        -- in the order of their creation
  kind TEXT NOT NULL,             -- SecretString or SecretBinary
  key_arn TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  accessed_at_ms INTEGER,
  value BLOB NOT NULL,            -- see sealing.py
  PRIMARY KEY (account, region, name, version_id)
) STRICT;
CREATE UNIQUE INDEX secretsmanager_version_number
  ON secretsmanager_version (account, region, name, number);

-- A staging label is on one version of a secret at a time.
CREATE TABLE secretsmanager_stage (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  stage TEXT NOT NULL,
  version_id TEXT NOT NULL,
  PRIMARY KEY (account, region, name, stage)
) STRICT, WITHOUT ROWID;
