"""`kamome_server`: a server for a block, a function or a class of tests; `KamomeTestCase`.

    with kamome_server() as kamome:
        kamome.client("sqs").create_queue(QueueName="orders")

Code under test finds the server by the environment, as it would find AWS.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from types import TracebackType
from typing import Any, ClassVar, TypeVar, cast, overload
from unittest import TestCase

from kamome.config import environment_with
from kamome.testing.handle import Kamome
from kamome.testing.host import HOSTS

Decorated = TypeVar("Decorated", bound=Callable[..., Any] | type)
_PARAMETER = "kamome"
_TEST_METHODS = "test"


class Sandbox:
    """A server that begins with the block and ends with it. `settings` are those of `serve`."""

    def __init__(self, settings: Mapping[str, object]) -> None:
        self._settings = settings
        self._open: list[ExitStack] = []

    def __enter__(self) -> Kamome:
        with ExitStack() as stack:
            host = HOSTS.take()
            stack.callback(HOSTS.give_back, host)
            kamome = Kamome(host, host.start(self._settings))
            stack.callback(kamome.close)
            stack.enter_context(environment_with(kamome.environment))
            stack.callback(_forget_default_session)
            _forget_default_session()
            self._open.append(stack.pop_all())
        return kamome

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._open.pop().close()

    def __call__(self, decorated: Decorated) -> Decorated:
        """Decorate a function, or every `test…` method of a class: each call has its own server.

        A parameter named `kamome` gets the handle of the server.
        """
        if isinstance(decorated, type):
            for name, member in list(vars(decorated).items()):
                if name.startswith(_TEST_METHODS) and inspect.isfunction(member):
                    setattr(decorated, name, self._wrapped(member))
            return decorated
        return cast("Decorated", self._wrapped(decorated))

    def _wrapped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        signature = inspect.signature(function)
        takes_handle = _PARAMETER in signature.parameters

        def given(kamome: Kamome, named: dict[str, object]) -> dict[str, object]:
            return {**named, _PARAMETER: kamome} if takes_handle else named

        if inspect.iscoroutinefunction(function):

            @functools.wraps(function)
            async def wrapper(*args: object, **named: object) -> object:
                with Sandbox(self._settings) as kamome:
                    return await function(*args, **given(kamome, named))

        else:

            @functools.wraps(function)
            def wrapper(*args: object, **named: object) -> object:
                with Sandbox(self._settings) as kamome:
                    return function(*args, **given(kamome, named))

        # What remains is for others to give: pytest takes parameters for fixtures.
        left = [each for name, each in signature.parameters.items() if name != _PARAMETER]
        wrapper.__signature__ = signature.replace(parameters=left)  # type: ignore[attr-defined]
        return wrapper


@overload
def kamome_server(decorated: Decorated, /) -> Decorated: ...


@overload
def kamome_server(**settings: object) -> Sandbox: ...


def kamome_server(decorated: Any = None, /, **settings: object) -> Any:
    """A server for tests, as a context manager or a decorator, with or without settings.

    with kamome_server() as kamome: ...
    @kamome_server
    @kamome_server(region="eu-west-1")

    Raises:
        SettingError: a setting has a value that it does not take.
    """
    sandbox = Sandbox(settings)
    return sandbox if decorated is None else sandbox(decorated)


class KamomeTestCase(TestCase):
    """A unittest case with a server of its own for each test: `self.kamome`."""

    kamome: Kamome
    kamome_settings: ClassVar[Mapping[str, object]] = {}

    def setUp(self) -> None:
        """Begin the server."""
        super().setUp()
        self.kamome = self.enterContext(kamome_server(**self.kamome_settings))


def _forget_default_session() -> None:
    """boto3's own session keeps the credentials and endpoints it was made with."""
    boto3 = sys.modules.get("boto3")
    if boto3 is not None:
        boto3.DEFAULT_SESSION = None  # type: ignore[attr-defined] # of boto3, which has no types
