-- Bucket names are unique within a partition, across accounts and regions.
CREATE TABLE s3_bucket (
  partition TEXT NOT NULL,
  name TEXT NOT NULL,
  bucket_id TEXT NOT NULL,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
  -- '' (never versioned), 'Enabled' or 'Suspended'; whether object lock is on.
  versioning TEXT NOT NULL DEFAULT '',
  is_locking INTEGER NOT NULL DEFAULT 0,
  -- Where it is not SSE-S3: algorithm, key of KMS (maybe empty) and 1 or 0 for a bucket key.
  default_encryption TEXT NOT NULL DEFAULT '',
  PRIMARY KEY (partition, name)
) STRICT;
CREATE INDEX s3_bucket_owner ON s3_bucket (partition, account, name);

-- The last sequencer given to an event of the bucket; a row of its own because it changes often.
CREATE TABLE s3_sequence (
  bucket_id TEXT NOT NULL PRIMARY KEY,
  last INTEGER NOT NULL
) STRICT;

-- Destinations of a bucket's events, as JSON.
CREATE TABLE s3_notification (
  bucket_id TEXT NOT NULL PRIMARY KEY,
  destinations BLOB NOT NULL
) STRICT;

-- Keys are their UTF-8 bytes, so that SQLite's memcmp order is S3's.
CREATE TABLE s3_object (
  bucket_id TEXT NOT NULL,
  key BLOB NOT NULL,
  body_id TEXT NOT NULL,
  size INTEGER NOT NULL,
  etag TEXT NOT NULL,
  last_modified_ms INTEGER NOT NULL,
  storage_class TEXT NOT NULL,
  checksum_algorithm TEXT NOT NULL,
  checksum TEXT NOT NULL,
  tagging TEXT NOT NULL,
  attributes BLOB NOT NULL,
  -- `rank` is the negative of a growing number, so that newer versions of a key come first.
  version_id TEXT NOT NULL DEFAULT 'null',
  rank INTEGER NOT NULL DEFAULT 0,
  checksum_type TEXT NOT NULL DEFAULT 'FULL_OBJECT',
  part_count INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (bucket_id, key)
) STRICT;

-- Where the bytes of an object are: here, or in a file. `crcs` holds a CRC-32C of each block.
CREATE TABLE s3_body (
  body_id TEXT NOT NULL PRIMARY KEY,
  content BLOB,
  blob_id TEXT,
  crcs BLOB NOT NULL,
  -- AES-CTR's first counter block, where the bytes are encrypted.
  nonce BLOB NOT NULL DEFAULT x''
) STRICT;

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
