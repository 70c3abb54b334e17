-- Identities that an account has asked to verify.
CREATE TABLE ses_identity (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  identity TEXT NOT NULL,        -- a domain in lower case, or an address with such a domain
  type TEXT NOT NULL,            -- 'Domain', 'EmailAddress'
  status TEXT NOT NULL,          -- AWS's VerificationStatus
  facts BLOB NOT NULL,           -- JSON of Identity
  PRIMARY KEY (account, region, identity)
) STRICT, WITHOUT ROWID;
CREATE INDEX ses_identity_type ON ses_identity (account, region, type, identity);
-- Mail names a domain and nobody's account.
CREATE INDEX ses_identity_name ON ses_identity (identity, status, account, region);

-- What an identity signs with.
CREATE TABLE ses_dkim_key (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  identity TEXT NOT NULL,
  selector TEXT NOT NULL,
  algorithm TEXT NOT NULL,
  private_key TEXT NOT NULL,     -- PEM
  public_key TEXT NOT NULL,      -- Base64, as in the DNS
  PRIMARY KEY (account, region, identity)
) STRICT, WITHOUT ROWID;

-- Sending authorization policies.
CREATE TABLE ses_identity_policy (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  identity TEXT NOT NULL,
  name TEXT NOT NULL,
  policy TEXT NOT NULL,
  PRIMARY KEY (account, region, identity, name)
) STRICT, WITHOUT ROWID;

-- Links in verification mails.
CREATE TABLE ses_verification_link (
  token TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  identity TEXT NOT NULL,
  expires_at_ms INTEGER NOT NULL,
  success_url TEXT NOT NULL,
  failure_url TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX ses_verification_link_expiry ON ses_verification_link (expires_at_ms);

-- Tags of whatever has an ARN.
CREATE TABLE ses_tag (
  arn TEXT NOT NULL,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (arn, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_receipt_rule_set (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_active_receipt_rule_set (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (account, region)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_receipt_rule (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  rule_set_name TEXT NOT NULL,
  name TEXT NOT NULL,
  position INTEGER NOT NULL,     -- 0 is the first
  rule BLOB NOT NULL,            -- JSON with AWS's names
  PRIMARY KEY (account, region, rule_set_name, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX ses_receipt_rule_position
  ON ses_receipt_rule (account, region, rule_set_name, position);

-- Whose mail an account takes.
CREATE TABLE ses_receipt_filter (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  policy TEXT NOT NULL,          -- 'Block' or 'Allow'
  cidr TEXT NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- What is done with a received mail for one account: fixed when the mail is accepted, so that a
-- change of rules meanwhile, or a crash, cannot lose it. One row per planned action, in order.
CREATE TABLE ses_receipt_step (
  mail_id TEXT NOT NULL,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  number INTEGER NOT NULL,
  rule_set_name TEXT NOT NULL,
  planned BLOB NOT NULL,         -- JSON: rule, action, recipients, scan, added headers
  done_at_ms INTEGER,            -- NULL: not done yet
  result TEXT NOT NULL,
  PRIMARY KEY (mail_id, account, region, number)
) STRICT, WITHOUT ROWID;

-- Mails that were accepted for sending. They never change; the content lies apart.
CREATE TABLE ses_sent (
  message_id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  sent_at_ms INTEGER NOT NULL,
  facts BLOB NOT NULL            -- JSON of SentMail
) STRICT, WITHOUT ROWID;
CREATE INDEX ses_sent_at ON ses_sent (sent_at_ms, message_id);
CREATE INDEX ses_sent_owner ON ses_sent (account, region, sent_at_ms, message_id);

-- The content: inline up to 100 KB, as a file above (then `blob_id` is set and `content` is empty).
CREATE TABLE ses_sent_content (
  message_id TEXT NOT NULL PRIMARY KEY,
  blob_id TEXT,
  content BLOB NOT NULL
) STRICT;

-- Configuration sets. Option groups and destinations are JSON with the names of the API v2.
CREATE TABLE ses_configuration_set (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  options BLOB NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_event_destination (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  configuration_set TEXT NOT NULL,
  name TEXT NOT NULL,
  destination BLOB NOT NULL,
  PRIMARY KEY (account, region, configuration_set, name)
) STRICT, WITHOUT ROWID;

-- Topics, headers and forwarding of an identity's feedback; the default where there is no row.
CREATE TABLE ses_identity_feedback (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  identity TEXT NOT NULL,
  settings BLOB NOT NULL,
  PRIMARY KEY (account, region, identity)
) STRICT, WITHOUT ROWID;

-- What happened to sent mails, one row for each event and recipient. Goes with the mail.
CREATE TABLE ses_mail_event (
  message_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  recipient TEXT NOT NULL,
  type TEXT NOT NULL,            -- AWS's eventType
  at_ms INTEGER NOT NULL,
  detail BLOB NOT NULL,          -- JSON
  PRIMARY KEY (message_id, number)
) STRICT, WITHOUT ROWID;

-- Event records for services that are not here: EventBridge, Firehose, Pinpoint. The oldest go first.
CREATE TABLE ses_event_record (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  number INTEGER NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL,          -- ARN of the bus, stream or application
  at_ms INTEGER NOT NULL,
  record BLOB NOT NULL,
  PRIMARY KEY (account, region, number)
) STRICT, WITHOUT ROWID;

-- CloudWatch's counters: one row for each metric, combination of dimensions, and minute.
CREATE TABLE ses_event_count (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  metric TEXT NOT NULL,
  dimensions TEXT NOT NULL,      -- JSON, sorted
  count INTEGER NOT NULL,
  PRIMARY KEY (account, region, at_ms, metric, dimensions)
) STRICT, WITHOUT ROWID;

-- GetSendStatistics: one row for each quarter of an hour in which something was sent.
CREATE TABLE ses_send_statistics (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  at_ms INTEGER NOT NULL,
  delivery_attempts INTEGER NOT NULL,
  bounces INTEGER NOT NULL,
  complaints INTEGER NOT NULL,
  rejects INTEGER NOT NULL,
  PRIMARY KEY (account, region, at_ms)
) STRICT, WITHOUT ROWID;

-- BatchGetMetricData: one row for each day (UTC), metric, identity and configuration set.
CREATE TABLE ses_metric_day (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  metric TEXT NOT NULL,
  day_ms INTEGER NOT NULL,       -- when it begins
  identity TEXT NOT NULL,
  configuration_set TEXT NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (account, region, metric, day_ms, identity, configuration_set)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_suppressed_destination (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  address TEXT NOT NULL,
  reason TEXT NOT NULL,          -- 'BOUNCE' or 'COMPLAINT'
  updated_at_ms INTEGER NOT NULL,
  message_id TEXT NOT NULL,      -- empty where a person has added it
  feedback_id TEXT NOT NULL,
  PRIMARY KEY (account, region, address)
) STRICT, WITHOUT ROWID;

-- The reasons for which an account suppresses; both where there is no row.
CREATE TABLE ses_account_suppression (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  attributes BLOB NOT NULL,
  PRIMARY KEY (account, region)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_contact_list (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  list BLOB NOT NULL,            -- JSON: topics, description, tags
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_contact (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  list_name TEXT NOT NULL,
  address TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  updated_at_ms INTEGER NOT NULL,
  contact BLOB NOT NULL,         -- JSON: preferences, unsubscribed from all, attributes
  PRIMARY KEY (account, region, list_name, address)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_dedicated_ip_pool (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  settings BLOB NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- The key that links in mails are signed with.
CREATE TABLE ses_link_key (
  name TEXT NOT NULL PRIMARY KEY,
  key BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- What an account has set for sending.
CREATE TABLE ses_account (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  facts BLOB NOT NULL,           -- JSON of Account
  PRIMARY KEY (account, region)
) STRICT, WITHOUT ROWID;

-- Recipients of mails sent, by minute of the last 24 hours.
CREATE TABLE ses_send_count (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  minute INTEGER NOT NULL,       -- of the epoch
  recipients INTEGER NOT NULL,
  PRIMARY KEY (account, region, minute)
) STRICT, WITHOUT ROWID;

-- Recipients of mails sent in the last second in which there were any.
CREATE TABLE ses_send_rate (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  second INTEGER NOT NULL,       -- of the epoch
  recipients INTEGER NOT NULL,
  PRIMARY KEY (account, region)
) STRICT, WITHOUT ROWID;

-- Templates of mails.
CREATE TABLE ses_template (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  content BLOB NOT NULL,         -- JSON of Template
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

-- Templates of verification mails.
CREATE TABLE ses_custom_verification_template (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  content BLOB NOT NULL,         -- JSON of CustomVerificationTemplate
  PRIMARY KEY (account, region, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_export_job (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  job_id TEXT NOT NULL,          -- begins with its time
  job BLOB NOT NULL,             -- JSON: source, format, status, counts
  PRIMARY KEY (account, region, job_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE ses_export_file (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  job_id TEXT NOT NULL,
  content BLOB NOT NULL,
  PRIMARY KEY (account, region, job_id)
) STRICT;

CREATE TABLE ses_import_job (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  job_id TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  job BLOB NOT NULL,             -- JSON: destination, source, status, counts
  PRIMARY KEY (account, region, job_id)
) STRICT, WITHOUT ROWID;
