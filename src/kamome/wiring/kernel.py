"""What every slice stands on, and what the slices are told of the server's settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from kamome.clock import Clock
from kamome.faults.injector import Faults
from kamome.ids import Ids
from kamome.mail.dns import Resolver
from kamome.mail.transports.settings import TransportSettings
from kamome.observe.journeys import Journeys
from kamome.services.ecs.slice import EcsSettings
from kamome.services.ses.slice import SesSettings
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.facts import Facts
from kamome.storage.outbox import Outbox

# Folders of `services/` that bring a schema.
SCHEMAS = ("sqs", "sns", "s3", "ses", "lambda_", "dynamodb", "ecs")
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


class SliceSettings(msgspec.Struct, frozen=True):
    """What the slices are told of the server's settings."""

    lambda_folder: Path
    lambda_processes: int
    lambda_freeze: bool
    lambda_wrapper: tuple[str, ...]
    endpoint_url: Callable[[], str]
    credentials: Callable[[str], tuple[str, str]]
    is_deleted_queue_name_blocked: bool
    sns_certificate_base: str
    ecs: EcsSettings
    ses: SesSettings
    mail: TransportSettings = TransportSettings()
