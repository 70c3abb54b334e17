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
