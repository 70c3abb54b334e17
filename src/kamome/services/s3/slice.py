"""What the operations of S3 work with."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.services.s3.encryption.data_keys import BucketKeys
from kamome.services.s3.logging.log_store import LoggedBuckets
from kamome.services.s3.ports import Ports
from kamome.services.s3.store import S3Store
from kamome.storage.blobs import Blobs
from kamome.storage.outbox import Outbox


class S3(msgspec.Struct, frozen=True):
    """The slice. `blobs` hold bodies that are too large for the database."""

    store: S3Store
    blobs: Blobs
    clock: Clock
    ids: Ids
    outbox: Outbox
    ports: Ports
    journeys: Journeys
    logged_buckets: LoggedBuckets = msgspec.field(default_factory=LoggedBuckets)
    bucket_keys: BucketKeys = msgspec.field(default_factory=BucketKeys)

    def __post_init__(self) -> None:
        self.store.when_undone(self.bucket_keys.clear)
