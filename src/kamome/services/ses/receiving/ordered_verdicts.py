"""Verdicts that a test orders for a mail, in SES's words, as what a check would have found.

AWS: SES Developer Guide, Contents of notifications (verdict objects).
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.mail.checks import Checks, DmarcCheck, ScanCheck, SignatureCheck, SpfCheck

WORDS = ("PASS", "FAIL", "GRAY", "PROCESSING_FAILED")
NAMES = ("spf", "dkim", "dmarc", "spam", "virus")
POLICIES = ("none", "quarantine", "reject")
_RESULTS = dict(zip(WORDS, ("pass", "fail", "none", "temperror"), strict=True))
_SCANS = dict(zip(WORDS, ("clean", "found", "unsure", "failed"), strict=True))
_DETAIL = "ordered"


def checks_of(verdicts: Mapping[str, str], domain: str, policy: str = "reject") -> Checks:
    """What is found about a mail of `domain` that is to have these verdicts; others are not made.

    `policy` is what the domain asks for where `dmarc` is FAIL. Spam and viruses are told by rules
    with `ScanEnabled` alone.

    Raises:
        ValueError: a name is none of spf, dkim, dmarc, spam, virus, or a word none of AWS's.

    AWS: SES Developer Guide, Contents of notifications.
    """
    for name, word in verdicts.items():
        if name not in NAMES:
            raise ValueError(f"{name!r} is no verdict: {', '.join(NAMES)}")
        if word not in WORDS:
            raise ValueError(f"{word!r} is no word of a verdict: {', '.join(WORDS)}")
    if policy not in POLICIES:
        raise ValueError(f"{policy!r} is no DMARC policy: {', '.join(POLICIES)}")
    spf, dkim, dmarc = (_RESULTS.get(verdicts.get(name, "")) for name in NAMES[:3])
    spam, virus = (_SCANS.get(verdicts.get(name, "")) for name in NAMES[3:])
    return Checks(
        spf=None if spf is None else SpfCheck(spf, domain, "mailfrom", _DETAIL),
        signatures=None if dkim is None else _signatures(dkim, domain),
        dmarc=None if dmarc is None else DmarcCheck(dmarc, domain, policy),
        spam=None if spam is None else ScanCheck(spam, _DETAIL),
        virus=None if virus is None else ScanCheck(virus, _DETAIL),
    )


def _signatures(result: str, domain: str) -> tuple[SignatureCheck, ...]:
    if result == "none":
        return ()
    return (SignatureCheck(result, domain, identity=f"@{domain}", reason=_DETAIL),)
