"""Who may run now: the account's concurrency, and what of it is reserved for functions.

A function with reserved concurrency may use that and no more; all others share what is left of the
account's 1,000 in the Region. An invocation counts from its acceptance to its end, the time it
waits for a process of this machine included.

AWS: Lambda Developer Guide, Understanding Lambda function scaling; Configuring reserved
concurrency for a function.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import msgspec

from kamome.services.lambda_.concurrency.concurrency_store import ConcurrencyStore
from kamome.services.lambda_.errors import TooManyRequestsException
from kamome.services.lambda_.functions.function_names import FunctionName
from kamome.services.lambda_.limits import (
    CONCURRENT_EXECUTIONS,
    UNRESERVED_CONCURRENT_EXECUTIONS_MIN,
)

_RESERVED_MAX = CONCURRENT_EXECUTIONS - UNRESERVED_CONCURRENT_EXECUTIONS_MIN
_SHARED = "ConcurrentInvocationLimitExceeded"
_RESERVED = "ReservedFunctionConcurrentInvocationLimitExceeded"


class Admission(msgspec.Struct):
    """Counts what is under way, by function and by account and Region.

    `throttles` counts what was refused, by (account, Region, function), since the start.
    """

    store: ConcurrencyStore
    concurrency_max: int = CONCURRENT_EXECUTIONS
    throttles: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    _of_function: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)
    _shared: Counter[tuple[str, ...]] = msgspec.field(default_factory=Counter)

    def admit(self, named: FunctionName) -> Callable[[], None]:
        """One more of the function's concurrent executions; returns what ends it.

        Raises:
            TooManyRequestsException: nothing is left of what the function may use.

        AWS: Lambda Developer Guide, Understanding Lambda function scaling.
        """
        reserved = self.store.reserved(named)
        shared = (named.account, named.region)
        function = (*shared, named.name)
        is_shared = reserved is None
        if reserved is None:
            self._check_shared(named)
            self._shared[shared] += 1
        else:
            self._check_reserved(named, reserved)
        self._of_function[function] += 1

        def end() -> None:
            _less(self._of_function, function)
            if is_shared:
                _less(self._shared, shared)

        return end

    def under_way(self, named: FunctionName) -> int:
        """How many invocations of a function are under way or wait for a process."""
        return self._of_function[named.account, named.region, named.name]

    def _check_reserved(self, named: FunctionName, reserved: int) -> None:
        if self.under_way(named) >= reserved:
            self._count_throttle(named)
            raise TooManyRequestsException(_RESERVED, is_stopped=reserved == 0)

    def _check_shared(self, named: FunctionName) -> None:
        used = self._shared[named.account, named.region]
        if used < self.concurrency_max - _RESERVED_MAX:
            return  # so much is left whatever is reserved; nearly always, and a query less
        if used >= self.concurrency_max - self.store.reserved_total(named.account, named.region):
            self._count_throttle(named)
            raise TooManyRequestsException(_SHARED)

    def _count_throttle(self, named: FunctionName) -> None:
        self.throttles[named.account, named.region, named.name] += 1


def _less(counter: Counter[tuple[str, ...]], key: tuple[str, ...]) -> None:
    counter[key] -= 1
    if not counter[key]:
        del counter[key]
