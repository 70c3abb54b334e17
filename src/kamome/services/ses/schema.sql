-- Identities that an account has asked to verify.
CREATE TABLE ses_identity (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  identity TEXT NOT NULL,        -- a domain in lower case
  type TEXT NOT NULL,            -- 'Domain'
  status TEXT NOT NULL,          -- AWS's VerificationStatus
  token TEXT NOT NULL,
  PRIMARY KEY (account, region, identity)
) STRICT, WITHOUT ROWID;
-- Mail names a domain and nobody's account.
CREATE INDEX ses_identity_name ON ses_identity (identity, status, account, region);

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
