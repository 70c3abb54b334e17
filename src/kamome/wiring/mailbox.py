"""The mailbox over the stores of received, sent and outgoing mails; made when it is first asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property

from kamome.mail.inbound import Inbound
from kamome.observe.admin import Handler
from kamome.wire import HttpRequest, HttpResponse
from kamome.wiring.kernel import Kernel
from kamome.wiring.slices import Slices

PREFIX = "/_kamome/mails"
FEED_PREFIX = "/_aws/ses"


class MailboxRoutes:
    """What answers below its prefixes. Its modules are imported with the first request."""

    def __init__(self, kernel: Kernel, slices: Slices, inbound: Callable[[], Inbound]) -> None:
        self._kernel = kernel
        self._slices = slices
        self._inbound = inbound

    def routes(self) -> Mapping[str, Handler]:
        """Handlers by their prefixes."""
        return {PREFIX: self._mails, FEED_PREFIX: self._feed}

    async def _mails(self, request: HttpRequest) -> HttpResponse:
        return await self._api(request)

    async def _feed(self, request: HttpRequest) -> HttpResponse:
        return await self._sent_feed(request)

    @cached_property
    def _api(self) -> Handler:
        from kamome.services.ses.feedback.event_store import EventStore
        from kamome.services.ses.mailbox.mailbox import Mailbox
        from kamome.services.ses.mailbox.mailbox_actions import MailboxActions
        from kamome.services.ses.mailbox.mailbox_api import MailboxApi

        slices = self._slices
        events = EventStore(self._kernel.engine)
        mailbox = Mailbox(slices.mails, slices.ses.sent, slices.spool, events)
        return MailboxApi(slices.ses, mailbox, MailboxActions(slices.ses, mailbox, self._inbound))

    @cached_property
    def _sent_feed(self) -> Handler:
        from kamome.services.ses.mailbox.mailbox_api import SentFeed

        return SentFeed(self._slices.ses, self._forget)

    def _forget(self, message_ids: list[str]) -> None:
        from kamome.services.ses.feedback.event_store import EventStore

        EventStore(self._kernel.engine).forget(message_ids)
        self._slices.ses.sent.forget(message_ids)
