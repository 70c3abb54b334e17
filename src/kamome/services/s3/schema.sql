-- Bucket names are unique within a partition, across accounts and regions.
CREATE TABLE s3_bucket (
  partition TEXT NOT NULL,
  name TEXT NOT NULL,
  bucket_id TEXT NOT NULL,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  created_at_ms INTEGER NOT NULL,
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
  PRIMARY KEY (bucket_id, key)
) STRICT;

-- Where the bytes of an object are: here, or in a file. `crcs` holds a CRC-32C of each block.
CREATE TABLE s3_body (
  body_id TEXT NOT NULL PRIMARY KEY,
  content BLOB,
  blob_id TEXT,
  crcs BLOB NOT NULL
) STRICT;
