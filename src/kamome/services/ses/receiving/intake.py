"""Mail comes in: who takes it, and what is to be done with it, by identities and rule sets.

The recipient's domain decides. Every account and region that has verified it, or a domain above it,
and whose active rule set takes the recipient, receives the mail, as at AWS (SES Developer Guide,
Creating receipt rules: several accounts with one domain all process their own rules).
"""

from __future__ import annotations

from collections.abc import Sequence

from kamome.mail.envelope import Mail, MailRefused, MailTooLarge, RecipientVerdict
from kamome.mail.header_fields import first, split_fields
from kamome.services.ses.limits import SNS_MAIL_BYTES_MAX
from kamome.services.ses.receiving import receiving
from kamome.services.ses.receiving.receipt_filters import is_blocked
from kamome.services.ses.receiving.receiving import PlannedAction, RuleSet
from kamome.services.ses.receiving.recipients import domain_and_parents, domain_of
from kamome.services.ses.sending.sent_mails import find_sent, message_id_of
from kamome.services.ses.slice import Ses
from kamome.services.ses.store import Owner

OUTBOX_KIND = "ses.received"
# A received mail that could not be processed, of which its sender is told.
UNDELIVERED_KIND = "ses.undelivered"
# A mail that has come back to the return path of one that was sent.
RETURNED_KIND = "ses.returned"
# A feedback report that has come to another address.
REPORTED_KIND = "ses.reported"
# Actions after which the mail, or news of it, is somewhere.
_KEEPING = frozenset(("S3Action", "SNSAction", "LambdaAction", "BounceAction"))


def accepts(ses: Ses, recipient: str, is_tls: bool, client_ip: str = "") -> RecipientVerdict:
    """What the receipt rules say of one recipient at RCPT.

    Not our domain, the client is blocked by a filter, no rule takes it, a rule needs TLS, or taken.
    The return path of a mail that was sent is always taken.

    AWS: SES Developer Guide, Email receiving concepts.
    """
    if returned_to(ses, recipient):
        return RecipientVerdict.TAKEN
    rule_sets = _rule_sets(ses, (recipient,))
    reached = _reached(ses, rule_sets, client_ip)
    if rule_sets and not reached:
        return RecipientVerdict.BLOCKED
    return receiving.verdict(reached, recipient, is_tls=is_tls)


def wants_scan(ses: Ses, recipients: Sequence[str]) -> bool:
    """Whether a rule that takes a recipient has the mail scanned for spam and viruses.

    AWS: SES API Reference, ReceiptRule, ScanEnabled.
    """
    return any(
        rule.get("ScanEnabled")
        for rule_set in _rule_sets(ses, recipients)
        for rule, _ in receiving.rules_taking(rule_set, recipients)
    )


def receive(ses: Ses, mail: Mail) -> None:
    """Plan what is done with an accepted mail, one outbox entry per account and region.

    Called inside the step that accepts the mail. The plan is fixed here, so that a later change of
    the rules does not touch a mail that was answered with 250. What comes back to a return path is
    feedback and no mail for the rules, though they may take the domain that it is below.

    Raises:
        MailRefused: the rules have changed since RCPT, and none takes any recipient now.
        MailTooLarge: the mail has more than 150 KB and every action that would keep it is an SNS
            action. AWS accepts such a mail and bounces it; here the sender's server bounces it.

    AWS: SES API Reference, SNSAction.
    """
    returned = {each: returned_to(ses, each) for each in mail.envelope.recipients}
    for message_id in filter(None, returned.values()):
        payload = {"mail_id": mail.mail_id, "message_id": message_id}
        ses.outbox.put(RETURNED_KIND, payload, trace=mail.trace)
    recipients = tuple(each for each, message_id in returned.items() if not message_id)
    taking = [
        rule_set
        for rule_set in _reached(ses, _rule_sets(ses, recipients), mail.envelope.client_ip)
        if receiving.rules_taking(rule_set, recipients)
    ]
    if not taking and not any(returned.values()):
        raise MailRefused
    plans = [(rule_set, receiving.plan(rule_set, recipients)) for rule_set in taking]
    keeping = [action for _, planned in plans for action in planned if action.kind in _KEEPING]
    if keeping and all(_is_too_large_for(mail, action) for action in keeping):
        raise MailTooLarge
    for rule_set, planned in plans:
        if not planned:
            continue
        owner = Owner(rule_set.account, rule_set.region)
        ses.store.add_steps(mail.mail_id, owner, rule_set.name, planned)
        payload = {"mail_id": mail.mail_id, "account": owner.account, "region": owner.region}
        ses.outbox.put(OUTBOX_KIND, payload, trace=mail.trace)


def note_report(ses: Ses, mail: Mail, head: bytes) -> None:
    """A feedback report is read behind the acceptance, whatever the rules do with it.

    Mailbox providers send theirs where the sender has asked for them, and never to a return path.
    Part of the accepting step; `head` is the beginning of the mail.

    RFC 5965 §2, RFC 6449 §3.4.
    """
    if b"feedback-report" not in head.lower():
        return
    kind = (first(split_fields(head), "Content-Type") or "").lower()
    is_returned = any(returned_to(ses, each) for each in mail.envelope.recipients)
    if kind.startswith("multipart/report") and "feedback-report" in kind and not is_returned:
        ses.outbox.put(REPORTED_KIND, {"mail_id": mail.mail_id}, trace=mail.trace)


def forget(ses: Ses, mail_ids: list[str]) -> None:
    """The mail server no longer keeps these mails."""
    ses.store.forget_mails(mail_ids)


def returned_to(ses: Ses, recipient: str) -> str:
    """The id of the sender's mail whose return path an address is; empty where it is none's.

    RFC 3464 §2: a mail's envelope id, here its return path, tells which mail a report is about.
    """
    message_id = message_id_of(recipient)
    sent = None if message_id is None else find_sent(ses, message_id)
    return "" if sent is None or not sent.identity else sent.message_id


def _reached(ses: Ses, rule_sets: list[RuleSet], client_ip: str) -> list[RuleSet]:
    """Those whose owners' IP address filters let the client through."""
    return [
        each
        for each in rule_sets
        if not is_blocked(ses.store.receipt_filters(Owner(each.account, each.region)), client_ip)
    ]


def _is_too_large_for(mail: Mail, action: PlannedAction) -> bool:
    return action.kind == "SNSAction" and mail.raw_bytes > SNS_MAIL_BYTES_MAX


def _rule_sets(ses: Ses, recipients: Sequence[str]) -> list[RuleSet]:
    """The rule sets of all who own a recipient's domain; without rules where none is active."""
    domains = {domain_of(recipient) for recipient in recipients} - {""}
    verified: dict[Owner, list[str]] = {}
    for name in dict.fromkeys(
        parent for domain in sorted(domains) for parent in domain_and_parents(domain)
    ):
        for owner in ses.identities.owners_of(name):
            verified.setdefault(owner, []).append(name)
    return [_rule_set(ses, owner, tuple(names)) for owner, names in verified.items()]


def _rule_set(ses: Ses, owner: Owner, verified_domains: tuple[str, ...]) -> RuleSet:
    name, rules = ses.store.active_rules(owner)
    return RuleSet(owner.account, owner.region, name, rules, verified_domains)
