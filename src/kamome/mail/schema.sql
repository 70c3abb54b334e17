-- Mails as they were received. `mail` changes never; the content lies apart.
CREATE TABLE mail (
  mail_id TEXT NOT NULL PRIMARY KEY,
  received_at_ms INTEGER NOT NULL,
  reverse_path TEXT NOT NULL,
  recipients BLOB NOT NULL,      -- JSON list of the envelope's recipients, in order
  helo TEXT NOT NULL,
  client_ip TEXT NOT NULL,
  tls TEXT NOT NULL,             -- protocol version, empty on a plain connection
  is_smtputf8 INTEGER NOT NULL,
  raw_bytes INTEGER NOT NULL,
  trace TEXT NOT NULL,
  checks BLOB NOT NULL           -- JSON: what SPF, DKIM, DMARC and the scanners said
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_received ON mail (received_at_ms, mail_id);

-- The content: inline up to 100 KB, as a file above (then `blob_id` is set and `content` is empty).
CREATE TABLE mail_content (
  mail_id TEXT NOT NULL PRIMARY KEY,
  blob_id TEXT,
  content BLOB NOT NULL
) STRICT;

-- The spool: mails that leave. Addresses of a mail never change; how its recipients stand does.
CREATE TABLE outgoing_mail (
  mail_id TEXT NOT NULL PRIMARY KEY,
  owner TEXT NOT NULL,
  reverse_path TEXT NOT NULL,
  queued_at_ms INTEGER NOT NULL,
  is_smtputf8 INTEGER NOT NULL,
  requires_tls INTEGER NOT NULL,
  max_age_ms INTEGER NOT NULL,
  trace TEXT NOT NULL,
  content_bytes INTEGER NOT NULL,
  give_up_at_ms INTEGER NOT NULL  -- tried until then; a release moves it
) STRICT, WITHOUT ROWID;
CREATE INDEX outgoing_mail_queued ON outgoing_mail (queued_at_ms, mail_id);

-- Kept until every recipient is settled, and as long as the mail where one is captured.
CREATE TABLE outgoing_content (
  mail_id TEXT NOT NULL PRIMARY KEY,
  blob_id TEXT,
  content BLOB NOT NULL
) STRICT;

CREATE TABLE outgoing_recipient (
  mail_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  recipient TEXT NOT NULL,
  domain TEXT NOT NULL,           -- lower case, A-labels
  state TEXT NOT NULL,            -- waiting, sending, captured, delivered, bounced, expired
  transport TEXT NOT NULL,        -- asked for by a release, or used; empty: the server's
  attempts INTEGER NOT NULL,
  due_ms INTEGER NOT NULL,
  last_at_ms INTEGER NOT NULL,
  code INTEGER NOT NULL,
  enhanced TEXT NOT NULL,
  text TEXT NOT NULL,
  remote_host TEXT NOT NULL,
  remote_ip TEXT NOT NULL,
  PRIMARY KEY (mail_id, ordinal)
) STRICT, WITHOUT ROWID;
CREATE INDEX outgoing_recipient_due ON outgoing_recipient (domain, due_ms, mail_id, ordinal)
  WHERE state = 'waiting';
-- What a crash has interrupted; empty but for what is under way.
CREATE INDEX outgoing_recipient_sending ON outgoing_recipient (mail_id, ordinal)
  WHERE state = 'sending';

-- Domains for which mail waits, and the earliest moment of each.
CREATE TABLE outgoing_lane (
  domain TEXT NOT NULL PRIMARY KEY,
  due_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX outgoing_lane_due ON outgoing_lane (due_ms, domain);

-- Who has tried to send what to whom; a row that `is_known` has waited as it was told.
CREATE TABLE mail_greylist (
  triplet TEXT NOT NULL PRIMARY KEY,   -- the client's network, reverse path, recipient
  first_seen_ms INTEGER NOT NULL,
  is_known INTEGER NOT NULL,
  expires_at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_greylist_expiry ON mail_greylist (expires_at_ms, triplet);

-- MTA-STS policies of domains that mail has gone to, for as long as they say.
CREATE TABLE mta_sts_policy (
  domain TEXT NOT NULL PRIMARY KEY,
  policy_id TEXT NOT NULL,
  mode TEXT NOT NULL,
  mx BLOB NOT NULL,              -- JSON list of patterns
  max_age_s INTEGER NOT NULL,
  until_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mta_sts_policy_until ON mta_sts_policy (until_ms);
