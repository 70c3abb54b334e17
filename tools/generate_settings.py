"""Write docs/settings.md from the settings themselves; `--check` says whether it is current."""

from __future__ import annotations

import sys
from pathlib import Path

from kamome.config import DESCRIPTIONS, PREFIX, Settings

_DOCUMENT = Path(__file__).parents[1] / "docs" / "settings.md"
_HEAD = """\
# Settings

A setting is given on the command line, in the environment, or in a file: `--smtp-port 2526`,
`KAMOME_SMTP_PORT=2526`, or `smtp_port = 2526` in a TOML file that `--config` or `KAMOME_CONFIG`
names. Where several give it, the command line wins over the environment, and that over the file. A
name that does not exist is refused, and the nearest one that does is named. True and false are
`--ephemeral` and `--no-ephemeral` on the command line; `true`, `1`, `yes`, `false`, `0` and `no`
in the environment.

`kamome serve` needs one of `--data DIRECTORY`, which keeps everything, and `--ephemeral`, which
forgets it at the end. A data directory is held by one process at a time.

| command line | environment | default | what it does |
|---|---|---|---|
"""
_TAIL = """
## Signatures

By default any credentials are taken, as development tools expect: `test` and `test` are usual. An
access key of 12 digits is an account of its own; any other means the account of `--account`. With
`--auth enforce` only the keys of `--keys` may call, and every signature (in the header, presigned,
of each chunk of a body) and its time are verified:

```
kamome serve --data DIRECTORY --auth enforce --keys AKIAIOSFODNN7EXAMPLE:secret:111111111111
```

Several are separated by commas; give them in the environment (`KAMOME_KEYS`) where others can see
the command line. Functions get keys of their own. The links that SNS sends (ConfirmSubscription,
Unsubscribe) need no signature. A signature is in time if it is within 15 minutes of the machine's
clock or of the server's, where that has been advanced.

## Who can connect

The listeners accept connections on `--host`, by default from this machine only. The admin API under
`/_kamome/` answers to this machine only, whatever the host, but for `/_kamome/health`.
"""


def document() -> str:
    """The page."""
    defaults = Settings()
    rows = [
        f"| {_option(name)} | `{PREFIX}{name.upper()}` | {_shown(getattr(defaults, name))} "
        f"| {sentence} |"
        for name, sentence in DESCRIPTIONS.items()
    ]
    return _HEAD + "\n".join(rows) + "\n" + _TAIL


def _option(name: str) -> str:
    return f"`--{name.replace('_', '-')}`"


def _shown(default: object) -> str:
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default}`" if default != "" else ""


if __name__ == "__main__":
    if sys.argv[1:] == ["--check"]:
        sys.exit(_DOCUMENT.read_text("utf-8") != document())
    _DOCUMENT.write_text(document(), "utf-8")
