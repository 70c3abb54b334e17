"""The way of every request: identify, authenticate, decode, authorize, invoke, encode, record.

Around the invocation stands what fault rules have ordered for it; without a rule that is one test.

`Pipeline.run` takes a request whose head has arrived and a `Body` that is still coming, and gives
the response. The answer leaves only when all it tells of, and all it could have seen, is durable.
"""

from __future__ import annotations

import logging
import types
from collections.abc import AsyncIterator, Callable, Generator, Mapping
from typing import Protocol

import msgspec
import orjson

from kamome.clock import Clock
from kamome.context import RequestContext
from kamome.errors import AwsError, InternalFailure
from kamome.faults.errors import ConnectionLost
from kamome.faults.handlings import CLIENT_AGAIN_MS, texts_of
from kamome.faults.injector import Faults, Outcome
from kamome.faults.rules import Target
from kamome.http.authentication import Authentication
from kamome.http.credential import Credential
from kamome.http.payload import open_payload
from kamome.http.route import Call, CallRefused, Routes, bucket_path
from kamome.http.sigv4 import Seed
from kamome.ids import Ids
from kamome.observe.journeys import Journeys
from kamome.protocols.constraints import violations
from kamome.services import Edge, Run, Served, Signer
from kamome.storage.engine import Engine, Kept
from kamome.wire import NO_ANSWER, HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

_FORM_BYTES_MAX = 8 * 1024 * 1024
# What rules match and remember of a resource: an ARN's 2,048 characters, and the names in it.
_RESOURCE_CHARACTERS_MAX = 2_048


class Body(Protocol):
    """The body of a request, still arriving."""

    async def read(self, bytes_max: int) -> bytes:
        """All of it; raises RequestEntityTooLarge as soon as it is known to be longer."""

    def chunks(self) -> AsyncIterator[bytes]:
        """Its pieces as they arrive; raises MalformedRequest when the client hangs up."""

    def when_gone(self, callback: Callable[[], None]) -> None:
        """Call back when the client hangs up before it is answered, or the server stops."""

    @property
    def whole(self) -> bytes | None:
        """All of it where it is here and within all bounds; None: it is to be read."""


class Defaults(msgspec.Struct, frozen=True):
    """What holds for a caller who does not say."""

    region: str


class Reply(msgspec.Struct, frozen=True):
    """An answer that may leave once all it tells of, and all it could have seen, is durable.

    `lost` is the number of lost transactions when the call began, None where the answer waits for
    nothing. The rest words a refusal.
    """

    response: HttpResponse
    lost: int | None
    call: Call | None
    request: HttpRequest
    request_id: str

    def refusal(self, error: AwsError) -> HttpResponse:
        """What is answered in its place, where it could not be kept."""
        return _refusal(self.call, error, self.request, self.request_id)


class Pipeline:
    """The steps, and what they need."""

    def __init__(
        self,
        routes: Routes,
        authentication: Authentication,
        engine: Engine,
        clock: Clock,
        ids: Ids,
        *,
        journeys: Journeys,
        faults: Faults,
        defaults: Defaults,
    ) -> None:
        self._routes = routes
        self._authentication = authentication
        self._engine = engine
        self._clock = clock
        self._ids = ids
        self._journeys = journeys
        self._faults = faults
        self._defaults = defaults

    async def run(
        self, request: HttpRequest, body: Body, exchange: Exchange | None = None
    ) -> HttpResponse:
        """Answer one request. Never raises: what goes wrong is an answer, too.

        With an `exchange`, it has passed the edge of its slice already.
        """
        reply = await self.reply(request, body, exchange)
        if reply.lost is not None:
            try:
                await self._engine.durable(reply.lost)
            except AwsError as unavailable:
                return reply.refusal(unavailable)
        return reply.response

    def when_durable(self, kept: Kept, lost: int) -> None:
        """Call `kept` once a reply of that `lost` may leave, perhaps at once."""
        self._engine.when_durable(kept, lost)

    async def reply(
        self, request: HttpRequest, body: Body, exchange: Exchange | None = None
    ) -> Reply:
        """What is to be answered, also where something goes wrong. Never raises.

        A refusal, too, may rest on what another request has just written.
        """
        request_id = self._ids.request_id() if exchange is None else exchange.request_id
        lost = self._engine.lost_transactions
        call: Call | None = None
        try:
            marked = self._routes.marked(request)
            edge = marked.service.edge(marked.slice, request) if marked is not None else None
            if marked is not None and edge is not None:
                call = Call(marked, marked.service.protocols[0], "")
                response = await self._at_edge(edge, call, request, body, request_id)
                return Reply(response, None, call, request, request_id)
            credential = self._authentication.read(request)
            served = self._routes.service_of(request, credential)
            if exchange is None and served is not None and served.service.has_edge:
                edge = served.service.edge(served.slice, request)
                if edge is not None:
                    call = Call(served, served.service.protocols[0], "")
                    response = await self._at_edge(edge, call, request, body, request_id)
                    return Reply(response, lost, call, request, request_id)
            if body.whole is not None and served is not None:
                call = self._routes.call_of_whole(served, request, body.whole)
                if not served.service.runs_at_once:
                    await in_task()
            else:
                call = await self._identify(served, request, body)
            request.is_streamed = call.streams
            seed = self._verify(call, request, credential)
            if request.is_streamed:
                key = credential.access_key if credential is not None else ""
                request.stream = open_payload(request, body, seed, access_key=key)
            context = self._context(request, credential, call, request_id, body)
            response = await self._answer(call, context, request)
        except CallRefused as refused:
            call = refused.call
            response = _refusal(call, refused.error, request, request_id)
        except ConnectionLost:
            response = HttpResponse(NO_ANSWER, [])
        except AwsError as error:
            response = _refusal(call, error, request, request_id)
        except Exception:
            logger.exception("request %s failed", request_id)
            response = _refusal(call, InternalFailure(_OUR_MISTAKE), request, request_id)
        return Reply(response, lost, call, request, request_id)

    async def _at_edge(
        self, edge: Edge, call: Call, request: HttpRequest, body: Body, request_id: str
    ) -> HttpResponse:
        """What a slice answers in place of an operation."""
        if body.whole is not None:
            await in_task()
        return await edge(Exchange(self, request, body, call, request_id))

    async def invoke(
        self, exchange: Exchange, run: Run, credential: Credential | None
    ) -> Mapping[str, object]:
        """Run an operation for a slice's edge: faults, journeys and durability as for any call.

        Raises:
            AwsError: what the operation raises, or what a rule has ordered.
        """
        lost = self._engine.lost_transactions
        call = Call(exchange.call.served, exchange.call.protocol, run.name)
        context = self._context(
            exchange.request, credential, call, exchange.request_id, exchange.body
        )
        outcome: Outcome | None = None
        if self._faults.is_on:
            account, region = run.owner or (context.account, context.region)
            owned = msgspec.structs.replace(context, account=account, region=region)
            outcome = await self._strike(call, owned, run.request)
        try:
            result = await run.operation(call.served.slice, context, run.request)
        except AwsError as error:
            self._record(call, context, run.request, error.code)
            raise
        self._record(call, context, run.request, "ok")
        await self._engine.durable(lost)
        if outcome is not None and outcome.refusal is not None:
            self._lose(run.request)
            raise outcome.refusal
        return result or {}

    def signer(self, exchange: Exchange) -> Credential | None:
        """Who signed a request; None where nobody did.

        Raises:
            AwsError: signatures are enforced, and this one is not right.
        """
        credential = self._authentication.read(exchange.request)
        if credential is not None:
            signing_name = exchange.call.served.service.signing_name
            self._authentication.verify(exchange.request, credential, signing_name)
        return credential

    def form_signer(self, fields: Mapping[str, str]) -> Credential | None:
        """Who signed the policy of an S3 form; None where nobody did.

        Raises:
            AwsError: signatures are enforced, and this one is missing or not right.
        """
        return self._authentication.verify_form(fields)

    def signing_account(self, request: HttpRequest) -> str:
        """The account of who says he signed a request; empty where nobody does."""
        try:
            credential = self._authentication.read(request)
        except AwsError:
            return ""
        return self._authentication.account_of(credential) if credential is not None else ""

    @property
    def is_enforcing(self) -> bool:
        """Whether signatures are enforced."""
        return self._authentication.is_enforced

    def refuse(self, request: HttpRequest, error: AwsError) -> HttpResponse:
        """Answer a request that is not one for any service."""
        return _refusal(None, error, request, self._ids.request_id())

    async def _identify(self, served: Served | None, request: HttpRequest, body: Body) -> Call:
        """Find the operation, reading the body unless the operation streams it."""
        if served is None:
            request.body = await body.read(_FORM_BYTES_MAX)
            return self._routes.call_of(None, request)
        if "query" not in served.service.protocols:
            call = self._routes.call_of(served, request)
            if not call.streams:
                request.body = await _read(call, body)
            return call
        # A form names its operation in the body: until then only the protocol is known.
        protocol_name = "json" if request.has_header("x-amz-target") else "query"
        request.body = await _read(Call(served, protocol_name, ""), body)
        return self._routes.call_of(served, request)

    def _verify(
        self, call: Call, request: HttpRequest, credential: Credential | None
    ) -> Seed | None:
        service = call.served.service
        if credential is None and call.operation in service.unsigned_operations:
            return None
        return self._authentication.verify(request, credential, service.signing_name)

    def _context(
        self,
        request: HttpRequest,
        credential: Credential | None,
        call: Call,
        request_id: str,
        body: Body,
    ) -> RequestContext:
        account = self._authentication.account_of(credential)
        region = credential.region if credential is not None else ""
        return RequestContext(
            account=account,
            region=region or self._defaults.region,
            principal=f"arn:aws:iam::{account}:root",
            request_id=request_id,
            protocol=call.protocol,
            base_url=request.base_url,
            trace=request.header("x-amzn-trace-id"),
            source_ip=request.client_ip,
            access_key=credential.access_key if credential is not None else "",
            when_gone=body.when_gone,
        )

    async def _answer(
        self, call: Call, context: RequestContext, request: HttpRequest
    ) -> HttpResponse:
        operation = call.operation_model
        decoded = call.wire.decode(operation, request)
        if call.complete is not None:
            call.complete(request, decoded)
        found = violations(operation, decoded)
        if found:
            raise call.served.service.violation(found)
        outcome: Outcome | None = None
        try:
            if self._faults.is_on:
                outcome = await self._strike(call, context, decoded)
            result = await call.invoke(call.served.slice, context, decoded)
        except AwsError as error:
            self._record(call, context, decoded, error.code)
            raise
        if context.trace:  # tested here, too: most calls have none, and this is each call's way
            self._record(call, context, decoded, "ok")
        if outcome is not None and outcome.refusal is not None:
            await self._engine.durable()
            self._lose(decoded)
            raise outcome.refusal
        return call.wire.encode(operation, result or {}, context.request_id)

    async def _strike(
        self, call: Call, context: RequestContext, decoded: Mapping[str, object]
    ) -> Outcome | None:
        """What rules have ordered for this call, as far as it comes before the invocation.

        Raises:
            AwsError: the call fails before it takes effect.
        """
        service = call.served.service
        target = Target(
            service.name,
            call.operation,
            service.resource_of(decoded)[:_RESOURCE_CHARACTERS_MAX],
            context.account,
            context.region,
        )
        outcome = self._faults.call(target)
        if outcome is None:
            return None
        if outcome.latency_ms:
            await self._faults.pause(outcome.latency_ms / 1000)
        if outcome.refusal is not None and not outcome.is_lost:
            raise outcome.refusal
        return outcome

    def _lose(self, decoded: Mapping[str, object]) -> None:
        """The call has taken effect, and the client will not hear of it."""
        until_ms = self._clock.now_ms() + CLIENT_AGAIN_MS
        self._faults.handlings.lost_acknowledgement(texts_of(decoded), until_ms)

    def _record(
        self, call: Call, context: RequestContext, decoded: Mapping[str, object], result: str
    ) -> None:
        if context.trace:
            self._journeys.step(
                context.trace,
                service=call.served.service.name,
                action=call.operation,
                resource=call.served.service.resource_of(decoded),
                result=result,
            )


@types.coroutine
def in_task() -> Generator[None, None, None]:
    """Wait for nothing: what a connection has begun by itself goes on in a task."""
    yield


class Exchange:
    """A request at the edge of its slice, before the operation it may name. See `services.Edge`."""

    def __init__(
        self, pipeline: Pipeline, request: HttpRequest, body: Body, call: Call, request_id: str
    ) -> None:
        self._pipeline = pipeline
        self.request = request
        self.body = body
        self.call = call
        self.request_id = request_id

    @property
    def is_enforcing(self) -> bool:
        """Whether signatures are enforced."""
        return self._pipeline.is_enforcing

    @property
    def path(self) -> str:
        """The path with the bucket in front, whatever the addressing style; percent-encoded."""
        return bucket_path(self.request)

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it arrives."""
        return self.body.chunks()

    async def go_on(self) -> HttpResponse:
        """Answer by the operation that the request names, as if there were no edge."""
        return await self._pipeline.run(self.request, self.body, self)

    @property
    def account(self) -> str:
        """The account of who signed the request; empty where nobody did."""
        return self._pipeline.signing_account(self.request)

    def signer(self) -> Credential | None:
        """Who signed the request; None where nobody did."""
        return self._pipeline.signer(self)

    def form_signer(self, fields: Mapping[str, str]) -> Credential | None:
        """Who signed the policy of an S3 form; None where nobody did."""
        return self._pipeline.form_signer(fields)

    async def invoke(self, run: Run, signer: Signer | None) -> Mapping[str, object]:
        """Run an operation for a signer, or for anybody."""
        assert signer is None or isinstance(signer, Credential)
        return await self._pipeline.invoke(self, run, signer)

    def answer(self, operation: str, result: Mapping[str, object]) -> HttpResponse:
        """What an operation gave, as its answer."""
        model = self.call.model.operation(operation)
        return self.call.wire.encode(model, result, self.request_id)

    def refusal(self, error: AwsError) -> HttpResponse:
        """An error as the service words it."""
        return _refusal(self.call, error, self.request, self.request_id)


_OUR_MISTAKE = "An internal error occurred. It has been logged under this request's id."


async def _read(call: Call, body: Body) -> bytes:
    """The whole body; what is wrong with it is told in the call's own protocol."""
    try:
        return await body.read(call.served.service.body_bytes_max)
    except AwsError as error:
        raise CallRefused(call, error) from None


def _refusal(
    call: Call | None, error: AwsError, request: HttpRequest, request_id: str
) -> HttpResponse:
    if call is None:
        return _plain_refusal(error, request, request_id)
    operation = call.operation_model if call.operation in call.model.operation_names else None
    response = call.wire.encode_error(call.model, operation, error, request_id)
    if request.method == "HEAD":
        response.body = b""
    return response


def _plain_refusal(error: AwsError, request: HttpRequest, request_id: str) -> HttpResponse:
    """The answer where not even the service is known: in the form the client seems to read."""
    headers = [("x-amzn-requestid", request_id), ("x-amzn-errortype", error.code)]
    if request.has_header("x-amz-target") or request.header("content-type").startswith(
        "application/json"
    ):
        body = orjson.dumps({"__type": error.code, "message": error.message})
        headers.append(("content-type", "application/x-amz-json-1.0"))
        return HttpResponse(error.status, headers, body)
    text = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<ErrorResponse><Error>'
        f"<Type>{error.fault}</Type><Code>{error.code}</Code><Message>{_escaped(error.message)}"
        f"</Message></Error><RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    headers.append(("content-type", "text/xml"))
    return HttpResponse(error.status, headers, b"" if request.method == "HEAD" else text.encode())


def _escaped(text: str) -> str:
    shown = "".join(c if c >= " " or c in "\t\n\r" else "\ufffd" for c in text)
    return shown.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
