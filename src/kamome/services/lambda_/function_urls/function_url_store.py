"""SQL of function URLs."""

from __future__ import annotations

from typing import cast

import msgspec
import orjson

from kamome.services.lambda_.function_urls.function_url_rules import FunctionUrl, UrlSettings
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.storage.engine import Engine, Row

_URL = "url_id, account, region, name, qualifier, settings, created_at_ms, modified_at_ms"

# Index lambda_function_url_of decides between two that create the same one.
INSERT_URL = f"""
INSERT INTO lambda_function_url ({_URL}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (account, region, name, qualifier) DO NOTHING RETURNING 1
"""
# By primary key.
UPDATE_URL = """
UPDATE lambda_function_url SET settings = ?, modified_at_ms = ? WHERE url_id = ?
"""
SELECT_URL = f"SELECT {_URL} FROM lambda_function_url WHERE url_id = ?"
# All by index lambda_function_url_of, pages in its order.
SELECT_URL_OF = f"""
SELECT {_URL} FROM lambda_function_url
WHERE account = ? AND region = ? AND name = ? AND qualifier = ?
"""
SELECT_URLS_OF = f"""
SELECT {_URL} FROM lambda_function_url
WHERE account = ? AND region = ? AND name = ? AND qualifier > ? ORDER BY qualifier LIMIT ?
"""
DELETE_URL_OF = """
DELETE FROM lambda_function_url WHERE account = ? AND region = ? AND name = ? AND qualifier = ?
RETURNING 1
"""
DELETE_URLS_OF = "DELETE FROM lambda_function_url WHERE account = ? AND region = ? AND name = ?"


class FunctionUrlStore(msgspec.Struct, frozen=True):
    """URLs of all functions."""

    engine: Engine

    def insert(self, url: FunctionUrl) -> bool:
        """Keep a new URL; False where the function or alias has one."""
        values = (
            *_key(url.function),
            _settings(url.settings),
            url.created_at_ms,
            url.modified_at_ms,
        )
        return bool(self.engine.write_returning(INSERT_URL, (url.url_id, *values)))

    def update(self, url: FunctionUrl) -> None:
        """Keep changed settings."""
        values = (_settings(url.settings), url.modified_at_ms, url.url_id)
        self.engine.write(UPDATE_URL, values)

    def find(self, url_id: str) -> FunctionUrl | None:
        """A URL by the first label of its host."""
        row = self.engine.one(SELECT_URL, (url_id,))
        return None if row is None else _url(row)

    def find_of(self, named: FunctionName) -> FunctionUrl | None:
        """The URL of a function, or of one of its aliases."""
        row = self.engine.one(SELECT_URL_OF, _key(named))
        return None if row is None else _url(row)

    def page(self, named: FunctionName, after: str, limit: int) -> list[FunctionUrl]:
        """URLs of the aliases of a function after one of them, by name."""
        values = (named.account, named.region, named.name, after, limit)
        return [_url(row) for row in self.engine.all(SELECT_URLS_OF, values)]

    def delete(self, named: FunctionName) -> bool:
        """Forget the URL of a function or an alias; whether there was one."""
        return bool(self.engine.write_returning(DELETE_URL_OF, _key(named)))

    def delete_all(self, named: FunctionName) -> None:
        """Forget the URLs of a function and its aliases."""
        self.engine.write(DELETE_URLS_OF, (named.account, named.region, named.name))


def _key(named: FunctionName) -> tuple[str, str, str, str]:
    return named.account, named.region, named.name, named.qualifier


def _settings(settings: UrlSettings) -> str:
    return orjson.dumps(msgspec.to_builtins(settings)).decode()


def _url(row: Row) -> FunctionUrl:
    url_id, account, region, name, qualifier, settings, created_at_ms, modified_at_ms = row
    assert isinstance(settings, str)
    return FunctionUrl(
        str(url_id),
        FunctionName(str(account), str(region), str(name), str(qualifier)),
        msgspec.json.decode(settings, type=UrlSettings),
        cast("int", created_at_ms),
        cast("int", modified_at_ms),
    )
