"""Fair queues: which tenants of a standard queue are noisy neighbours.

A tenant is what shares a MessageGroupId; a message without one is a tenant of its own. AWS: SQS
Developer Guide, How Amazon SQS fair queues work. Of its two measures, the concurrency share is
taken; the share of processing time is not.
"""

from __future__ import annotations

from collections.abc import Mapping

from kamome.services.sqs import limits


def noisy_tenants(in_flight: Mapping[int, int], total_in_flight: int) -> list[int]:
    """Tenants with more than 10% of what is in flight and at least 30, the least noisy first.

    There are nine at most. Tenant 0 stands for the messages without one, which are never noisy.
    """
    least = max(limits.NOISY_IN_FLIGHT_MIN, total_in_flight * limits.NOISY_SHARE_MIN)
    noisy = [
        tenant
        for tenant, count in in_flight.items()
        if tenant and count >= least and count > total_in_flight * limits.NOISY_SHARE_MIN
    ]
    return sorted(noisy, key=lambda tenant: in_flight[tenant])
