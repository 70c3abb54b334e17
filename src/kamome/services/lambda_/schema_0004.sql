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
