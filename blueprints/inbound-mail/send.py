"""Sends the mails of the manifest by SMTP and reports the reply to each.

    python send.py --host 127.0.0.1 --port 2525
    python send.py --port 2525 --only order-euc-jp --only poison-order

Exit status 0 when each mail got the reply that the manifest expects.
"""

import argparse
import smtplib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import manifest

TIMEOUT_S = 60
# Parameters of MAIL and the extensions that allow them (RFC 1870, RFC 6152).
EXTENSION_OF = {"SIZE": "size", "BODY": "8bitmime"}
LOCAL_HOSTNAME = "sender.example.net"


@dataclass(frozen=True)
class Sent:
    """One transaction: the mail, which time it was sent, and what the server said."""

    mail: manifest.Mail
    time: int
    code: int
    reply: str
    refused: dict[str, int]

    @property
    def mail_id(self) -> str:
        """The id under which SES took the mail: the last word of its reply."""
        return self.reply.split()[-1] if self.reply else ""

    @property
    def as_expected(self) -> bool:
        """250 for the mail, and 5xx for exactly the recipients that are not ours."""
        codes = self.refused.values()
        return (
            self.code == 250
            and set(self.refused) == set(self.mail.refused)
            and all(500 <= code < 600 for code in codes)
        )


def send_all(host: str, port: int, mails: Iterable[manifest.Mail]) -> Iterator[Sent]:
    """Send each mail as often as it says, over one session, and yield what came of it.

    Raises:
        OSError, smtplib.SMTPException: the server is out of reach or breaks the protocol.
    """
    with smtplib.SMTP(host, port, LOCAL_HOSTNAME, timeout=TIMEOUT_S) as smtp:
        smtp.ehlo()
        for mail in mails:
            content = mail.read()
            for time in range(1, mail.times + 1):
                yield send_one(smtp, mail, time, content)


def send_one(smtp: smtplib.SMTP, mail: manifest.Mail, time: int, content: bytes) -> Sent:
    """One transaction, from MAIL to the reply after the last dot."""
    wanted = (f"SIZE={len(content)}", "BODY=8BITMIME")
    options = [option for option in wanted if smtp.has_extn(EXTENSION_OF[option.split("=")[0]])]
    if mail.smtputf8:
        options.append("SMTPUTF8")
    code, reply = smtp.mail(mail.sender, options)
    refused: dict[str, int] = {}
    if code == 250:
        for recipient in mail.recipients + mail.refused:
            recipient_code, _ = smtp.rcpt(recipient)
            if recipient_code not in (250, 251):
                refused[recipient] = recipient_code
        try:
            code, reply = smtp.data(content)
        except smtplib.SMTPDataError as error:  # DATA itself was refused
            code, reply = error.smtp_code, error.smtp_error
    if code != 250:
        smtp.rset()
    return Sent(mail, time, code, reply.decode("utf-8", "replace"), refused)


def line_of(sent: Sent) -> str:
    """One line of the report."""
    again = f" (sent {sent.time} of {sent.mail.times})" if sent.mail.times > 1 else ""
    refused = "".join(f"; {address} refused: {code}" for address, code in sent.refused.items())
    return f"{sent.mail.name}{again}: {sent.code} {sent.reply}{refused}"


def main() -> None:
    """Send what the options choose."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=2525)
    parser.add_argument("--domain", default=manifest.DOMAIN, help="the tenants' domain")
    parser.add_argument("--only", action="append", metavar="NAME", help="mails to send, by name")
    options = parser.parse_args()
    mails = manifest.mails(options.domain)
    chosen = [mail for mail in mails if not options.only or mail.name in options.only]
    if options.only and len(chosen) < len(set(options.only)):
        parser.error("no such mail; the names are in manifest.py")
    unexpected = 0
    for sent in send_all(options.host, options.port, chosen):
        print(line_of(sent))
        unexpected += not sent.as_expected
    sys.exit(1 if unexpected else 0)


if __name__ == "__main__":
    main()
