-- Keys by account, region and id. A key pending deletion stays until the clock reaches
-- `deletion_at_ms`; then its rows here and below go, all in one step.
CREATE TABLE kms_key (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  key_id TEXT NOT NULL,
  key_spec TEXT NOT NULL,
  key_usage TEXT NOT NULL,
  origin TEXT NOT NULL,              -- AWS_KMS or EXTERNAL
  manager TEXT NOT NULL,             -- CUSTOMER or AWS
  primary_region TEXT NOT NULL,      -- of multi-Region keys; empty for all others
  is_enabled INTEGER NOT NULL,
  description TEXT NOT NULL,
  policy TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  deletion_at_ms INTEGER,            -- null: not pending, or its replicas go first
  pending_window_days INTEGER,       -- null: not pending deletion
  material_id TEXT NOT NULL,         -- what encrypts now; empty while an import is pending
  rotation_period_days INTEGER,      -- null: no automatic rotation
  next_rotation_at_ms INTEGER,
  valid_to_ms INTEGER,               -- null: the material does not expire
  PRIMARY KEY (account, region, key_id)
) STRICT, WITHOUT ROWID;

-- The keys related to a multi-Region key.
CREATE INDEX kms_key_by_id ON kms_key (account, key_id, region) WHERE primary_region <> '';

-- Key material, each generation of it, wrapped under the root key (see root_key.py). Apart from the
-- key's row, for a wrapped RSA key has 2.5 KB.
CREATE TABLE kms_key_material (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  key_id TEXT NOT NULL,
  material_id TEXT NOT NULL,
  generation INTEGER NOT NULL,       -- 1 for the first, counted up by rotations
  rotation_type TEXT NOT NULL,       -- AUTOMATIC, ON_DEMAND; empty for the first
  created_at_ms INTEGER NOT NULL,
  wrapped BLOB NOT NULL,             -- empty: imported, and deleted or expired since
  description TEXT NOT NULL,         -- of imported material; empty: none
  PRIMARY KEY (account, region, key_id, material_id)
) STRICT;
CREATE UNIQUE INDEX kms_key_material_by_generation
  ON kms_key_material (account, region, key_id, generation);

CREATE TABLE kms_alias (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  alias_name TEXT NOT NULL,          -- with its prefix alias/
  key_id TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, alias_name)
) STRICT, WITHOUT ROWID;
CREATE INDEX kms_alias_by_key ON kms_alias (account, region, key_id, alias_name);

CREATE TABLE kms_tag (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  key_id TEXT NOT NULL,
  tag_key TEXT NOT NULL,
  tag_value TEXT NOT NULL,
  PRIMARY KEY (account, region, key_id, tag_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE kms_grant (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  key_id TEXT NOT NULL,
  grant_id TEXT NOT NULL,
  grant_token TEXT NOT NULL,
  grant_name TEXT NOT NULL,          -- empty: none
  retiring_principal TEXT NOT NULL,  -- the principal or the service's; empty: none
  created_at_ms INTEGER NOT NULL,
  document BLOB NOT NULL,            -- JSON: what CreateGrant was given
  PRIMARY KEY (account, region, key_id, grant_id)
) STRICT;
CREATE UNIQUE INDEX kms_grant_by_token ON kms_grant (grant_token);
CREATE INDEX kms_grant_by_name ON kms_grant (account, region, key_id, grant_name, grant_id)
  WHERE grant_name <> '';
CREATE INDEX kms_grant_by_retiring_principal
  ON kms_grant (account, region, retiring_principal, key_id, grant_id);
