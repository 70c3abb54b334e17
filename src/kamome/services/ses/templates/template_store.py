"""Templates in the store: those of mails, and those of verification mails."""

from __future__ import annotations

import msgspec

from kamome.services.ses.store import Owner
from kamome.storage.engine import Engine

# All by the primary key of ses_template, or a range of it.
INSERT_TEMPLATE = """
INSERT INTO ses_template (account, region, name, created_at_ms, content) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (account, region, name) DO NOTHING
"""
UPDATE_TEMPLATE = """
UPDATE ses_template SET content = ? WHERE account = ? AND region = ? AND name = ?
"""
SELECT_TEMPLATE = "SELECT content FROM ses_template WHERE account = ? AND region = ? AND name = ?"
SELECT_TEMPLATES = """
SELECT name, created_at_ms FROM ses_template
WHERE account = ? AND region = ? AND name > ? ORDER BY name LIMIT ?
"""
COUNT_TEMPLATES = "SELECT count(*) FROM ses_template WHERE account = ? AND region = ?"
DELETE_TEMPLATE = "DELETE FROM ses_template WHERE account = ? AND region = ? AND name = ?"
# All by the primary key of ses_custom_verification_template, or a range of it.
INSERT_CUSTOM = """
INSERT INTO ses_custom_verification_template (account, region, name, content) VALUES (?, ?, ?, ?)
ON CONFLICT (account, region, name) DO NOTHING
"""
UPDATE_CUSTOM = """
UPDATE ses_custom_verification_template SET content = ?
WHERE account = ? AND region = ? AND name = ?
"""
SELECT_CUSTOM = """
SELECT content FROM ses_custom_verification_template
WHERE account = ? AND region = ? AND name = ?
"""
SELECT_CUSTOMS = """
SELECT content FROM ses_custom_verification_template
WHERE account = ? AND region = ? AND name > ? ORDER BY name LIMIT ?
"""
COUNT_CUSTOMS = """
SELECT count(*) FROM ses_custom_verification_template WHERE account = ? AND region = ?
"""
DELETE_CUSTOM = """
DELETE FROM ses_custom_verification_template WHERE account = ? AND region = ? AND name = ?
"""


class Template(msgspec.Struct, frozen=True):
    """A template of mails. A part that it does not have is None."""

    name: str
    subject: str | None = None
    text: str | None = None
    html: str | None = None


class CustomVerificationTemplate(msgspec.Struct, frozen=True):
    """A template of verification mails: sender, subject, HTML, and where the link leads on to."""

    name: str
    source: str
    subject: str
    content: str
    success_url: str
    failure_url: str


class TemplateStore:
    """All rows of templates. Writes join the open step."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def add(self, owner: Owner, template: Template, created_at_ms: int) -> bool:
        """Keep a new template; False where there is one of its name."""
        row = (owner.account, owner.region, template.name, created_at_ms)
        return self._engine.write(INSERT_TEMPLATE, (*row, msgspec.json.encode(template))) == 1

    def change(self, owner: Owner, template: Template) -> bool:
        """Replace a template; False where there is none of its name."""
        key = (owner.account, owner.region, template.name)
        return self._engine.write(UPDATE_TEMPLATE, (msgspec.json.encode(template), *key)) == 1

    def find(self, owner: Owner, name: str) -> Template | None:
        """A template by its name."""
        row = self._engine.one(SELECT_TEMPLATE, (owner.account, owner.region, name))
        if row is None:
            return None
        assert isinstance(row[0], bytes)
        return msgspec.json.decode(row[0], type=Template)

    def page(self, owner: Owner, after: str, limit: int) -> list[tuple[str, int]]:
        """Names and times of making, by name, those behind `after`."""
        found = []
        values = (owner.account, owner.region, after, limit)
        for name, created_at_ms in self._engine.all(SELECT_TEMPLATES, values):
            assert isinstance(created_at_ms, int)
            found.append((str(name), created_at_ms))
        return found

    def count(self, owner: Owner) -> int:
        """How many templates the account has in the region."""
        return self._count(COUNT_TEMPLATES, owner)

    def delete(self, owner: Owner, name: str) -> bool:
        """Forget a template; False where there was none."""
        return self._engine.write(DELETE_TEMPLATE, (owner.account, owner.region, name)) == 1

    # ------------------------------------------------------------------ verification mails

    def add_custom(self, owner: Owner, template: CustomVerificationTemplate) -> bool:
        """Keep a new template; False where there is one of its name."""
        row = (owner.account, owner.region, template.name, msgspec.json.encode(template))
        return self._engine.write(INSERT_CUSTOM, row) == 1

    def change_custom(self, owner: Owner, template: CustomVerificationTemplate) -> None:
        """Replace a template."""
        key = (owner.account, owner.region, template.name)
        self._engine.write(UPDATE_CUSTOM, (msgspec.json.encode(template), *key))

    def find_custom(self, owner: Owner, name: str) -> CustomVerificationTemplate | None:
        """A template by its name."""
        row = self._engine.one(SELECT_CUSTOM, (owner.account, owner.region, name))
        return None if row is None else _custom(row[0])

    def page_custom(self, owner: Owner, after: str, limit: int) -> list[CustomVerificationTemplate]:
        """Templates by name, those behind `after`."""
        values = (owner.account, owner.region, after, limit)
        return [_custom(row[0]) for row in self._engine.all(SELECT_CUSTOMS, values)]

    def count_custom(self, owner: Owner) -> int:
        """How many templates the account has in the region."""
        return self._count(COUNT_CUSTOMS, owner)

    def delete_custom(self, owner: Owner, name: str) -> None:
        """Forget a template; nothing happens where there is none."""
        self._engine.write(DELETE_CUSTOM, (owner.account, owner.region, name))

    def _count(self, statement: str, owner: Owner) -> int:
        row = self._engine.one(statement, (owner.account, owner.region))
        assert row is not None
        assert isinstance(row[0], int)
        return row[0]


def _custom(content: object) -> CustomVerificationTemplate:
    assert isinstance(content, bytes)
    return msgspec.json.decode(content, type=CustomVerificationTemplate)
