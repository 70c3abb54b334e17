CREATE TABLE sqs_queue (
  id INTEGER NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  attributes TEXT NOT NULL,
  tags TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  modified_at_ms INTEGER NOT NULL,
  purged_at_ms INTEGER NOT NULL,
  messages_id INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX sqs_queue_name ON sqs_queue (account, region, name);

-- Names that a deletion blocks for 60 seconds.
CREATE TABLE sqs_deleted_queue (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  deleted_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- The part of a message that changes. Ids ascend in the order of sending.
CREATE TABLE sqs_message (
  messages_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  visible_at_ms INTEGER NOT NULL,
  receive_count INTEGER NOT NULL,
  first_received_at_ms INTEGER NOT NULL,
  last_received_at_ms INTEGER NOT NULL,
  sent_at_ms INTEGER NOT NULL,
  PRIMARY KEY (messages_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sqs_message_visible ON sqs_message (messages_id, visible_at_ms, id, receive_count);

-- The part that does not: kept under the same id for as long as the message lives anywhere.
CREATE TABLE sqs_body (
  id INTEGER NOT NULL PRIMARY KEY,
  message_id TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  trace TEXT NOT NULL,
  group_id TEXT NOT NULL,
  attributes BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;
