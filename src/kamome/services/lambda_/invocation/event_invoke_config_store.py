"""SQL of the configurations for asynchronous invocation."""

from __future__ import annotations

from typing import cast

import msgspec
import orjson

from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.limits import EVENT_AGE_S_MAX, EVENT_RETRIES_MAX
from kamome.storage.engine import Engine, Row

# All by primary key.
UPSERT_CONFIG = """
INSERT INTO lambda_event_invoke_config
  (account, region, name, qualifier, settings, modified_at_ms) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name, qualifier)
DO UPDATE SET settings = excluded.settings, modified_at_ms = excluded.modified_at_ms
"""
SELECT_CONFIG = """
SELECT qualifier, settings, modified_at_ms FROM lambda_event_invoke_config
WHERE account = ? AND region = ? AND name = ? AND qualifier = ?
"""
SELECT_CONFIGS = """
SELECT qualifier, settings, modified_at_ms FROM lambda_event_invoke_config
WHERE account = ? AND region = ? AND name = ? AND qualifier > ? ORDER BY qualifier LIMIT ?
"""
DELETE_CONFIG = """
DELETE FROM lambda_event_invoke_config
WHERE account = ? AND region = ? AND name = ? AND qualifier = ?
"""
DELETE_CONFIGS = """
DELETE FROM lambda_event_invoke_config WHERE account = ? AND region = ? AND name = ?
"""


class EventInvokeSettings(msgspec.Struct, frozen=True):
    """What a caller sets, with AWS's defaults filled in. An empty destination is none."""

    maximum_retry_attempts: int = EVENT_RETRIES_MAX
    maximum_event_age_s: int = EVENT_AGE_S_MAX
    on_success: str = ""
    on_failure: str = ""


class EventInvokeConfig(msgspec.Struct, frozen=True):
    """The settings of one qualifier: `$LATEST`, a version or an alias."""

    qualifier: str
    settings: EventInvokeSettings
    modified_at_ms: int


class EventInvokeConfigStore(msgspec.Struct, frozen=True):
    """Configurations of all accounts and Regions. Names carry their qualifier."""

    engine: Engine

    def put(self, named: FunctionName, config: EventInvokeConfig) -> None:
        """Keep the configuration of a qualifier, new or changed."""
        settings = orjson.dumps(msgspec.to_builtins(config.settings)).decode()
        values = (named.account, named.region, named.name, config.qualifier)
        self.engine.write(UPSERT_CONFIG, (*values, settings, config.modified_at_ms))

    def find(self, named: FunctionName) -> EventInvokeConfig | None:
        """The configuration of a qualifier."""
        values = (named.account, named.region, named.name, named.qualifier)
        row = self.engine.one(SELECT_CONFIG, values)
        return None if row is None else _config(row)

    def page(self, named: FunctionName, after: str, limit: int) -> list[EventInvokeConfig]:
        """Configurations of a function, by qualifier."""
        values = (named.account, named.region, named.name, after, limit)
        return [_config(row) for row in self.engine.all(SELECT_CONFIGS, values)]

    def delete(self, named: FunctionName) -> None:
        """Forget the configuration of a qualifier."""
        values = (named.account, named.region, named.name, named.qualifier)
        self.engine.write(DELETE_CONFIG, values)

    def delete_all(self, named: FunctionName) -> None:
        """Forget the configurations of a function."""
        self.engine.write(DELETE_CONFIGS, (named.account, named.region, named.name))


def _config(row: Row) -> EventInvokeConfig:
    qualifier, settings, modified_at_ms = row
    assert isinstance(settings, str)
    return EventInvokeConfig(
        str(qualifier),
        EventInvokeSettings(**orjson.loads(settings)),
        cast("int", modified_at_ms),
    )
