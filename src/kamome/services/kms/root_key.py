"""The root key: key material lies in the database only wrapped under it.

It is 32 random octets in a file of its own in the data directory (`kms/root.key`, mode 0600), made
with the first key. So the database alone (a copy, a backup, the log of a disk) gives away no key;
who reads the whole data directory has them all, as he has the server. A root key that is missing is
never replaced while something is wrapped under it.

AWS: KMS Cryptographic Details, Hierarchy of KMS keys. NIST SP 800-38D.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from pathlib import Path

from kamome.ids import Ids
from kamome.services.kms.errors import KMSInternalException
from kamome.storage.wal_sync import sync_folder

_FILE = "root.key"
_KEY_BYTES = 32
_NONCE_BYTES = 12
# A wrapped text begins with these octets of the root key's hash: which root key it needs.
_MARK_BYTES = 8


class RootKey:
    """Wraps and unwraps key material. `folder` makes its folder when it is first asked."""

    def __init__(
        self, folder: Callable[[], Path], ids: Ids, is_something_wrapped: Callable[[], bool]
    ) -> None:
        self._folder = folder
        self._ids = ids
        self._is_something_wrapped = is_something_wrapped
        self._key: bytes | None = None

    def wrap(self, material: bytes, name: str) -> bytes:
        """Key material as it is kept; `name` says whose it is and is needed again.

        The file of the root key is durable before anything wrapped under it can be.

        Raises:
            KMSInternalException: the root key is missing, and other keys are wrapped under it.

        AWS: KMS Cryptographic Details, Hierarchy of KMS keys.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._loaded() or self._make()
        nonce = self._ids.bytes(_NONCE_BYTES)
        return _mark(key) + nonce + AESGCM(key).encrypt(nonce, material, name.encode())

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """What was wrapped under that name.

        Raises:
            KMSInternalException: the root key is missing or another one, or the text is damaged.

        AWS: KMS Cryptographic Details, Hierarchy of KMS keys.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        key = self._loaded()
        if key is None or wrapped[:_MARK_BYTES] != _mark(key):
            raise _missing()
        nonce_end = _MARK_BYTES + _NONCE_BYTES
        try:
            return AESGCM(key).decrypt(
                wrapped[_MARK_BYTES:nonce_end], wrapped[nonce_end:], name.encode()
            )
        except InvalidTag:
            raise KMSInternalException("Key material is damaged.") from None

    def fingerprint(self, material: bytes, name: str) -> str:
        """64 hexadecimal digits by which a key knows its material again; they tell nothing of it.

        Raises:
            KMSInternalException: as `wrap`.

        AWS: KMS API Reference, ImportKeyMaterial (KeyMaterialId).
        """
        key = self._loaded() or self._make()
        return hmac.digest(key, name.encode() + b"\0" + material, "sha256").hex()

    def _loaded(self) -> bytes | None:
        if self._key is None:
            path = self._folder() / _FILE
            if not path.exists():
                return None
            key = path.read_bytes()
            if len(key) != _KEY_BYTES:
                raise KMSInternalException(f"{_FILE} in the folder kms is damaged.")
            self._key = key
        return self._key

    def _make(self) -> bytes:
        """A new root key, on the disk before it is used."""
        if self._is_something_wrapped():
            raise _missing()
        key = self._ids.bytes(_KEY_BYTES)
        try:
            _write(self._folder(), key)
        except OSError as error:
            raise KMSInternalException(f"{_FILE} cannot be written: {error.strerror}.") from error
        self._key = key
        return key


def _write(folder: Path, key: bytes) -> None:
    """All of the file or nothing, its name included."""
    unfinished = folder / f"{_FILE}.new"
    file = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        os.write(file, key)
        os.fsync(file)
    finally:
        os.close(file)
    unfinished.rename(folder / _FILE)
    sync_folder(folder)


def _mark(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()[:_MARK_BYTES]


def _missing() -> KMSInternalException:
    return KMSInternalException(
        f"Key material cannot be read: {_FILE} in the folder kms of the data directory is missing,"
        " or not the one that it was written with."
    )
