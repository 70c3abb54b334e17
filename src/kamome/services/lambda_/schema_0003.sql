-- The reserved concurrency of functions: what of the account's pool is theirs alone.
CREATE TABLE lambda_reserved_concurrency (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  reserved INTEGER NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT;
