"""`kamome mail`: mails that were sent, kept and received, and the preflight of a domain."""

from __future__ import annotations

import click

from kamome.cli.mail_preflight import preflight


@click.group()
def mail() -> None:
    """Look into mails, send and inject them, and see whether the world will take yours."""


mail.add_command(preflight)
