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
  trace TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX mail_received ON mail (received_at_ms, mail_id);

-- The content: inline up to 100 KB, as a file above (then `blob_id` is set and `content` is empty).
CREATE TABLE mail_content (
  mail_id TEXT NOT NULL PRIMARY KEY,
  blob_id TEXT,
  content BLOB NOT NULL
) STRICT;
