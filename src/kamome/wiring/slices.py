"""All slices of one server."""

from __future__ import annotations

from collections.abc import Sequence

from kamome import registry
from kamome.mail.store import MailStore
from kamome.services import Served
from kamome.services.sns import entries as sns_entries
from kamome.services.sts.slice import Sts
from kamome.wiring import dynamodb, ecs, lambda_, mail, s3, ses, sns, sqs
from kamome.wiring.kernel import Kernel, SliceSettings
from kamome.wiring.offers import Offers


class Slices:
    """Makes the slices with their ports, and names the handlers of their outbox entries."""

    def __init__(self, kernel: Kernel, settings: SliceSettings) -> None:
        self.offers = Offers(kernel, self)
        self.mails = MailStore(kernel.engine, kernel.blobs)
        self.sqs = sqs.make(kernel, settings)
        self.sns = sns.make(kernel, settings, self.offers)
        self.s3 = s3.make(kernel, self.offers)
        self.lambda_ = lambda_.make(kernel, settings, self.offers, self.sqs)
        self.dynamodb = dynamodb.make(kernel)
        self.ecs = ecs.make(kernel, settings, self.offers)
        self.spool = mail.make_spool(kernel)
        self.lanes = mail.make_lanes(kernel, self.spool, settings.mail)
        self.ses = ses.make(kernel, settings, self.offers, self.mails, self.spool.put)
        self.sts = Sts()
        sqs.register(kernel.outbox, self.sqs)
        s3.register(kernel.outbox, self.s3)
        dynamodb.register(kernel.outbox, self.dynamodb)
        sns_entries.register(self.sns)
        ses.register(kernel.outbox, self.ses)
        self.spool.ports.on_outcome = lambda outcome: ses.on_outcome(self.ses, outcome)

    def served(self) -> Sequence[Served]:
        """Each descriptor of the registry with its slice."""
        return (
            Served(registry.SES, self.ses),
            Served(registry.SESV2, self.ses),
            Served(registry.SNS, self.sns),
            Served(registry.SQS, self.sqs),
            Served(registry.S3, self.s3),
            Served(registry.LAMBDA, self.lambda_),
            Served(registry.DYNAMODB, self.dynamodb),
            Served(registry.ECS, self.ecs),
            Served(registry.STS, self.sts),
        )
