-- Topics. Attributes and tags are JSON objects of what was given; the counts are kept here because
-- counting subscriptions would cost more with each of them.
CREATE TABLE sns_topic (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  tags TEXT NOT NULL,
  subscriptions_confirmed INTEGER NOT NULL,
  subscriptions_deleted INTEGER NOT NULL,
  subscriptions_pending INTEGER NOT NULL DEFAULT 0,
  data_protection_policy TEXT NOT NULL DEFAULT '',
  -- The last sequence number given to a message of a FIFO topic.
  sequence INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- Subscriptions, by topic. `owner` is the account that subscribed.
CREATE TABLE sns_subscription (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  topic TEXT NOT NULL,
  id TEXT NOT NULL,
  owner TEXT NOT NULL,
  principal TEXT NOT NULL,
  protocol TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  -- 0: confirmed. Otherwise the subscription waits for its confirmation until then.
  pending_until_ms INTEGER NOT NULL DEFAULT 0,
  -- Whether the confirmation was signed, and whether unsubscribing must be (AuthenticateOnUnsubscribe).
  is_authenticated INTEGER NOT NULL DEFAULT 1,
  is_unsubscribe_authenticated INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (account, region, topic, id)
) STRICT, WITHOUT ROWID;

-- One subscription per topic, protocol and endpoint.
CREATE UNIQUE INDEX sns_subscription_endpoint
  ON sns_subscription (account, region, topic, protocol, endpoint);

-- ListSubscriptions: those of one owner, in a fixed order.
CREATE INDEX sns_subscription_owner ON sns_subscription (owner, region, account, topic, id);

-- Messages that some endpoint could not take yet, whole, apart from the rows that change.
CREATE TABLE sns_undelivered (
  message_id TEXT NOT NULL PRIMARY KEY,
  notification BLOB NOT NULL
) STRICT;

-- Which subscriptions such a message still waits for; each has an outbox entry.
CREATE TABLE sns_delivery (
  message_id TEXT NOT NULL,
  subscription_arn TEXT NOT NULL,
  -- Deliveries of a FIFO topic that wait behind another of their group have no outbox entry (0).
  group_id TEXT NOT NULL DEFAULT '',
  sequence INTEGER NOT NULL DEFAULT 0,
  entry_id INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (message_id, subscription_arn)
) STRICT, WITHOUT ROWID;

-- Counts by topic, under the names of AWS's metrics (NumberOfNotificationsFailed, …).
CREATE TABLE sns_metric (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  topic TEXT NOT NULL,
  name TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (account, region, topic, name)
) STRICT, WITHOUT ROWID;

-- The key that signs notifications, and its certificate. One row, named 'signing'.
CREATE TABLE sns_identity (
  name TEXT NOT NULL PRIMARY KEY,
  private_key BLOB NOT NULL,
  certificate BLOB NOT NULL
) STRICT;

-- Subscriptions with a filter policy, to count them.
CREATE INDEX sns_subscription_filtered ON sns_subscription (account, region, topic)
  WHERE attributes LIKE '%"FilterPolicy":%';

-- Tokens of confirmations that were asked for; each has an outbox entry for its expiry.
CREATE TABLE sns_confirmation (
  token TEXT NOT NULL PRIMARY KEY,
  subscription_arn TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT;

CREATE INDEX sns_delivery_group ON sns_delivery (subscription_arn, group_id, sequence)
  WHERE group_id <> '';

-- Deduplication ids of FIFO topics, for five minutes. `scope` is the group or empty, by the topic.
CREATE TABLE sns_deduplication (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  topic TEXT NOT NULL,
  scope TEXT NOT NULL,
  deduplication_id TEXT NOT NULL,
  message_id TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, topic, scope, deduplication_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX sns_deduplication_expiry ON sns_deduplication (expires_at_ms);

-- Messages of FIFO topics with an archive policy.
CREATE TABLE sns_archive (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  topic TEXT NOT NULL,
  sequence INTEGER NOT NULL,
  published_at_ms INTEGER NOT NULL,
  notification BLOB NOT NULL,
  PRIMARY KEY (account, region, topic, sequence)
) STRICT, WITHOUT ROWID;
CREATE INDEX sns_archive_time ON sns_archive (account, region, topic, published_at_ms);

-- Replays of subscriptions: how far, and how they stand. One that ended tells what came with it.
CREATE TABLE sns_replay (
  subscription_arn TEXT NOT NULL PRIMARY KEY,
  entry_id INTEGER NOT NULL,
  sequence INTEGER NOT NULL,
  status TEXT NOT NULL
) STRICT;

-- What SNS hands to the world outside, which is kept here instead: mails, text messages, pushes to
-- devices, records for Firehose. The newest are kept.
CREATE TABLE sns_record (
  id INTEGER NOT NULL PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  protocol TEXT NOT NULL,
  endpoint TEXT NOT NULL,
  document BLOB NOT NULL
) STRICT;
CREATE INDEX sns_record_protocol ON sns_record (protocol, id);

-- Platform applications and endpoints, settings of text messages, phone numbers: JSON by kind and id.
CREATE TABLE sns_document (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  document BLOB NOT NULL,
  PRIMARY KEY (account, region, kind, id)
) STRICT, WITHOUT ROWID;

-- How retried deliveries ended, the newest of them: after how many attempts, and where.
CREATE TABLE sns_retried (
  id INTEGER NOT NULL PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  message_id TEXT NOT NULL,
  subscription_arn TEXT NOT NULL,
  protocol TEXT NOT NULL,
  attempts INTEGER NOT NULL,
  result TEXT NOT NULL
) STRICT;
CREATE INDEX sns_retried_subscription ON sns_retried (subscription_arn, id);

-- Delivery status logging: what CloudWatch Logs would be told, the newest of it.
CREATE TABLE sns_delivery_status (
  id INTEGER NOT NULL PRIMARY KEY,
  at_ms INTEGER NOT NULL,
  log_group TEXT NOT NULL,
  document BLOB NOT NULL
) STRICT;
