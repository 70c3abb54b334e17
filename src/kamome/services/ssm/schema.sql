-- Parameters by account, region and name; `version` is the latest one.
CREATE TABLE ssm_parameter (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  tier TEXT NOT NULL,
  expires_at_ms INTEGER,          -- by the policy Expiration
  tags TEXT NOT NULL,             -- JSON: {key: value}
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;
-- The quota counts parameters of a tier.
CREATE INDEX ssm_parameter_tier ON ssm_parameter (account, region, tier);

-- The latest 100 versions of each. Not WITHOUT ROWID: a value may have 8 KB, and more encrypted.
CREATE TABLE ssm_version (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  type TEXT NOT NULL,
  data_type TEXT NOT NULL,
  tier TEXT NOT NULL,
  key_id TEXT NOT NULL,           -- as it was given; empty but for SecureString
  description TEXT NOT NULL,
  allowed_pattern TEXT NOT NULL,
  policies TEXT NOT NULL,         -- JSON: the policies' documents
  modified_at_ms INTEGER NOT NULL,
  modified_by TEXT NOT NULL,
  value TEXT NOT NULL,            -- Base64 of the ciphertext for SecureString
  PRIMARY KEY (account, region, name, version)
) STRICT;

-- A label belongs to one version of a parameter at a time.
CREATE TABLE ssm_label (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  label TEXT NOT NULL,
  version INTEGER NOT NULL,
  PRIMARY KEY (account, region, name, label)
) STRICT, WITHOUT ROWID;
