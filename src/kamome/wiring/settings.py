"""What the slices are told of the server's settings, read and checked."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pathlib import Path

import msgspec

from kamome.config import SettingError, Settings
from kamome.mail.reachable_networks import ReachableNetworks, parse_networks
from kamome.mail.transports.settings import RelaySettings, TransportSettings
from kamome.services.ecs.images import Program, read_mapping
from kamome.services.ecs.runtimes.host import find_runtime
from kamome.services.ecs.slice import EcsSettings
from kamome.services.ecs.task_size import TaskSize
from kamome.services.ses.slice import SesSettings
from kamome.storage.data_directory import DataDirectory


class SliceSettings(msgspec.Struct, frozen=True):
    """What the slices are told of the server's settings."""

    lambda_folder: Path
    lambda_processes: int
    lambda_freeze: bool
    lambda_wrapper: tuple[str, ...]
    endpoint_url: Callable[[], str]
    credentials: Callable[[str], tuple[str, str]]
    is_deleted_queue_name_blocked: bool
    sns_certificate_base: str
    ecs: EcsSettings
    ses: SesSettings
    kms_folder: Callable[[], Path]
    mail: TransportSettings = TransportSettings()


def slice_settings(
    settings: Settings,
    directory: DataDirectory,
    own_url: Callable[[], str],
    credentials: Callable[[str], tuple[str, str]],
) -> SliceSettings:
    """The settings for the slices. `own_url` is where functions and tasks find the server.

    Raises:
        SettingError: one cannot be read.
    """
    return SliceSettings(
        lambda_folder=directory.folder("lambda"),
        lambda_processes=settings.lambda_processes,
        lambda_freeze=settings.lambda_freeze,
        lambda_wrapper=_command(settings.lambda_wrapper),
        endpoint_url=own_url,
        credentials=credentials,
        is_deleted_queue_name_blocked=settings.block_deleted_queue_names,
        sns_certificate_base=settings.sns_certificate_base.rstrip("/"),
        ecs=EcsSettings(
            folder=directory.folder("ecs"),
            endpoint_url=own_url,
            credentials=credentials,
            images=_task_images(settings),
            capacity=TaskSize(settings.task_cpu, settings.task_memory),
            runtime=find_runtime(settings.container_runtime),
        ),
        ses=_ses_settings(settings, own_url),
        kms_folder=lambda: directory.folder("kms"),
        mail=_transport_settings(settings),
    )


def _transport_settings(settings: Settings) -> TransportSettings:
    relay = RelaySettings(
        settings.mail_relay_host,
        settings.mail_relay_port,
        settings.mail_relay_user,
        settings.mail_relay_password,
        settings.mail_relay_tls,
    )
    try:
        networks = parse_networks(settings.mail_direct_networks)
    except ValueError as error:
        raise SettingError(f"In the setting mail_direct_networks, {error}.") from error
    return TransportSettings(
        settings.mail_transport,
        settings.smtp_hostname,
        relay if relay.host else None,
        settings.mail_direct_port,
        ReachableNetworks(networks),
    )


def _ses_settings(settings: Settings, own_url: Callable[[], str]) -> SesSettings:
    return SesSettings(
        are_identities_verified_at_once=not settings.verify_identities,
        is_sandboxed=settings.ses_sandbox,
        mail_from_domain=settings.mail_from_domain,
        mail_hostname=settings.smtp_hostname,
        own_url=lambda: settings.public_url.rstrip("/") or own_url(),
    )


def _command(text: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(text))
    except ValueError as error:
        raise SettingError(f"The setting lambda_wrapper is no command: {error}.") from error


def _task_images(settings: Settings) -> dict[str, Program]:
    try:
        return read_mapping(settings.task_images)
    except ValueError as error:
        raise SettingError(f"In the setting task_images, {error}.") from error
