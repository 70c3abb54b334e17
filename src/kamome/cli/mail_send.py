"""`kamome mail send`: a mail by the SES API, as any program sends one."""

from __future__ import annotations

import mimetypes
import sys
from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import click

from kamome.cli.admin_client import endpoint_option, json_option, print_json


@click.command()
@click.option("--from", "sender", required=True, help="The From address; its identity is verified.")
@click.option("--to", "to", multiple=True, help="Recipient, as often as needed.")
@click.option("--cc", "cc", multiple=True)
@click.option("--bcc", "bcc", multiple=True)
@click.option("--subject", default="", show_default=False)
@click.option("--text", help="The text; - reads it from standard input.")
@click.option("--html", help="The HTML; - reads it from standard input.")
@click.option("--attach", "files", multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option("--configuration-set", help="ConfigurationSetName.")
@click.option("--tag", "tags", multiple=True, help="NAME=VALUE, as often as needed.")
@click.option(
    "--region",
    envvar=["AWS_REGION", "AWS_DEFAULT_REGION"],
    default="us-east-1",
    show_default=True,
    help="Region that sends.",
)
@click.option(
    "--access-key",
    envvar="AWS_ACCESS_KEY_ID",
    default="test",
    show_default=True,
    help="Access key; an account's 12 digits mean that account.",
)
@click.option(
    "--secret", envvar="AWS_SECRET_ACCESS_KEY", default="test", help="Secret of the access key."
)
@endpoint_option
@json_option
def send(
    *,
    sender: str,
    to: Sequence[str],
    cc: Sequence[str],
    bcc: Sequence[str],
    region: str,
    access_key: str,
    secret: str,
    endpoint: str,
    is_json: bool,
    **given: str | Sequence[str] | Sequence[Path] | None,
) -> None:
    """Send a mail with SES (SendEmail of the API v2)."""
    if not (to or cc or bcc):
        raise click.UsageError("Name a recipient with --to, --cc or --bcc.")
    request: dict[str, object] = {
        "FromEmailAddress": sender,
        "Destination": {
            "ToAddresses": list(to),
            "CcAddresses": list(cc),
            "BccAddresses": list(bcc),
        },
        "Content": {"Raw": {"Data": _written(sender, to, cc, given)}},
    }
    if given["configuration_set"]:
        request["ConfigurationSetName"] = given["configuration_set"]
    if given["tags"]:
        request["EmailTags"] = _tags([str(tag) for tag in given["tags"]])
    answer = _send(endpoint, (region, access_key, secret), request)
    if is_json:
        print_json({"MessageId": answer})
    else:
        click.echo(f"Sent {answer}.")


def _send(endpoint: str, caller: tuple[str, str, str], request: dict[str, object]) -> str:
    import boto3
    from botocore.config import Config
    from botocore.exceptions import BotoCoreError, ClientError

    region, access_key, secret = caller
    try:
        client = boto3.client(
            "sesv2",
            endpoint_url=endpoint,
            region_name=region,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            # A send that is tried again is sent twice.
            config=Config(proxies={}, retries={"total_max_attempts": 1}),
        )
        return str(client.send_email(**request)["MessageId"])
    except ClientError as error:
        refusal = error.response["Error"]
        raise click.ClickException(f"{refusal['Code']}: {refusal['Message']}") from error
    except BotoCoreError as error:
        raise click.ClickException(str(error)) from error


def _written(
    sender: str,
    to: Sequence[str],
    cc: Sequence[str],
    given: dict[str, str | Sequence[str] | Sequence[Path] | None],
) -> bytes:
    mail = EmailMessage(SMTP)
    text, html = given["text"], given["html"]
    try:
        mail["From"] = sender
        if to:
            mail["To"] = ", ".join(to)
        if cc:
            mail["Cc"] = ", ".join(cc)
        mail["Subject"] = str(given["subject"])
        if text is not None or html is None:
            mail.set_content(_text_of(text))
        if html is not None and text is not None:
            mail.add_alternative(_text_of(html), subtype="html")
        elif html is not None:
            mail.set_content(_text_of(html), subtype="html")
    except ValueError as error:
        raise click.UsageError(f"No mail can be made of this: {error}") from error
    for file in given["files"] or ():
        _attach(mail, Path(file))
    return mail.as_bytes()


def _attach(mail: EmailMessage, file: Path) -> None:
    kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    main, _, sub = kind.partition("/")
    mail.add_attachment(file.read_bytes(), maintype=main, subtype=sub, filename=file.name)


def _text_of(value: object) -> str:
    return sys.stdin.read() if value == "-" else str(value or "")


def _tags(given: Sequence[str]) -> list[dict[str, str]]:
    tags = []
    for pair in given:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"--tag takes NAME=VALUE, not {pair}.")
        tags.append({"Name": name, "Value": value})
    return tags
