"""Metadata that is not ASCII, as RFC 2047 and the user guide have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.s3.conftest import BUCKET

from kamome.services.s3.objects.encoded_words import decoded_words, mail_safe

if TYPE_CHECKING:
    from tests.s3.conftest import World

# S3 User Guide, Working with object metadata: UTF-8 on the wire is taken for ISO 8859-1.
GUIDES_VALUE = "ÄMÄZÕÑ S3".encode().decode("latin-1")
GUIDES_HEADER = "=?UTF-8?B?w4PChE3Dg8KEWsODwpXDg8KRIFMz?="


@pytest.mark.parametrize(
    ("sent", "given"),
    [
        (GUIDES_VALUE, GUIDES_HEADER),
        ("AMAZONS3", "AMAZONS3"),
        ("=?UTF-8?B?w7xtbGF1dA==?=", "=?UTF-8?Q?=C3=BCmlaut?="),
        ("=?ISO-8859-1?Q?a=FCb?=", "=?UTF-8?Q?a=C3=BCb?="),
        ("=?nowhere?Q?a?=", "=?nowhere?Q?a?="),
        ("=?UTF-8?B?/w==?=", "=?UTF-8?B?/w==?="),
    ],
    ids=["the guide's", "ascii", "words", "other charset", "unknown charset", "broken words"],
)
async def test_metadata_comes_back_so_that_every_client_can_read_it(
    world: World, sent: str, given: str
) -> None:
    await world.bucket()

    await world.put("key", Metadata={"name": sent})
    await world.call("CopyObject", Bucket=BUCKET, Key="copy", CopySource=f"{BUCKET}/key")

    assert (await world.head("key"))["Metadata"] == {"name": given}
    assert (await world.head("copy"))["Metadata"] == {"name": given}


@pytest.mark.parametrize("text", ["ü" * 300, "aü" * 200, "日本語" * 90, "a" * 80 + "é"], ids=ascii)
def test_long_values_are_several_words_of_75_characters(text: str) -> None:
    header = mail_safe(text)

    assert all(len(word) <= 75 for word in header.split(" "))
    assert decoded_words(header) == text
