-- Rules in the order they were added, as JSON, with what they have counted.
CREATE TABLE fault_rule (
  number INTEGER NOT NULL PRIMARY KEY,
  id TEXT NOT NULL,
  rule BLOB NOT NULL,
  matched INTEGER NOT NULL,
  struck INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX fault_rule_id ON fault_rule (id);
