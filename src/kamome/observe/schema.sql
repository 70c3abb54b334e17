CREATE TABLE journey (
  trace TEXT NOT NULL PRIMARY KEY,
  started_at_ms INTEGER NOT NULL,
  source TEXT NOT NULL,
  subject TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX journey_started ON journey (started_at_ms, trace);

CREATE TABLE journey_step (
  trace TEXT NOT NULL,
  number INTEGER NOT NULL,
  at_ms INTEGER NOT NULL,
  service TEXT NOT NULL,
  action TEXT NOT NULL,
  resource TEXT NOT NULL,
  result TEXT NOT NULL,
  detail TEXT NOT NULL,
  PRIMARY KEY (trace, number)
) STRICT, WITHOUT ROWID;
CREATE INDEX journey_step_number ON journey_step (number);

-- What would go to EventBridge: events of an account and Region, numbered as they came.
CREATE TABLE bus_event (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  number INTEGER NOT NULL,
  bus TEXT NOT NULL,
  event TEXT NOT NULL,
  PRIMARY KEY (account, region, number)
) STRICT;
