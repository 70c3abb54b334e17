"""The direct transport: which server is asked, over what, and what counts when none answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.mail.dns_server import DnsServer, running_dns_server
from tests.mail.smtp_peer import SmtpPeer, certificate, running_peer
from tests.mail.spool_world import running_spool

from kamome.clock import Clock, manual_clock
from kamome.mail.dns import Resolver
from kamome.mail.mta_sts import MtaSts
from kamome.mail.outgoing import OutgoingMail
from kamome.mail.policy_store import PolicyStore
from kamome.mail.reachable_networks import ReachableNetworks, parse_networks
from kamome.mail.smtp_client import Timeouts
from kamome.mail.transports import Answer, Delivery
from kamome.mail.transports.direct import Direct

MAIL = b"From: a@example.com\r\nSubject: x\r\n\r\nhi\r\n"
POLICY = "version: STSv1\r\nmode: enforce\r\nmx: mx1.example.net\r\nmax_age: 86400\r\n"


@dataclass
class Policies:
    """The policy file of every domain, and how often it was fetched."""

    text: str | None = None
    fetched: int = 0

    async def fetch(self, _host: str, _addresses: list[str]) -> str | None:
        self.fetched += 1
        return self.text


@dataclass
class Net:
    """A name server, a mail server at 127.0.0.1, and a transport that asks the one of the other."""

    dns: DnsServer
    clock: Clock
    peer: SmtpPeer
    direct: Direct
    stack: AsyncExitStack
    policies: Policies

    async def second(self, host: str = "127.0.0.2", **settings: object) -> SmtpPeer:
        peer = running_peer(host=host, at_port=self.peer.port, **settings)  # type: ignore[arg-type] # the fields, by name
        return await self.stack.enter_async_context(peer)

    async def send(self, domain: str = "example.net", **more: object) -> Answer:
        recipients = (f"to@{domain}",)
        mail = OutgoingMail("m", "o", "from@example.com", recipients, 0, **more)  # type: ignore[arg-type] # the fields, by name
        answers = await self.direct.deliver(Delivery(mail, domain, recipients), MAIL)
        return answers[0]


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    async with AsyncExitStack() as stack:
        dns = await stack.enter_async_context(running_dns_server())
        peer = await stack.enter_async_context(running_peer())
        clock = manual_clock()
        resolver = Resolver(clock, dns.setting, timeout_s=2, attempt_s=0.5)
        policies = Policies()
        direct = Direct(
            resolver,
            clock,
            "mail.example.com",
            policies=MtaSts(resolver, clock, policies.fetch),
            timeouts=Timeouts(connect_s=2, command_s=5, data_s=5),
            port=peer.port,
            reach=ReachableNetworks(parse_networks("127.0.0.0/30, ::1")),
        )
        net = Net(dns, clock, peer, direct, stack, policies)
        dns.add("example.net", "MX", "10 mx1.example.net.")
        dns.add("mx1.example.net", "A", "127.0.0.1")
        yield net
        await direct.close()


class TestRoute:
    async def test_mail_goes_to_the_mx_of_the_domain(self, net: Net) -> None:
        answer = await net.send()

        assert (answer.code, answer.remote_host, answer.remote_ip) == (
            250,
            "mx1.example.net",
            "127.0.0.1",
        )
        assert net.peer.mails == [MAIL]

    async def test_domain_without_mx_is_its_own_host(self, net: Net) -> None:
        net.dns.add("plain.example", "A", "127.0.0.1")

        answer = await net.send("plain.example")

        assert (answer.code, answer.remote_host) == (250, "plain.example")

    async def test_null_mx_takes_no_mail(self, net: Net) -> None:
        net.dns.add("null.example", "MX", "0 .")

        answer = await net.send("null.example")

        assert (answer.code, answer.enhanced) == (556, "5.1.10")

    async def test_domain_that_does_not_exist_is_final(self, net: Net) -> None:
        answer = await net.send("nothing.invalid")

        assert (answer.code, answer.enhanced) == (550, "5.1.2")

    async def test_dns_that_fails_puts_the_mail_off(self, net: Net) -> None:
        net.dns.failing.add("sick.example")

        answer = await net.send("sick.example")

        assert (answer.code, answer.enhanced) == (451, "4.4.3")

    async def test_mx_without_address_is_final(self, net: Net) -> None:
        net.dns.add("odd.example", "MX", "10 gone.example.org.")
        net.dns.add("example.org", "TXT", "x")

        answer = await net.send("odd.example")

        assert (answer.code, answer.enhanced) == (550, "5.4.4")

    async def test_better_preference_is_asked_first(self, net: Net) -> None:
        second = await net.second()
        net.dns.add("two.example", "MX", "20 mx1.example.net.", "5 best.example.net.")
        net.dns.add("best.example.net", "A", "127.0.0.2")

        answer = await net.send("two.example")

        assert answer.remote_host == "best.example.net"
        assert (len(second.mails), len(net.peer.mails)) == (1, 0)

    @pytest.mark.parametrize(
        "address", ["127.0.0.9", "10.0.0.1", "169.254.169.254", "224.0.0.1", "0.0.0.0"]
    )
    async def test_host_behind_a_firewall_is_not_connected_to(self, net: Net, address: str) -> None:
        net.dns.add("evil.example", "MX", "10 inside.evil.example.")
        net.dns.add("inside.evil.example", "A", address)

        answer = await net.send("evil.example")

        assert (answer.code, answer.enhanced) == (550, "5.4.4")
        assert "no public address" in answer.text
        assert address not in answer.text
        assert answer.remote_ip == ""

    async def test_host_on_this_very_machine_is_not_connected_to_without_its_network(
        self, net: Net
    ) -> None:
        bare = Direct(net.direct._resolver, net.clock, "mail.example.com", port=net.peer.port)
        net.direct = bare

        answers = [await net.send(domain) for domain in ("example.net", "[127.0.0.1]")]

        assert [answer.code for answer in answers] == [550, 550]
        assert net.peer.mails == []

    async def test_public_address_of_a_host_is_used_beside_others(self, net: Net) -> None:
        net.dns.add("two.example", "MX", "10 both.example.net.")
        net.dns.add("both.example.net", "A", "10.0.0.1", "127.0.0.1")

        answer = await net.send("two.example")

        assert (answer.code, answer.remote_ip) == (250, "127.0.0.1")

    @pytest.mark.parametrize("greeting", [b"", b"421 busy\r\n", b"554 go away\r\n"])
    async def test_next_host_is_asked_where_one_begins_no_transaction(
        self, net: Net, greeting: bytes
    ) -> None:
        if greeting:
            await net.second(greeting=greeting)
        net.dns.add("two.example", "MX", "5 first.example.net.", "10 mx1.example.net.")
        net.dns.add("first.example.net", "A", "127.0.0.2")

        answer = await net.send("two.example")

        assert (answer.code, answer.remote_host) == (250, "mx1.example.net")

    async def test_every_address_of_a_host_is_tried(self, net: Net) -> None:
        net.dns.add("many.example", "A", "127.0.0.3", "127.0.0.2", "127.0.0.1")

        answer = await net.send("many.example")

        assert (answer.code, answer.remote_ip) == (250, "127.0.0.1")

    async def test_ipv6_is_spoken(self, net: Net) -> None:
        second = await net.second(host="::1")
        net.dns.add("six.example", "AAAA", "::1")

        answer = await net.send("six.example")

        assert (answer.code, answer.remote_ip) == (250, "::1")
        assert len(second.mails) == 1

    async def test_no_to_the_recipient_is_not_taken_to_another_host(self, net: Net) -> None:
        second = await net.second()
        net.peer.say = lambda verb, _: b"550 5.1.1 no\r\n" if verb == "RCPT" else None
        net.dns.add("two.example", "MX", "5 mx1.example.net.", "10 other.example.net.")
        net.dns.add("other.example.net", "A", "127.0.0.2")

        answer = await net.send("two.example")

        assert (answer.code, answer.enhanced) == (550, "5.1.1")
        assert second.sessions == []

    async def test_hosts_behind_ourselves_are_not_used(self, net: Net) -> None:
        net.dns.add("loop.example", "MX", "10 mail.example.com.", "20 mx1.example.net.")

        answer = await net.send("loop.example")

        assert (answer.code, answer.enhanced) == (554, "5.4.6")
        assert net.peer.sessions == []

    async def test_address_literal_needs_no_dns(self, net: Net) -> None:
        answer = await net.send("[127.0.0.1]")

        assert answer.code == 250
        assert not net.dns.asked

    @pytest.mark.parametrize("domain", ["[example.net]", "[]", "[IPv6:127.0.0]"])
    async def test_literal_that_is_no_address_is_final(self, net: Net, domain: str) -> None:
        answer = await net.send(domain)

        assert (answer.code, answer.enhanced) == (553, "5.1.3")


class TestDown:
    async def test_host_that_is_down_is_left_alone_for_a_minute(self, net: Net) -> None:
        net.peer.greeting = b"421 4.3.2 not now\r\n"
        first = await net.send()
        second = await net.send()
        assert len(net.peer.sessions) == 1
        assert second == first
        assert (first.code, first.text, first.remote_host) == (421, "not now", "mx1.example.net")

        await net.clock.advance(60_000)
        net.peer.greeting = b"220 hello\r\n"
        third = await net.send()

        assert third.code == 250

    async def test_refusal_at_the_greeting_is_final_where_every_host_says_so(
        self, net: Net
    ) -> None:
        net.peer.greeting = b"554 5.7.1 you are listed\r\n"

        answer = await net.send()

        assert (answer.code, answer.enhanced, answer.text) == (554, "5.7.1", "you are listed")

    async def test_host_that_may_come_back_counts_more_than_one_that_refuses(
        self, net: Net
    ) -> None:
        net.peer.greeting = b"554 5.7.1 you are listed\r\n"
        net.dns.add("two.example", "MX", "5 mx1.example.net.", "10 down.example.net.")
        net.dns.add("down.example.net", "A", "127.0.0.2")

        answer = await net.send("two.example")

        assert (answer.code, answer.enhanced) == (451, "4.4.1")

    async def test_connection_is_reused_for_the_same_domain_alone(self, net: Net) -> None:
        net.dns.add("other.example", "MX", "10 mx1.example.net.")
        await net.send()
        await net.send()
        await net.send("other.example")

        assert [len(session.mails) for session in net.peer.sessions] == [2, 1]


class TestTls:
    async def test_tls_is_used_where_it_is_offered(self, net: Net, tmp_path: Path) -> None:
        net.peer.tls, _ = certificate(tmp_path, "whoever.example")

        answer = await net.send()

        assert answer.code == 250
        assert net.peer.sessions[0].is_encrypted

    async def test_tls_that_does_not_work_is_gone_without(self, net: Net) -> None:
        net.peer.is_tls_broken = True

        answer = await net.send()

        assert answer.code == 250
        assert not net.peer.sessions[-1].is_encrypted

    async def test_mail_that_requires_tls_bounces_where_there_is_none(self, net: Net) -> None:
        answer = await net.send(requires_tls=True)

        assert (answer.code, answer.enhanced) == (550, "5.7.10")
        assert net.peer.mails == []

    async def test_mail_that_requires_tls_waits_where_it_fails(self, net: Net) -> None:
        net.peer.is_tls_broken = True

        answer = await net.send(requires_tls=True)

        assert (answer.code, answer.enhanced) == (451, "4.7.5")

    async def test_mail_that_requires_tls_takes_any_certificate(
        self, net: Net, tmp_path: Path
    ) -> None:
        net.peer.tls, _ = certificate(tmp_path, "whoever.example")

        assert (await net.send(requires_tls=True)).code == 250


class TestMtaSts:
    @pytest.fixture
    async def strict(self, net: Net) -> Net:
        net.dns.add("_mta-sts.example.net", "TXT", "v=STSv1; id=20261122;")
        net.dns.add("mta-sts.example.net", "A", "127.0.0.1")
        net.policies.text = POLICY
        return net

    async def test_certificate_of_the_host_is_taken(self, strict: Net, tmp_path: Path) -> None:
        strict.peer.tls, strict.direct._context = certificate(tmp_path, "mx1.example.net")

        assert (await strict.send()).code == 250
        assert strict.peer.sessions[0].is_encrypted

    async def test_certificate_of_another_is_not(self, strict: Net, tmp_path: Path) -> None:
        strict.peer.tls, strict.direct._context = certificate(tmp_path, "whoever.example")

        answer = await strict.send()

        assert (answer.code, answer.enhanced) == (451, "4.7.5")
        assert strict.peer.mails == []

    async def test_host_without_tls_is_not_used_and_the_mail_waits(self, strict: Net) -> None:
        answer = await strict.send()

        assert (answer.code, answer.enhanced) == (451, "4.7.5")
        assert strict.peer.mails == []

    async def test_host_outside_the_policy_is_not_used(self, strict: Net) -> None:
        strict.policies.text = POLICY.replace("mx1.example.net", "*.other.example")

        answer = await strict.send()

        assert (answer.code, answer.enhanced) == (451, "4.7.5")
        assert strict.peer.sessions == []

    @pytest.mark.parametrize("mode", ["testing", "none"])
    async def test_other_modes_demand_nothing(self, strict: Net, mode: str) -> None:
        strict.policies.text = POLICY.replace("enforce", mode)

        assert (await strict.send()).code == 250

    async def test_policy_is_fetched_once_and_again_when_its_id_changes(self, strict: Net) -> None:
        await strict.send()
        await strict.send()
        assert strict.policies.fetched == 1

        strict.dns.remove("_mta-sts.example.net", "TXT")
        strict.dns.add("_mta-sts.example.net", "TXT", "v=STSv1; id=20261123;")
        await strict.clock.advance(301_000)
        await strict.send()

        assert strict.policies.fetched == 2

    async def test_policy_holds_although_its_record_is_gone(self, strict: Net) -> None:
        await strict.send()
        strict.dns.remove("_mta-sts.example.net", "TXT")
        await strict.clock.advance(400_000)

        assert (await strict.send()).enhanced == "4.7.5"

    async def test_policy_holds_over_a_restart(self, strict: Net, tmp_path: Path) -> None:
        async with running_spool(tmp_path) as kept:
            store, resolver = PolicyStore(kept.engine), strict.direct._resolver
            first = MtaSts(resolver, strict.clock, strict.policies.fetch, store)
            assert await first.policy_of("example.net") is not None
            strict.policies.text = None
            strict.dns.remove("_mta-sts.example.net", "TXT")
            await strict.clock.advance(400_000)

            again = MtaSts(resolver, strict.clock, strict.policies.fetch, store)
            policy = await again.policy_of("example.net")
            assert policy is not None
            assert (policy.mode, policy.mx) == ("enforce", ("mx1.example.net",))

            await strict.clock.advance(86_400_000)
            anew = MtaSts(resolver, strict.clock, strict.policies.fetch, store)
            assert await anew.policy_of("example.net") is None

    async def test_policy_ends_with_its_time(self, strict: Net) -> None:
        await strict.send()
        strict.dns.remove("_mta-sts.example.net", "TXT")
        await strict.clock.advance(86_400_000)

        assert (await strict.send()).code == 250

    async def test_policy_that_cannot_be_had_demands_nothing(self, strict: Net) -> None:
        strict.policies.text = None

        assert (await strict.send()).code == 250
