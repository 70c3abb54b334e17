"""SQL of layers."""

from __future__ import annotations

from typing import cast

import msgspec
import orjson

from kamome.services.lambda_.functions.function_configuration import Code
from kamome.storage.engine import Engine, Row

_LAYER = (
    "account, region, name, version, facts, code_blob_id, code_sha256, code_size, created_at_ms"
)

# All by primary key, pages in its order.
INSERT_LAYER = f"""
INSERT INTO lambda_layer_version ({_LAYER}, is_deleted) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)
"""
SELECT_NUMBER = """
SELECT coalesce(max(version), 0) FROM lambda_layer_version
WHERE account = ? AND region = ? AND name = ?
"""
SELECT_LAYER = f"""
SELECT {_LAYER}, is_deleted FROM lambda_layer_version
WHERE account = ? AND region = ? AND name = ? AND version = ?
"""
SELECT_VERSIONS = f"""
SELECT {_LAYER}, is_deleted FROM lambda_layer_version
WHERE account = ? AND region = ? AND name = ? AND version < ? AND is_deleted = 0
ORDER BY version DESC LIMIT ?
"""
SELECT_LATEST = f"""
SELECT {_LAYER}, is_deleted FROM lambda_layer_version
WHERE account = ? AND region = ? AND name > ? AND is_deleted = 0
ORDER BY name, version DESC LIMIT 1
"""
MARK_DELETED = """
UPDATE lambda_layer_version SET is_deleted = 1
WHERE account = ? AND region = ? AND name = ? AND version = ?
"""
# Index lambda_layer_code.
SELECT_CODE = """
SELECT code_blob_id, code_sha256, code_size FROM lambda_layer_version WHERE code_sha256 = ? LIMIT 1
"""


class LayerFacts(msgspec.Struct, frozen=True):
    """What the publisher says of a layer version."""

    description: str = ""
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    licence: str = ""


class LayerVersion(msgspec.Struct, frozen=True):
    """One published version of a layer."""

    account: str
    region: str
    name: str
    version: int
    facts: LayerFacts
    code: Code
    created_at_ms: int
    is_deleted: bool = False

    @property
    def layer_arn(self) -> str:
        """ARN of the layer, without the version."""
        return f"arn:aws:lambda:{self.region}:{self.account}:layer:{self.name}"

    @property
    def arn(self) -> str:
        """ARN of this version."""
        return f"{self.layer_arn}:{self.version}"


class LayerStore(msgspec.Struct, frozen=True):
    """Layer versions of all accounts and Regions."""

    engine: Engine

    def next_number(self, account: str, region: str, name: str) -> int:
        """The number of the layer's next version; deleted ones keep theirs."""
        row = self.engine.one(SELECT_NUMBER, (account, region, name))
        assert row is not None
        return cast("int", row[0]) + 1

    def insert(self, layer: LayerVersion) -> None:
        """Keep a new version."""
        facts = orjson.dumps(msgspec.to_builtins(layer.facts)).decode()
        key = (layer.account, layer.region, layer.name, layer.version, facts)
        code = layer.code
        values = (code.blob_id, code.sha256, code.size, layer.created_at_ms)
        self.engine.write(INSERT_LAYER, (*key, *values))

    def find(self, account: str, region: str, name: str, version: int) -> LayerVersion | None:
        """A version, deleted or not."""
        row = self.engine.one(SELECT_LAYER, (account, region, name, version))
        return None if row is None else _layer(row)

    def versions(
        self, scope: tuple[str, str], name: str, before: int, limit: int
    ) -> list[LayerVersion]:
        """Versions of a layer that are not deleted, the newest first."""
        values = (*scope, name, before, limit)
        return [_layer(row) for row in self.engine.all(SELECT_VERSIONS, values)]

    def next_layer(self, account: str, region: str, after: str) -> LayerVersion | None:
        """The newest version of the first layer after a name."""
        row = self.engine.one(SELECT_LATEST, (account, region, after))
        return None if row is None else _layer(row)

    def mark_deleted(self, layer: LayerVersion) -> None:
        """Show a version to nobody any more."""
        key = (layer.account, layer.region, layer.name, layer.version)
        self.engine.write(MARK_DELETED, key)

    def find_code(self, sha256: str) -> Code | None:
        """A layer's archive by its `CodeSha256`."""
        row = self.engine.one(SELECT_CODE, (sha256,))
        return None if row is None else Code(str(row[0]), str(row[1]), cast("int", row[2]))


def _layer(row: Row) -> LayerVersion:
    account, region, name, version, facts, blob_id, sha256, size, at_ms, is_deleted = row
    assert isinstance(facts, str)
    return LayerVersion(
        str(account),
        str(region),
        str(name),
        cast("int", version),
        msgspec.json.decode(facts, type=LayerFacts),
        Code(str(blob_id), str(sha256), cast("int", size)),
        cast("int", at_ms),
        bool(is_deleted),
    )
