"""How headers say what was found about a mail.

RFC 8601 (Authentication-Results), RFC 7208 §9.1 (Received-SPF).
"""

from __future__ import annotations

from kamome.mail.checks import Checks, SignatureCheck, SpfCheck
from kamome.mail.envelope import Envelope

# Header values that strangers have chosen are cut here; their names are no longer.
_VALUE_CHARACTERS_MAX = 255
_SPF_WORDS = {
    "pass": "domain of {0} designates {1} as permitted sender",
    "fail": "domain of {0} does not designate {1} as permitted sender",
    "softfail": "transitioning domain of {0} does not designate {1} as permitted sender",
    "neutral": "{1} is neither permitted nor denied by domain of {0}",
    "none": "no record of domain of {0} was found",
    "temperror": "error in processing during lookup of {0}",
    "permerror": "record of domain of {0} cannot be used",
}


def spf_value(spf: SpfCheck, envelope: Envelope) -> str:
    """The value of Received-SPF. RFC 7208 §9.1."""
    words = _SPF_WORDS[spf.result].format(_plain(spf.domain), envelope.client_ip)
    return (
        f"{spf.result} (spfCheck: {words}) client-ip={envelope.client_ip};"
        f" envelope-from={_plain(envelope.reverse_path)}; helo={_plain(envelope.helo)};"
    )


def authentication_results(authserv_id: str, checks: Checks, envelope: Envelope) -> str:
    """The value of Authentication-Results, folded by CRLF and a blank. RFC 8601 §2.2."""
    parts = []
    if checks.spf is not None:
        parts.append(f"spf={spf_value(checks.spf, envelope).rstrip(';')}")
    if checks.signatures is not None:
        parts += [_signature_part(each) for each in checks.signatures] or ["dkim=none"]
    if checks.dmarc is not None:
        parts.append(f"dmarc={checks.dmarc.result} header.from={_plain(checks.dmarc.domain)}")
    if not parts:
        return f"{authserv_id}; none"
    return f"{authserv_id};\r\n " + ";\r\n ".join(parts) + ";"


def _signature_part(check: SignatureCheck) -> str:
    words = f"dkim={check.result}"
    if check.reason:
        words += f" ({check.reason})"
    if check.identity:
        words += f" header.i={_plain(check.identity)}"
    return words


def _plain(text: str) -> str:
    """A stranger's text without what could end the value, a comment, or the line."""
    kept = "".join(
        character
        for character in text[:_VALUE_CHARACTERS_MAX]
        if character.isprintable() and character not in ' ;()"\\'
    )
    return kept or "<>"
