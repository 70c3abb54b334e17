"""ECS: ordered faults may take the place of a full cluster.

Files of variables come from S3, secrets from Secrets Manager and Parameter Store.
"""

from __future__ import annotations

from kamome.arn import parse_arn
from kamome.context import RequestContext
from kamome.faults.injector import Faults
from kamome.faults.rules import Target
from kamome.services.ecs.names import ClusterName
from kamome.services.ecs.ports import Ports
from kamome.services.ecs.slice import Ecs, make_ecs
from kamome.wiring.kernel import Kernel
from kamome.wiring.offers import Offers
from kamome.wiring.settings import SliceSettings

_SERVICE = "ecs-tasks.amazonaws.com"


def make(kernel: Kernel, settings: SliceSettings, offers: Offers) -> Ecs:
    """The slice with its ports."""

    def context(cluster: ClusterName) -> RequestContext:
        return RequestContext(
            cluster.account, cluster.region, _SERVICE, kernel.ids.uuid()
        ).as_service(_SERVICE, source_arn=cluster.arn)

    async def read_object(cluster: ClusterName, bucket: str, key: str) -> bytes:
        return await offers.read_object(context(cluster), bucket, key)

    async def secret(cluster: ClusterName, value_from: str) -> str:
        parsed = parse_arn(value_from)
        # An ARN is asked for in its own Region. AWS: ECS, API Reference, Secret (valueFrom).
        ctx = context(cluster._replace(region=parsed.region) if parsed else cluster)
        if parsed is not None and parsed.service == "secretsmanager":
            return await offers.read_secret(ctx, value_from)
        return await offers.read_parameter(ctx, value_from)

    return make_ecs(
        kernel.engine,
        kernel.outbox,
        kernel.journeys,
        clock=kernel.clock,
        ids=kernel.ids,
        settings=settings.ecs,
        ports=Ports(
            placement_fault=lambda cluster, family: _placement_fault(
                kernel.faults, cluster, family
            ),
            read_object=read_object,
            secret=secret,
        ),
    )


def _placement_fault(faults: Faults, cluster: ClusterName, family: str) -> str:
    """The failure reason that a rule about RunTask with source `ecs` has ordered."""
    if not faults.is_on:
        return ""
    target = Target("ecs", "RunTask", family, cluster.account, cluster.region, "ecs")
    outcome = faults.call(target)
    return "" if outcome is None or outcome.refusal is None else outcome.refusal.code
