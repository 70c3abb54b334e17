"""Attachments: of simple and templated mails as they come, of raw mails by their names.

AWS: SES API v2 Reference, Attachment; SES Developer Guide, Unsupported attachment types.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kamome.services.ses.sending.compose import Attachment, Draft
from kamome.services.ses.sending.raw_mail import head_of
from kamome.services.ses.sending.refusals import INVALID, SendRefused

if TYPE_CHECKING:
    from kamome.services.ses import shapes_v2

# AWS: SES Developer Guide, Amazon SES unsupported attachment types.
_REFUSED_EXTENSIONS = frozenset(
    {
        *("ade", "adp", "app", "asp", "bas", "bat", "cer", "chm", "cmd", "com"),
        *("cpl", "crt", "csh", "der", "exe", "fxp", "gadget", "hlp", "hta", "inf"),
        *("ins",),
        *("isp", "its", "js", "jse", "ksh", "lib", "lnk", "mad", "maf", "mag"),
        *("mam", "maq", "mar", "mas", "mat", "mau", "mav", "maw", "mda", "mdb"),
        *("mde", "mdt"),
        *("mdw", "mdz", "msc", "msh", "msh1", "msh2", "mshxml", "msh1xml", "msh2xml", "msi"),
        *("msp", "mst", "ops", "pcd", "pif", "plg", "prf", "prg"),
        *("ps1", "ps1xml", "ps2", "ps2xml", "psc1", "psc2", "reg", "scf", "scr", "sct"),
        *("shb", "shs", "sys", "tmp", "url", "vb", "vbe", "vbs", "vps"),
        *("vsmacros", "vss", "vst", "vsw", "vxd", "ws", "wsc", "wsf", "wsh", "xnk"),
    }
)
_FILE_FIELDS = ("content-type", "content-disposition")
_NAME_OF_TYPE = r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}"
_CONTENT_TYPE = re.compile(f"{_NAME_OF_TYPE}/{_NAME_OF_TYPE}")
_CONTENT_ID = re.compile(r"<?[!-;=?-~]{1,78}>?")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_ENCODINGS = {"BASE64": "base64", "QUOTED_PRINTABLE": "quoted-printable", "SEVEN_BIT": "7bit"}
_TYPES = {
    "csv": "text/csv",
    "gif": "image/gif",
    "htm": "text/html",
    "html": "text/html",
    "ics": "text/calendar",
    "jpeg": "image/jpeg",
    "jpg": "image/jpeg",
    "json": "application/json",
    "pdf": "application/pdf",
    "png": "image/png",
    "txt": "text/plain",
    "xml": "application/xml",
    "zip": "application/zip",
}


def attachments(given: Sequence[shapes_v2.Attachment]) -> tuple[Attachment, ...]:
    """The attachments of a request.

    Raises:
        SendRefused: a file name, type or content id cannot be used, or the extension is refused.

    AWS: SES API v2 Reference, Attachment.
    """
    return tuple(_attachment(each) for each in given)


def check_file_names(draft: Draft) -> None:
    """Refuse a raw mail with a file of a kind that SES does not take.

    Raises:
        SendRefused: with the first such file.

    AWS: SES Developer Guide, Amazon SES unsupported attachment types.
    """
    heads = b" ".join(value for name, value in draft.fields if name.lower() in _FILE_FIELDS).lower()
    if b"multipart/" not in heads and b"name" not in heads:
        return  # most mails: a text, and no file
    from kamome.mail.mime_tree import attachments as files_of
    from kamome.mail.mime_tree import read_tree

    for part in files_of(read_tree(head_of(draft.fields) + draft.body)):
        if _extension(part.filename) in _REFUSED_EXTENSIONS:
            raise SendRefused(INVALID, f"Illegal filename '{part.filename}'.")


def _extension(name: str) -> str:
    return name.rpartition(".")[2].lower() if "." in name else ""


def _attachment(given: shapes_v2.Attachment) -> Attachment:
    name = given["FileName"]
    extension = _extension(name)
    if not name or len(name) > 255 or _CONTROL.search(name):
        raise SendRefused(INVALID, "Invalid attachment file name.")
    if extension in _REFUSED_EXTENSIONS:
        raise SendRefused(INVALID, f"Attachment file extension .{extension} is not supported.")
    content_type = given.get("ContentType", _TYPES.get(extension, "application/octet-stream"))
    if not _CONTENT_TYPE.fullmatch(content_type):
        raise SendRefused(INVALID, f"Invalid content type of attachment <{name}>.")
    content_id = given.get("ContentId", "")
    if content_id and not _CONTENT_ID.fullmatch(content_id):
        raise SendRefused(INVALID, f"Invalid content id of attachment <{name}>.")
    description = given.get("ContentDescription", "")
    if _CONTROL.search(description):
        raise SendRefused(INVALID, f"Invalid content description of attachment <{name}>.")
    return Attachment(
        file_name=name,
        content=given["RawContent"],
        content_type=content_type,
        disposition=given.get("ContentDisposition", "ATTACHMENT").lower(),
        content_id=content_id,
        description=description,
        encoding=_ENCODINGS[given.get("ContentTransferEncoding", "BASE64")],
    )
