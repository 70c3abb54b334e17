"""`kamome mail`: mails that were sent, kept and received, and the preflight of a domain."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, cast
from urllib.parse import quote, urlencode

import click

from kamome.cli.admin_client import ask, download, endpoint_option, json_option, print_json
from kamome.cli.mail_preflight import preflight
from kamome.cli.mail_send import send
from kamome.cli.mail_shown import printable, show_list, show_mail, show_spool

# The server gives up a search after some thousands of mails; so often it is asked to go on.
_PAGES_MAX = 100
# The admin API takes 1 MB of JSON, and base 64 makes four octets of three.
_INJECTED_BYTES_MAX = 700_000

# `subject:"order 17"` once the shell has taken the quotes away.
_UNQUOTED = re.compile(r'^(-?[a-z]+:)([^":]*\s[^":]*)$', re.IGNORECASE)

_limit = click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500))


@click.group()
def mail() -> None:
    """Look into mails, send and inject them, and see whether the world will take yours."""


mail.add_command(preflight)
mail.add_command(send)


@mail.command()
@_limit
@endpoint_option
@json_option
def ls(limit: int, endpoint: str, is_json: bool) -> None:
    """List the newest mails, received and sent."""
    show_list("Mails, newest first", _found(endpoint, "", limit), is_json=is_json)


# `-is:sent` is a term, and no option.
@mail.command(context_settings={"ignore_unknown_options": True})
@click.argument("query", nargs=-1, required=True, type=click.UNPROCESSED)
@_limit
@endpoint_option
@json_option
def search(query: tuple[str, ...], limit: int, endpoint: str, is_json: bool) -> None:
    """List the newest mails that match QUERY.

    Terms are joined by and, - before one means not: from:ana to:shop subject:"order 17"
    has:attachment before:2026-11-22 after:2h tag:campaign=spring is:bounced words
    """
    text = " ".join(_UNQUOTED.sub(r'\1"\2"', word) for word in query)
    show_list(f"Mails with {text}", _found(endpoint, text, limit), is_json=is_json)


def _found(endpoint: str, query: str, limit: int) -> list[Mapping[str, object]]:
    found: list[Mapping[str, object]] = []
    parameters = {"q": query, "limit": str(limit)}
    for _ in range(_PAGES_MAX):
        page = ask(endpoint, f"mails?{urlencode(parameters)}")
        found += cast("list[Mapping[str, object]]", page["mails"])
        if len(found) >= limit or "next" not in page:
            return found[:limit]
        parameters |= {"after": str(page["next"]), "limit": str(limit - len(found))}
    return found


@mail.command()
@click.argument("mail_id")
@click.option("--raw", "what", flag_value="raw", help="The mail as it is, byte for byte.")
@click.option("--html", "what", flag_value="html", help="Its HTML.")
@click.option("--headers", "what", flag_value="headers", help="All header fields.")
@click.option("--tree", "what", flag_value="tree", help="Its parts.")
@click.option("--attachment", type=click.IntRange(1, 9999), help="The attachment of this number.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="A file instead of here.")
@endpoint_option
@json_option
def show(
    mail_id: str,
    *,
    what: str | None,
    attachment: int | None,
    output: Path | None,
    endpoint: str,
    is_json: bool,
) -> None:
    """Show the mail MAIL_ID."""
    path = f"mails/{quote(mail_id, safe='')}"
    if attachment is not None:
        _write(download(endpoint, f"{path}/attachments/{attachment}"), output)
    elif what in ("raw", "html"):
        _write(download(endpoint, f"{path}/{what}"), output)
    elif output is not None:
        raise click.UsageError("--output goes with --raw, --html or --attachment.")
    elif is_json:
        print_json(ask(endpoint, path))
    else:
        show_mail(ask(endpoint, path), what or "")


def _write(content: bytes, output: Path | None) -> None:
    """Into a file or a pipe as it is; on a terminal without what a terminal would act on."""
    if output is not None:
        output.write_bytes(content)
        click.echo(f"Wrote {len(content)} bytes to {output}.")
    elif sys.stdout.isatty():
        click.echo(printable(content.decode("utf-8", "replace").replace("\r\n", "\n")))
    else:
        sys.stdout.buffer.write(content)


@mail.command()
@click.argument("file", type=click.File("rb"), default="-")
@click.option("--to", "recipients", multiple=True, required=True, help="Envelope's recipient.")
@click.option("--from", "sender", default="", help="Sender of the envelope; without it, a bounce.")
@click.option("--tls", is_flag=True, help="As if it came over TLS.")
@click.option(
    "--verdict",
    "verdicts",
    multiple=True,
    help="NAME=WORD instead of checks: spf, dkim, dmarc, spam, virus; PASS, FAIL, GRAY or"
    " PROCESSING_FAILED.",
)
@endpoint_option
@json_option
def inject(
    file: BinaryIO,
    *,
    recipients: Sequence[str],
    sender: str,
    tls: bool,
    verdicts: Sequence[str],
    endpoint: str,
    is_json: bool,
) -> None:
    """Take in the raw mail FILE (or standard input) as if it had come by SMTP."""
    raw = file.read(_INJECTED_BYTES_MAX + 1)
    if len(raw) > _INJECTED_BYTES_MAX:
        raise click.ClickException(
            f"The mail has more than {_INJECTED_BYTES_MAX} bytes. Send it by SMTP instead."
        )
    order: dict[str, object] = {
        "from": sender,
        "to": list(recipients),
        "raw": base64.b64encode(raw).decode(),
        "tls": tls,
    }
    if verdicts:
        order["verdicts"] = {name: word for name, _, word in (v.partition("=") for v in verdicts)}
    answer = ask(endpoint, "mails", "POST", order)
    _tell(answer, f"Taken in as {answer.get('id')}.", is_json=is_json)


@mail.command()
@click.argument("mail_id")
@click.option("--transport", default="", help="relay or direct instead of the server's own.")
@endpoint_option
@json_option
def release(mail_id: str, transport: str, endpoint: str, is_json: bool) -> None:
    """Send the captured mail MAIL_ID on to its recipients."""
    path = f"mails/{quote(mail_id, safe='')}/release"
    answer = ask(endpoint, path, "POST", {"transport": transport})
    _tell(answer, f"On its way to {answer.get('released')} recipients.", is_json=is_json)


@mail.command()
@click.argument("mail_id")
@endpoint_option
@json_option
def rerun(mail_id: str, endpoint: str, is_json: bool) -> None:
    """Work the received mail MAIL_ID by the receipt rules as they are now."""
    answer = ask(endpoint, f"mails/{quote(mail_id, safe='')}/rerun", "POST", {})
    _tell(answer, f"{answer.get('actions')} actions are planned.", is_json=is_json)


@mail.command()
@endpoint_option
@json_option
def spool(endpoint: str, is_json: bool) -> None:
    """List the domains that mail waits for, with the last words of their servers."""
    answer = ask(endpoint, "spool")
    if is_json:
        print_json(answer)
    else:
        show_spool(answer)


@mail.command()
@click.argument("domain", default="")
@endpoint_option
@json_option
def retry(domain: str, endpoint: str, is_json: bool) -> None:
    """Try to deliver now what waits for DOMAIN, or all that waits."""
    answer = ask(endpoint, "spool/retry", "POST", {"domain": domain})
    _tell(answer, f"Trying {answer.get('recipients')} recipients now.", is_json=is_json)


def _tell(answer: Mapping[str, object], sentence: str, *, is_json: bool) -> None:
    if is_json:
        print_json(answer)
    else:
        click.echo(sentence)
