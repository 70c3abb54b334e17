"""A postfix of the test's own on loopback: Debian's, with its own folders and ports.

It needs root (postfix's master does) and the package `postfix`; where one is missing, `reason` says
so and the tests that want it are skipped.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import pwd
import shutil
import socket
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = /dev/stdout
mail_owner = postfix
setgid_group = postdrop
myhostname = postfix.example.net
mydestination =
local_recipient_maps =
alias_maps =
alias_database =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtp_dns_support_level = disabled
smtp_host_lookup = native
relayhost = [127.0.0.1]:{next_port}
smtpd_relay_restrictions = permit_mynetworks, reject
smtpd_recipient_restrictions = check_recipient_access inline:{{ {access} }}, permit
smtpd_client_restrictions =
smtpd_tls_security_level = {tls}
smtpd_tls_cert_file = {folder}/certificate.pem
smtpd_tls_key_file = {folder}/certificate.pem
smtp_tls_security_level = may
smtp_sasl_auth_enable = {has_login}
smtp_sasl_password_maps = inline:{{ {{ [127.0.0.1]:{next_port} = {login} }} }}
smtp_sasl_security_options = noanonymous
smtp_send_dummy_mail_auth = {has_login}
smtputf8_enable = yes
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
bounce_queue_lifetime = 1d
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


def reason() -> str:
    """Why there can be no postfix here, empty where there can."""
    if shutil.which("postfix") is None and not Path("/usr/sbin/postfix").exists():
        return "the Debian package postfix is not installed"
    if os.geteuid() != 0:
        return "postfix's master process must be started by root"
    return ""


@dataclass
class Postfix:
    folder: Path
    port: int


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextlib.asynccontextmanager
async def running_postfix(
    *, next_port: int, access: str = "", pem: bytes = b"", login: str = ""
) -> AsyncIterator[Postfix]:
    """Postfix until the block ends: takes mail from loopback, and gives all of it to `next_port`.

    `access` are pairs for check_recipient_access: `{ nobody@example.net = REJECT }`. With `login`,
    USER:PASSWORD, it logs in to the next server.
    """
    # Not in pytest's folders: those are closed to postfix's own user.
    with tempfile.TemporaryDirectory(prefix="kamome-postfix-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        values = {"next_port": next_port, "access": access or "{ none@invalid = OK }"}
        values |= {"has_login": "yes" if login else "no", "login": login or "none:none"}
        async with _running_in(folder, values, pem) as postfix:
            yield postfix


@contextlib.asynccontextmanager
async def _running_in(
    folder: Path, given: Mapping[str, object], pem: bytes
) -> AsyncIterator[Postfix]:
    owner = pwd.getpwnam("postfix")
    (folder / "queue").mkdir()
    (folder / "data").mkdir()
    os.chown(folder / "data", owner.pw_uid, owner.pw_gid)
    if pem:
        (folder / "certificate.pem").write_bytes(pem)
    port = free_port()
    values = {**given, "folder": folder, "tls": "may" if pem else "none", "port": port}
    (folder / "main.cf").write_text(_MAIN.format(**values))
    (folder / "master.cf").write_text(_MASTER.format(**values))
    async with _foreground(folder):
        yield Postfix(folder, port)


@contextlib.asynccontextmanager
async def _foreground(folder: Path) -> AsyncIterator[None]:
    """Postfix's master, once it has said that it is there: it listens then."""
    master = await asyncio.create_subprocess_exec(
        *("/usr/sbin/postfix", "-c", str(folder), "start-fg"),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        reading = await _begun(master)
        yield
    finally:
        await _stop(folder)
        await master.wait()
    await reading


async def _begun(master: asyncio.subprocess.Process) -> asyncio.Task[None]:
    """Wait until it listens; the task reads on, as its processes would wait for room else."""
    assert master.stdout is not None
    said: list[str] = []
    async with asyncio.timeout(30):
        async for line in master.stdout:
            said.append(line.decode(errors="replace"))
            if "daemon started" in said[-1]:
                return asyncio.create_task(_read(master.stdout))
    raise AssertionError("postfix did not begin:\n" + "".join(said))


async def _read(log: asyncio.StreamReader) -> None:
    while await log.read(65_536):
        pass


async def _stop(folder: Path) -> None:
    command = ("/usr/sbin/postfix", "-c", str(folder), "stop")
    stopping = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    await stopping.wait()
