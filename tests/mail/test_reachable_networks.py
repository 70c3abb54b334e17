"""Where mail may go directly: public addresses, however they are wrapped, and named networks."""

from __future__ import annotations

import pytest

from kamome.mail.reachable_networks import ReachableNetworks, parse_networks

PUBLIC = ReachableNetworks()


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_public_addresses_are_reachable(address: str) -> None:
    assert PUBLIC.has(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.255.255.254", "0.0.0.0", "0.1.2.3", "::1", "::"),
        *("10.0.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "fd00::1", "fec0::1"),
        *("169.254.169.254", "fe80::1", "fe80::1%eth0"),
        *("224.0.0.1", "239.1.1.1", "ff02::1", "240.0.0.1", "255.255.255.255"),
        *("192.0.2.1", "198.18.0.1", "2001:db8::1", "100::1", "4000::1"),
        *("::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::a00:1"),
        *("2002:7f00:1::1", "2001:0:808:808::80ff:fffe", "", "localhost", "127.1", "2130706433"),
    ],
)
def test_no_other_address_is_reachable(address: str) -> None:
    assert not PUBLIC.has(address)


@pytest.mark.parametrize(
    "address", ["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd00:1::9"]
)
def test_networks_that_are_named_are_reachable(address: str) -> None:
    named = ReachableNetworks(parse_networks("10.1.0.0/16, fd00:1::/32"))

    assert named.has(address)
    assert not named.has("10.2.0.1")
    assert not named.has("fd00:2::1")


@pytest.mark.parametrize("text", ["10.0.0.0/33", "example.com", "10.0.0.1-9", ",".join("1" * 101)])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"network|address"):
        parse_networks(text)
