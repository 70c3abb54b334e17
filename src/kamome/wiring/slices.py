"""All slices of one server, each made when it is first needed.

A slice's modules are imported here and not above: the server is ready before it has read them all
(`App.settle` makes what no call has asked for by then).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from kamome import registry
from kamome.services import Served
from kamome.wiring.kernel import Kernel
from kamome.wiring.offers import Offers

if TYPE_CHECKING:
    from kamome.mail.lanes import Lanes
    from kamome.mail.spool import Spool
    from kamome.mail.store import MailStore
    from kamome.services.dynamodb.slice import DynamoDb
    from kamome.services.ecs.slice import Ecs
    from kamome.services.kms.slice import Kms
    from kamome.services.lambda_.slice import Lambda
    from kamome.services.s3.slice import S3
    from kamome.services.secretsmanager.slice import Secrets
    from kamome.services.ses.slice import Ses
    from kamome.services.sns.slice import Sns
    from kamome.services.sqs.slice import Sqs
    from kamome.services.ssm.slice import Ssm
    from kamome.services.sts.slice import Sts
    from kamome.wiring.settings import SliceSettings


# Most of what making the slices imports.
IMPORTED = tuple(
    f"kamome.wiring.{name}"
    for name in (
        "sqs",
        "sns",
        "s3",
        "lambda_",
        "dynamodb",
        "ecs",
        "ssm",
        "kms",
        "secretsmanager",
        "mail",
        "ses",
    )
)


class Slices:
    """Makes the slices with their ports, and names the handlers of their outbox entries.

    What an earlier run of a slice has left is cleared up when it is made: before its first call.
    """

    def __init__(self, kernel: Kernel, settings: Callable[[], SliceSettings]) -> None:
        self._kernel = kernel
        self._make_settings = settings
        self.offers = Offers(kernel, self)

    @cached_property
    def settings(self) -> SliceSettings:
        """What the slices are told of the server's settings."""
        return self._make_settings()

    @cached_property
    def sqs(self) -> Sqs:
        """SQS."""
        from kamome.wiring import sqs

        made = sqs.make(self._kernel, self.settings)
        sqs.register(self._kernel.outbox, made)
        return made

    @cached_property
    def sns(self) -> Sns:
        """SNS."""
        from kamome.services.sns import entries
        from kamome.wiring import sns

        made = sns.make(self._kernel, self.settings, self.offers)
        entries.register(made)
        return made

    @cached_property
    def s3(self) -> S3:
        """S3."""
        from kamome.wiring import s3

        made = s3.make(self._kernel, self.offers)
        s3.register(self._kernel.outbox, made)
        return made

    @cached_property
    def lambda_(self) -> Lambda:
        """Lambda."""
        from kamome.services.lambda_ import slice as lambda_slice
        from kamome.wiring import lambda_

        made = lambda_.make(self._kernel, self.settings, self.offers, self.sqs)
        lambda_slice.prepare(made)
        return made

    @cached_property
    def dynamodb(self) -> DynamoDb:
        """DynamoDB."""
        from kamome.wiring import dynamodb

        made = dynamodb.make(self._kernel)
        dynamodb.register(self._kernel.outbox, made)
        return made

    @cached_property
    def ecs(self) -> Ecs:
        """ECS."""
        from kamome.services.ecs import slice as ecs_slice
        from kamome.wiring import ecs

        made = ecs.make(self._kernel, self.settings, self.offers)
        ecs_slice.prepare(made)
        return made

    @cached_property
    def ssm(self) -> Ssm:
        """Systems Manager."""
        from kamome.wiring import ssm

        made = ssm.make(self._kernel, self)
        ssm.register(self._kernel.outbox, made)
        return made

    @cached_property
    def secretsmanager(self) -> Secrets:
        """Secrets Manager."""
        from kamome.wiring import secretsmanager

        made = secretsmanager.make(self._kernel, self)
        secretsmanager.register(self._kernel.outbox, made)
        return made

    @cached_property
    def mails(self) -> MailStore:
        """Mails that have been received."""
        from kamome.mail.store import MailStore

        return MailStore(self._kernel.engine, self._kernel.blobs)

    @cached_property
    def spool(self) -> Spool:
        """Mails that leave. What becomes of them is SES's to hear."""
        from kamome.wiring import mail, ses

        made = mail.make_spool(self._kernel)
        made.ports.on_outcome = lambda outcome: ses.on_outcome(self.ses, outcome)
        return made

    @cached_property
    def lanes(self) -> Lanes:
        """What works the spool."""
        from kamome.wiring import mail

        return mail.make_lanes(self._kernel, self.spool, self.settings.mail)

    @cached_property
    def ses(self) -> Ses:
        """SES."""
        from kamome.wiring import ses

        made = ses.make(self._kernel, self.settings, self.offers, self.mails, self.spool.put)
        ses.register(self._kernel.outbox, made)
        return made

    @cached_property
    def kms(self) -> Kms:
        """KMS."""
        from kamome.wiring import kms

        made = kms.make(self._kernel, self.settings)
        kms.register(self._kernel.outbox, made)
        return made

    @cached_property
    def sts(self) -> Sts:
        """STS."""
        from kamome.services.sts.slice import Sts

        return Sts()

    @cached_property
    def served(self) -> Sequence[Served]:
        """Each descriptor of the registry with its slice."""
        return (
            Served(registry.SES, lambda: self.ses),
            Served(registry.SESV2, lambda: self.ses),
            Served(registry.SNS, lambda: self.sns),
            Served(registry.SQS, lambda: self.sqs),
            Served(registry.S3, lambda: self.s3),
            Served(registry.LAMBDA, lambda: self.lambda_),
            Served(registry.DYNAMODB, lambda: self.dynamodb),
            Served(registry.ECS, lambda: self.ecs),
            Served(registry.SSM, lambda: self.ssm),
            Served(registry.KMS, lambda: self.kms),
            Served(registry.SECRETS_MANAGER, lambda: self.secretsmanager),
            Served(registry.STS, lambda: self.sts),
        )
