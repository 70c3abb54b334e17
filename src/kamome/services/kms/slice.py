"""What KMS's operations need: store, clock, ids, outbox, the root key."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.services.kms.root_key import RootKey
from kamome.services.kms.store import Store
from kamome.storage.outbox import Outbox

# What comes later: key material is rotated or expires, a key is deleted.
ROTATE_KIND = "kms.rotate_key"
DELETE_KIND = "kms.delete_key"
EXPIRE_KIND = "kms.expire_material"


class Kms(msgspec.Struct, frozen=True):
    """The KMS slice."""

    store: Store
    clock: Clock
    ids: Ids
    outbox: Outbox
    root_key: RootKey
