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
