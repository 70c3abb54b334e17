"""What every slice stands on."""

from __future__ import annotations

import msgspec

from kamome.clock import Clock
from kamome.faults.injector import Faults
from kamome.ids import Ids
from kamome.mail.dns import Resolver
from kamome.observe.journeys import Journeys
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.facts import Facts
from kamome.storage.outbox import Outbox

# Folders of `services/` that bring a schema.
SCHEMAS = ("sqs", "sns", "s3", "ses", "lambda_", "dynamodb", "ecs", "kms", "ssm", "secretsmanager")
PARTITION = "aws"


class Kernel(msgspec.Struct, frozen=True):
    """What every slice stands on."""

    engine: Engine
    facts: Facts
    clock: Clock
    ids: Ids
    outbox: Outbox
    blobs: Blobs
    journeys: Journeys
    faults: Faults
    resolver: Resolver
