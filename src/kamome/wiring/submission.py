"""Users hand in mail by SMTP: their keys are those of the AWS APIs, their mail goes to SES."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from kamome.config import Settings
from kamome.mail.submission import SubmissionPorts, SubmissionService, Submitter
from kamome.services.ses.slice import Ses
from kamome.wiring.kernel import Kernel

if TYPE_CHECKING:
    from kamome.mail.envelope import Envelope
    from kamome.services.ses.sending.submission import Credentials


def make(
    settings: Settings,
    kernel: Kernel,
    ses: Ses,
    find_key: Callable[[str], tuple[str, str] | None],
) -> SubmissionService:
    """What the submission ports share. `find_key` gives secret and account of an access key.

    Where any credentials are taken, programs on this machine may log in without TLS, too.
    """
    is_enforced = settings.auth == "enforce"

    def authenticate(user: str, password: str) -> Submitter | None:
        from kamome.services.ses.sending import submission  # start-up is watched

        return submission.authenticate(credentials(), user, password)

    def credentials() -> Credentials:
        from kamome.services.ses.sending.submission import Credentials

        return Credentials(find_key, is_enforced, settings.account, settings.region)

    async def submit(submitter: Submitter, envelope: Envelope, content: bytes) -> str:
        from kamome.services.ses.sending import submission

        return await submission.submit(ses, submitter, envelope, content)

    ports = SubmissionPorts(authenticate, submit)
    return SubmissionService(ports, kernel.clock, is_plain_auth_allowed=not is_enforced)
