"""The signing identity of this server: made when first needed, kept in the store, loaded once."""

from __future__ import annotations

import asyncio

from kamome.clock import Clock
from kamome.ids import Ids
from kamome.services.sns.signing import SigningIdentity, SigningKey, make_identity
from kamome.services.sns.store import SnsStore

# A serial number is positive and at most 20 octets. RFC 5280 §4.1.2.2.
_SERIAL_BYTES = 20


class Signer:
    """Signs with the one identity. Making it takes 0.1 s, once for a data directory."""

    def __init__(self, store: SnsStore, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._clock = clock
        self._ids = ids
        self._key: SigningKey | None = None
        self._identity: SigningIdentity | None = None
        self._is_sure = False
        store.engine.on_rollback(self._doubt)

    async def prepare(self) -> None:
        """Make the identity in a thread where there is none. Await it before a step begins.

        AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages.
        """
        if self._key is not None or self._store.identity() is not None:
            return
        identity = await asyncio.to_thread(make_identity, self._clock.now_ms(), self._serial())
        self._store.keep_identity(identity)

    def sign(self, canonical: str, version: str) -> str:
        """Base64 of the signature over a canonical string; `version` is the topic's.

        AWS: SNS API Reference, SetTopicAttributes (SignatureVersion).
        """
        return self._loaded().sign(canonical, version)

    def certificate_path(self) -> str:
        """Where the certificate is served: `/SimpleNotificationService-<32 hex digits>.pem`.

        AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages.
        """
        return self._loaded().certificate_path

    def certificate(self, path: str) -> bytes | None:
        """The PEM to serve at a path, or None where the path is not the certificate's.

        AWS: SNS Developer Guide, Verifying the signatures of Amazon SNS messages.
        """
        identity = self._store.identity()
        if identity is None or identity.certificate_path != path:
            return None
        return identity.certificate

    def _loaded(self) -> SigningKey:
        if self._key is None or not self._is_sure:
            identity = self._kept()
            if self._key is None or identity != self._identity:
                self._key = SigningKey(identity)
            self._identity = identity
            self._is_sure = True
        return self._key

    def _kept(self) -> SigningIdentity:
        """The identity; made here only if `prepare` has never run on this store."""
        if self._store.identity() is None:
            self._store.keep_identity(make_identity(self._clock.now_ms(), self._serial()))
        identity = self._store.identity()
        assert identity is not None
        return identity

    def _serial(self) -> int:
        return int.from_bytes(self._ids.bytes(_SERIAL_BYTES), "big") >> 1 or 1

    def _doubt(self) -> None:
        """Statements were undone, perhaps the one that kept the identity: compare it again."""
        self._is_sure = False
