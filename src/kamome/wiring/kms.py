"""KMS asks nobody for anything. What others ask of it is in `services/kms/data_keys.py`."""

from __future__ import annotations

from kamome.services.kms.root_key import RootKey
from kamome.services.kms.slice import DELETE_KIND, EXPIRE_KIND, ROTATE_KIND, Kms
from kamome.services.kms.store import Store
from kamome.storage.outbox import Entry, Outbox
from kamome.wiring.kernel import Kernel
from kamome.wiring.settings import SliceSettings


def make(kernel: Kernel, settings: SliceSettings) -> Kms:
    """The slice."""
    store = Store(kernel.engine)
    root_key = RootKey(settings.kms_folder, kernel.ids, store.has_material)
    return Kms(store, kernel.clock, kernel.ids, kernel.outbox, root_key)


def register(outbox: Outbox, kms: Kms) -> None:
    """Name the handlers of its outbox entries. Imported when the first is due."""

    def rotate_key(entry: Entry) -> None:
        from kamome.services.kms import rotation_operations

        rotation_operations.rotate_key(kms, entry)

    def delete_key(entry: Entry) -> None:
        from kamome.services.kms import key_operations

        key_operations.delete_key(kms, entry)

    def expire_material(entry: Entry) -> None:
        from kamome.services.kms import import_operations

        import_operations.expire_material(kms, entry)

    outbox.register(EXPIRE_KIND, expire_material)
    outbox.register(ROTATE_KIND, rotate_key)
    outbox.register(DELETE_KIND, delete_key)
