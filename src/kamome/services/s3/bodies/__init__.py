"""The bytes of objects: on their way in and out, their digests, their verification."""
