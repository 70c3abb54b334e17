"""Amazon S3: buckets, objects, listings and event notifications."""
