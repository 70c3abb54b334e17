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
  messages_id INTEGER NOT NULL,
  -- ARN of the queue that the redrive policy names, empty without one.
  dead_letter_target TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX sqs_queue_name ON sqs_queue (account, region, name);
CREATE INDEX sqs_queue_dead_letter ON sqs_queue (dead_letter_target, name)
WHERE dead_letter_target <> '';

-- Names that a deletion blocks for 60 seconds.
CREATE TABLE sqs_deleted_queue (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  deleted_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX sqs_deleted_queue_time ON sqs_deleted_queue (deleted_at_ms);

-- The part of a message that changes. Ids ascend in the order of arrival. `group_no` is 0 for a
-- message without MessageGroupId, positive for a tenant of a standard queue (fair queues),
-- negative for a message group of a FIFO queue; each kind has the index that its receive follows.
CREATE TABLE sqs_message (
  messages_id INTEGER NOT NULL,
  id INTEGER NOT NULL,
  group_no INTEGER NOT NULL,
  visible_at_ms INTEGER NOT NULL,
  receive_count INTEGER NOT NULL,
  first_received_at_ms INTEGER NOT NULL,
  last_received_at_ms INTEGER NOT NULL,
  sent_at_ms INTEGER NOT NULL,
  PRIMARY KEY (messages_id, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sqs_message_visible ON sqs_message (messages_id, visible_at_ms, id, receive_count)
WHERE group_no = 0;
-- Group numbers are unique over all sets. These two do without the set, so that no statement can
-- mistake the primary key, which has the order of ids too, for the better way to a group.
CREATE INDEX sqs_message_tenant ON sqs_message (group_no, visible_at_ms, id) WHERE group_no > 0;
CREATE INDEX sqs_message_fifo ON sqs_message (group_no, id) WHERE group_no < 0;
-- For the counts of queues with groups.
CREATE INDEX sqs_message_grouped ON sqs_message (messages_id, visible_at_ms, group_no, receive_count)
WHERE group_no <> 0;

-- Message groups that have messages. `available_at_ms` is when the next message of the group can be
-- received: of FIFO queues, when none of the group is in flight and the first is visible.
CREATE TABLE sqs_group (
  id INTEGER NOT NULL PRIMARY KEY,
  messages_id INTEGER NOT NULL,
  group_id TEXT NOT NULL,
  available_at_ms INTEGER NOT NULL,
  head INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX sqs_group_name ON sqs_group (messages_id, group_id);
CREATE INDEX sqs_group_available ON sqs_group (messages_id, available_at_ms, head);

-- The part of a message that does not change: kept under the message's id.
CREATE TABLE sqs_body (
  id INTEGER NOT NULL PRIMARY KEY,
  message_id TEXT NOT NULL,
  sender_id TEXT NOT NULL,
  trace TEXT NOT NULL,
  group_id TEXT NOT NULL,
  deduplication_id TEXT NOT NULL,
  -- ARN of the queue that the message was dead-lettered from, empty if it was not.
  dead_letter_source TEXT NOT NULL,
  attributes BLOB NOT NULL,
  body BLOB NOT NULL
) STRICT;

-- What FIFO queues have taken in the last five minutes. `scope` is the message group, or empty.
CREATE TABLE sqs_deduplication (
  queue_id INTEGER NOT NULL,
  scope TEXT NOT NULL,
  deduplication_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  id INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  PRIMARY KEY (queue_id, scope, deduplication_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sqs_deduplication_expiry ON sqs_deduplication (expires_at_ms);

-- What FIFO receives with a ReceiveRequestAttemptId have handed out in the last five minutes.
CREATE TABLE sqs_receive_attempt (
  queue_id INTEGER NOT NULL,
  attempt_id TEXT NOT NULL,
  visible_at_ms INTEGER NOT NULL,
  messages TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  PRIMARY KEY (queue_id, attempt_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sqs_receive_attempt_expiry ON sqs_receive_attempt (expires_at_ms);

-- Message move tasks, the last few of each dead-letter queue.
CREATE TABLE sqs_move_task (
  id INTEGER NOT NULL PRIMARY KEY,
  handle TEXT NOT NULL,
  source_arn TEXT NOT NULL,
  destination_arn TEXT NOT NULL,
  messages_per_s INTEGER NOT NULL,
  status TEXT NOT NULL,
  moved INTEGER NOT NULL,
  to_move INTEGER NOT NULL,
  started_at_ms INTEGER NOT NULL,
  failure_reason TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX sqs_move_task_handle ON sqs_move_task (handle);
CREATE INDEX sqs_move_task_source ON sqs_move_task (source_arn, id);
