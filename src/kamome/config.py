"""Settings: command line over `KAMOME_*` environment over file; unknown ones are refused.

Each setting is a field of `Settings` with a sentence in `DESCRIPTIONS`. The command line option is
its name with hyphens, the environment variable `KAMOME_` and its name in capitals, the key in the
file (TOML) its name.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

PREFIX = "KAMOME_"
# Set for the tools around the server; not settings of it.
_OTHER_VARIABLES = frozenset({"KAMOME_CONFIG", "KAMOME_ENDPOINT"})
_BOOLEANS = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
_AUTH_MODES = ("accept", "enforce")
_KINDS = {int: "a whole number", bool: "true or false", str: "text"}
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,9}")
_ACCOUNT = re.compile(r"[0-9]{12}")
_REGION = re.compile(r"[A-Za-z0-9-]{1,64}")
# A name or an address of either version. An empty one would mean every address.
_HOST = re.compile(r"[A-Za-z0-9_.:%-]{1,253}")
_PUBLIC_URL = re.compile(r"https?://[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?/?")
_CONTAINER_RUNTIMES = ("auto", "podman", "docker", "none")
_MAIL_TRANSPORTS = ("capture", "relay", "direct")
_RELAY_TLS = ("starttls", "implicit", "opportunistic", "off")
_LOG_LEVELS = ("debug", "info", "warning", "error")


class SettingError(Exception):
    """A setting that cannot be used; the sentence says what to do."""


class Settings(msgspec.Struct, frozen=True):
    """What the server is told when it starts. See `DESCRIPTIONS`."""

    host: str = "127.0.0.1"
    port: int = 4566
    smtp_port: int = 2525
    smtp_tls_port: int = -1
    smtp_hostname: str = "localhost"
    submission_port: int = -1
    submission_tls_port: int = -1
    dns: str = "off"
    dmarc_reject: bool = False
    spam_scanner: str = ""
    virus_scanner: str = ""
    dns_lists: str = ""
    greylist_seconds: int = 0
    mail_transport: str = "capture"
    mail_direct_port: int = 25
    mail_direct_networks: str = ""
    mail_relay_host: str = ""
    mail_relay_port: int = 587
    mail_relay_user: str = ""
    mail_relay_password: str = ""
    mail_relay_tls: str = "starttls"
    mail_from_domain: str = ""
    verify_identities: bool = False
    ses_sandbox: bool = False
    public_url: str = ""
    data: str = ""
    ephemeral: bool = False
    region: str = "us-east-1"
    account: str = "000000000000"
    auth: str = "accept"
    keys: str = ""
    time_travel: bool = True
    allow_freeze: bool = False
    faults: bool = True
    block_deleted_queue_names: bool = True
    lambda_processes: int = 10
    lambda_freeze: bool = False
    lambda_wrapper: str = ""
    sns_certificate_base: str = ""
    task_images: str = ""
    task_cpu: int = 16_384
    task_memory: int = 32_768
    container_runtime: str = "auto"
    log_level: str = "info"


DESCRIPTIONS: Mapping[str, str] = {
    "host": "Address on which all listeners accept connections.",
    "port": "Port of the AWS APIs; 0 picks a free one.",
    "smtp_port": "Port on which mail comes in; 0 picks a free one.",
    "smtp_tls_port": "The same with TLS from the first byte; 0 picks a free one, -1 none.",
    "smtp_hostname": "Name that the mail server gives itself.",
    "submission_port": (
        "Port on which users hand in mail after STARTTLS and AUTH (587 on the Internet); 0 picks a"
        " free one, -1 is none."
    ),
    "submission_tls_port": "The same with TLS from the first byte (465); 0 a free one, -1 none.",
    "dns": "Name servers that mail asks: off, system, or ADDRESS[:PORT], separated by commas.",
    "dmarc_reject": "Refuse mail that fails DMARC where its author's domain asks for that.",
    "spam_scanner": "Who scans for spam: spamd:HOST:PORT, rspamd:HOST:PORT, or a socket's path.",
    "virus_scanner": "Who scans for viruses: clamd:HOST:PORT, or clamd:/path/of/its/socket.",
    "dns_lists": "Zones of DNS lists whose clients are refused, separated by commas.",
    "greylist_seconds": "How long unknown senders are asked to wait before their mail; 0 for none.",
    "mail_transport": (
        "How mail leaves: capture keeps it here, relay hands it to mail_relay_host, direct to the"
        " servers of the recipients (which needs dns)."
    ),
    "mail_direct_port": "Port on which servers of recipients take mail; another one for tests.",
    "mail_direct_networks": (
        "Networks besides the public ones to which mail may go directly, separated by commas:"
        " 10.0.0.0/8."
    ),
    "mail_relay_host": "Smart host that takes all mail.",
    "mail_relay_port": "Port of the smart host.",
    "mail_relay_user": "User name for the smart host; empty for none.",
    "mail_relay_password": "Password for the smart host.",
    "mail_relay_tls": (
        "TLS to the smart host: starttls and implicit demand it, opportunistic takes it where it"
        " is offered, off never."
    ),
    "mail_from_domain": (
        "Domain of return paths where an identity has none of its own; bounces come back there."
        " Empty: Amazon's, as AWS does, to which nothing comes back."
    ),
    "verify_identities": (
        "Have identities of SES proven: domains by DNS (which needs dns), addresses by the link in"
        " a mail. Without it they are verified at once."
    ),
    "ses_sandbox": "Let accounts of SES begin in the sandbox, as at AWS.",
    "public_url": (
        "Where readers of mails reach this server, for links that verify, track and unsubscribe:"
        " https://mail.example.com, led here by a proxy. Empty: its own address."
    ),
    "data": "Directory that keeps everything; it is made if it is not there.",
    "ephemeral": "Keep nothing after the end.",
    "region": "Region of unsigned calls and of incoming mail.",
    "account": "Account of callers whose access key names none.",
    "auth": "accept takes any credentials, enforce verifies signatures.",
    "keys": "Keys for enforce: ACCESS:SECRET[:ACCOUNT], separated by commas.",
    "time_travel": "Let the clock be moved; --no-time-travel for a server that people rely on.",
    "allow_freeze": "Let the clock be frozen although data is kept.",
    "faults": "Let faults be ordered; --no-faults for a server that people rely on.",
    "block_deleted_queue_names": "Block the name of a deleted queue for 60 seconds, as AWS does.",
    "lambda_processes": "How many function instances may run at once.",
    "lambda_freeze": "Stop functions between invocations (SIGSTOP), as AWS does.",
    "lambda_wrapper": (
        "Command before each function's own, to isolate it (bwrap --ro-bind / / --bind {folder}"
        " {folder} …); {code} is its code, {folder} its own folder."
    ),
    "sns_certificate_base": (
        "Base of SNS's SigningCertURL for clients that take AWS's host alone:"
        " https://sns.REGION.amazonaws.com, led here by their resolver or proxy."
    ),
    "task_images": "What runs for an image: IMAGE=DIRECTORY or IMAGE=COMMAND, separated by commas.",
    "task_cpu": "CPU units that all tasks may take together; 1024 are one vCPU.",
    "task_memory": "MiB of memory that all tasks may take together.",
    "container_runtime": "What runs other images: auto, podman, docker or none.",
    "log_level": "Least serious level that is logged: debug, info, warning, error.",
}


@contextmanager
def environment_with(changes: Mapping[str, str | None]) -> Iterator[None]:
    """The process's environment with these variables set, or absent where None; then as before."""
    before = {name: os.environ.get(name) for name in changes}
    _set_environment(changes)
    try:
        yield
    finally:
        _set_environment(before)


def _set_environment(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def environment_names(prefix: str) -> list[str]:
    """Variables of the environment whose names begin like this."""
    return [name for name in os.environ if name.startswith(prefix)]


class ConfiguredKey(msgspec.Struct, frozen=True):
    """An access key that `enforce` knows."""

    access_key: str
    secret: str
    account: str


def load_settings(
    given: Mapping[str, object],
    *,
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Settings out of all three sources; `given` (the command line) wins, None means not given.

    Raises:
        SettingError: a name is unknown (the nearest is named), or a value is of the wrong kind.
    """
    values: dict[str, object] = {}
    if file is not None:
        values |= _from_file(file)
    values |= _from_environment(os.environ if environment is None else environment)
    for name in given:
        _check_known(name, "given", _names())
    values |= {name: value for name, value in given.items() if value is not None}
    return _checked(Settings(**_converted(values)))  # type: ignore[arg-type] # converted by field


def configured_keys(settings: Settings) -> list[ConfiguredKey]:
    """The access keys of the setting `keys`.

    Raises:
        SettingError: one is not ACCESS:SECRET or ACCESS:SECRET:ACCOUNT.
    """
    keys: list[ConfiguredKey] = []
    for text in filter(None, (part.strip() for part in settings.keys.split(","))):
        parts = text.split(":")
        if len(parts) not in (2, 3) or not all(parts):
            raise SettingError("keys must be ACCESS:SECRET or ACCESS:SECRET:ACCOUNT, by commas.")
        account = parts[2] if len(parts) == 3 else settings.account
        if not _ACCOUNT.fullmatch(account):
            raise SettingError(f"The account of the key {parts[0]} is 12 digits, not {account!r}.")
        if parts[0] in (key.access_key for key in keys):
            raise SettingError(f"The access key {parts[0]} is in keys twice.")
        keys.append(ConfiguredKey(parts[0], parts[1], account))
    return keys


def _from_file(file: Path) -> dict[str, object]:
    import tomllib  # only where there is a file: start-up is watched

    try:
        values = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:  # ValueError: not TOML, or not UTF-8
        raise SettingError(f"The settings in {file} cannot be read: {error}.") from error
    for name in values:
        _check_known(name, f"in {file}", _names())
    return values


def _from_environment(environment: Mapping[str, str]) -> dict[str, object]:
    values: dict[str, object] = {}
    known = [PREFIX + name.upper() for name in _names()]
    for variable, text in environment.items():
        if variable.startswith(PREFIX) and variable not in _OTHER_VARIABLES:
            _check_known(variable, "in the environment", known)
            values[variable.removeprefix(PREFIX).lower()] = text
    return values


def _names() -> list[str]:
    return list(Settings.__struct_fields__)


def _check_known(name: str, where: str, known: list[str]) -> None:
    if name in known:
        return
    from difflib import get_close_matches  # only for what goes wrong

    nearest = get_close_matches(name, known, n=1, cutoff=0.0)
    raise SettingError(f"There is no setting {name} ({where}). The nearest is {nearest[0]}.")


def _converted(values: Mapping[str, object]) -> dict[str, object]:
    defaults = Settings()
    return {
        name: _convert(name, value, type(getattr(defaults, name))) for name, value in values.items()
    }


def _convert(name: str, value: object, kind: type) -> object:
    if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
        return value
    text = str(value).strip()
    if kind is int and _WHOLE_NUMBER.fullmatch(text):
        return int(text)
    if kind is bool and text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    raise SettingError(f"The setting {name} takes {_KINDS[kind]}, not {value!r}.")


def _checked(settings: Settings) -> Settings:
    for name in ("port", "smtp_port"):
        if not 0 <= getattr(settings, name) <= 65_535:
            raise SettingError(f"The setting {name} is a port: 0 to 65535.")
    for name in ("smtp_tls_port", "submission_port", "submission_tls_port"):
        if not -1 <= getattr(settings, name) <= 65_535:
            raise SettingError(f"The setting {name} is a port, or -1 for none.")
    if not 0 <= settings.greylist_seconds <= 86_400:
        raise SettingError("The setting greylist_seconds is 0 to 86400.")
    if settings.auth not in _AUTH_MODES:
        raise SettingError(f"The setting auth is one of {', '.join(_AUTH_MODES)}.")
    if settings.log_level not in _LOG_LEVELS:
        raise SettingError(f"The setting log_level is one of {', '.join(_LOG_LEVELS)}.")
    if not _ACCOUNT.fullmatch(settings.account):
        raise SettingError("The setting account is 12 digits.")
    if settings.ephemeral and settings.data:
        raise SettingError("Give either a data directory or ephemeral, not both.")
    for name, kind in (("host", _HOST), ("smtp_hostname", _HOST), ("region", _REGION)):
        if not kind.fullmatch(getattr(settings, name)):
            raise SettingError(f"The setting {name} cannot be {getattr(settings, name)!r}.")
    if not 1 <= settings.lambda_processes <= 1000:
        raise SettingError("The setting lambda_processes is 1 to 1000.")
    for name in ("task_cpu", "task_memory"):
        if getattr(settings, name) < 1:
            raise SettingError(f"The setting {name} is at least 1.")
    if settings.container_runtime not in _CONTAINER_RUNTIMES:
        raise SettingError(
            f"The setting container_runtime is one of {', '.join(_CONTAINER_RUNTIMES)}."
        )
    _check_mail(settings)
    _check_submission(settings)
    keys = configured_keys(settings)
    if settings.auth == "enforce" and not keys:
        raise SettingError("auth=enforce needs keys: --keys ACCESS:SECRET[:ACCOUNT].")
    return settings


def _check_submission(settings: Settings) -> None:
    """Nobody may become an open relay by a missing option."""
    is_offered = settings.submission_port >= 0 or settings.submission_tls_port >= 0
    is_local = settings.host.startswith("127.") or settings.host in ("localhost", "::1")
    is_leaving = settings.mail_transport != "capture"
    if is_offered and is_leaving and settings.auth == "accept" and not is_local:
        raise SettingError(
            "Submission ports for other machines with auth=accept would send anybody's mail:"
            " --auth enforce --keys ACCESS:SECRET[:ACCOUNT], or --mail-transport capture."
        )
    if settings.public_url and not _PUBLIC_URL.fullmatch(settings.public_url):
        raise SettingError("public_url is a URL of http or https without a path, or empty.")
    if settings.mail_from_domain and not _HOST.fullmatch(settings.mail_from_domain):
        raise SettingError(f"mail_from_domain cannot be {settings.mail_from_domain!r}.")


def _check_mail(settings: Settings) -> None:
    if settings.mail_transport not in _MAIL_TRANSPORTS:
        raise SettingError(f"The setting mail_transport is one of {', '.join(_MAIL_TRANSPORTS)}.")
    if settings.mail_relay_tls not in _RELAY_TLS:
        raise SettingError(f"The setting mail_relay_tls is one of {', '.join(_RELAY_TLS)}.")
    if settings.mail_relay_host and not _HOST.fullmatch(settings.mail_relay_host):
        raise SettingError(f"mail_relay_host cannot be {settings.mail_relay_host!r}.")
    for name in ("mail_relay_port", "mail_direct_port"):
        if not 1 <= getattr(settings, name) <= 65_535:
            raise SettingError(f"The setting {name} is a port: 1 to 65535.")
    if settings.mail_transport == "relay" and not settings.mail_relay_host:
        raise SettingError("mail_transport=relay needs a smart host: --mail-relay-host NAME.")
    if settings.mail_transport == "direct" and settings.dns == "off":
        raise SettingError("mail_transport=direct asks the DNS: --dns system, or an ADDRESS.")
    if settings.mail_relay_user and settings.mail_relay_tls == "opportunistic":
        raise SettingError(
            "mail_relay_user with mail_relay_tls=opportunistic could send the password unencrypted:"
            " choose starttls or implicit."
        )
