-- '' (never versioned), 'Enabled' or 'Suspended'; whether object lock is on.
ALTER TABLE s3_bucket ADD COLUMN versioning TEXT NOT NULL DEFAULT '';
ALTER TABLE s3_bucket ADD COLUMN is_locking INTEGER NOT NULL DEFAULT 0;
-- Where it is not SSE-S3: algorithm, key of KMS (maybe empty) and 1 or 0 for a bucket key.
ALTER TABLE s3_bucket ADD COLUMN default_encryption TEXT NOT NULL DEFAULT '';

-- `rank` is the negative of a growing number, so that newer versions of a key come first.
ALTER TABLE s3_object ADD COLUMN version_id TEXT NOT NULL DEFAULT 'null';
ALTER TABLE s3_object ADD COLUMN rank INTEGER NOT NULL DEFAULT 0;
ALTER TABLE s3_object ADD COLUMN checksum_type TEXT NOT NULL DEFAULT 'FULL_OBJECT';
ALTER TABLE s3_object ADD COLUMN part_count INTEGER NOT NULL DEFAULT 0;

-- AES-CTR's first counter block, where the bytes are encrypted with a customer's key.
ALTER TABLE s3_body ADD COLUMN nonce BLOB NOT NULL DEFAULT x'';

-- What is not the current object of its key: older versions, and all delete markers.
CREATE TABLE s3_version (
  bucket_id TEXT NOT NULL,
  key BLOB NOT NULL,
  rank INTEGER NOT NULL,
  version_id TEXT NOT NULL,
  is_delete_marker INTEGER NOT NULL,
  noncurrent_at_ms INTEGER NOT NULL,
  body_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  last_modified_ms INTEGER NOT NULL,
  storage_class TEXT NOT NULL,
  checksum_algorithm TEXT NOT NULL,
  checksum TEXT NOT NULL,
  tagging TEXT NOT NULL,
  attributes BLOB NOT NULL,
  checksum_type TEXT NOT NULL,
  part_count INTEGER NOT NULL,
  PRIMARY KEY (bucket_id, key, rank)
) STRICT;
CREATE UNIQUE INDEX s3_version_id ON s3_version (bucket_id, key, version_id);

-- The parts of a body that was uploaded in parts; each has a body of its own.
CREATE TABLE s3_body_part (
  body_id TEXT NOT NULL,
  part_number INTEGER NOT NULL,
  first INTEGER NOT NULL,
  size INTEGER NOT NULL,
  part_body_id TEXT NOT NULL,
  checksum TEXT NOT NULL,
  PRIMARY KEY (body_id, part_number)
) STRICT;

-- Multipart uploads under way, and their parts.
CREATE TABLE s3_upload (
  bucket_id TEXT NOT NULL,
  key BLOB NOT NULL,
  upload_id TEXT NOT NULL,
  initiated_at_ms INTEGER NOT NULL,
  storage_class TEXT NOT NULL,
  checksum_algorithm TEXT NOT NULL,
  checksum_type TEXT NOT NULL,
  tagging TEXT NOT NULL,
  attributes BLOB NOT NULL,
  PRIMARY KEY (bucket_id, key, upload_id)
) STRICT;
CREATE TABLE s3_part (
  upload_id TEXT NOT NULL,
  part_number INTEGER NOT NULL,
  body_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  checksum TEXT NOT NULL,
  last_modified_ms INTEGER NOT NULL,
  PRIMARY KEY (upload_id, part_number)
) STRICT;

-- A bucket's configurations as JSON; `id` where there can be several of a kind.
CREATE TABLE s3_setting (
  bucket_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  id TEXT NOT NULL,
  document BLOB NOT NULL,
  PRIMARY KEY (bucket_id, kind, id)
) STRICT;
CREATE INDEX s3_setting_kind ON s3_setting (kind, bucket_id);

-- Lines of request logs that wait until a log object is made of them.
CREATE TABLE s3_log_line (
  bucket_id TEXT NOT NULL,
  number INTEGER NOT NULL,
  line TEXT NOT NULL,
  PRIMARY KEY (bucket_id, number)
) STRICT;
