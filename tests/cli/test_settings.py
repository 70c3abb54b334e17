"""Where settings come from, and what each refusal says."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kamome.config import (
    DESCRIPTIONS,
    ConfiguredKey,
    SettingError,
    Settings,
    configured_keys,
    load_settings,
)
from kamome.storage.data_directory import DataDirectory
from kamome.wiring.settings import slice_settings

_ROOT = Path(__file__).parents[2]


def load(
    given: dict[str, object] | None = None,
    environment: dict[str, str] | None = None,
    file: Path | None = None,
) -> Settings:
    return load_settings(given or {}, environment=environment or {}, file=file)


def refusal(**given: object) -> str:
    """The sentence with which a setting is refused."""
    with pytest.raises(SettingError) as caught:
        load(given)
    return str(caught.value)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "kamome.toml"


def test_command_line_wins_over_environment_over_file(file: Path) -> None:
    file.write_text('region = "eu-west-1"\nport = 1\nsmtp_port = 1')

    settings = load({"port": "3"}, {"KAMOME_PORT": "2", "KAMOME_SMTP_PORT": "2"}, file)

    assert (settings.port, settings.smtp_port, settings.region) == (3, 2, "eu-west-1")


def test_without_any_the_defaults_hold() -> None:
    assert load() == Settings()


def test_option_that_was_not_given_changes_nothing() -> None:
    assert load({"port": None}, {"KAMOME_PORT": "2"}).port == 2


@pytest.mark.parametrize(
    ("text", "value"),
    [("1", True), ("true", True), ("YES", True), ("0", False), ("False", False), ("no", False)],
)
def test_true_and_false_have_several_names(text: str, value: bool) -> None:
    assert load({}, {"KAMOME_EPHEMERAL": text}).ephemeral is value


def test_variable_of_no_setting_is_refused_with_the_nearest() -> None:
    with pytest.raises(SettingError) as caught:
        load({}, {"KAMOME_SMTPPORT": "2525"})

    sentence = "There is no setting KAMOME_SMTPPORT (in the environment). The nearest is"
    assert str(caught.value) == f"{sentence} KAMOME_SMTP_PORT."


def test_name_of_no_setting_in_a_file_is_refused_with_the_nearest(file: Path) -> None:
    file.write_text('regoin = "eu-west-1"')

    with pytest.raises(SettingError, match=r"no setting regoin .* The nearest is region\."):
        load(file=file)


def test_variables_of_others_are_left_alone() -> None:
    others = {"KAMOME_CONFIG": "a", "KAMOME_ENDPOINT": "b", "AWS_REGION": "c", "kamome_port": "d"}

    assert load({}, others) == Settings()


@pytest.mark.parametrize(
    "content", [b"port = ", b"\xff\xfe", b"port = 1\nport = 2"], ids=["TOML", "UTF-8", "twice"]
)
def test_file_that_does_not_read_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)

    with pytest.raises(SettingError, match=r"The settings in .*kamome\.toml cannot be read: "):
        load(file=file)


def test_file_that_is_not_there_is_refused(file: Path) -> None:
    with pytest.raises(SettingError, match="cannot be read"):
        load(file=file)


def test_value_of_another_kind_in_a_file_is_refused(file: Path) -> None:
    file.write_text("host = 5")

    with pytest.raises(SettingError, match="The setting host takes text, not 5"):
        load(file=file)


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("port", "x", "The setting port takes a whole number, not 'x'."),
        ("port", "--5", "The setting port takes a whole number, not '--5'."),
        ("port", "\xb2", "The setting port takes a whole number, not '\xb2'."),
        ("port", "", "The setting port takes a whole number, not ''."),
        ("port", "1" * 5000, f"The setting port takes a whole number, not '{'1' * 5000}'."),
        ("port", True, "The setting port takes a whole number, not True."),
        ("port", "65536", "The setting port is a port: 0 to 65535."),
        ("smtp_port", "-1", "The setting smtp_port is a port: 0 to 65535."),
        ("ephemeral", "perhaps", "The setting ephemeral takes true or false, not 'perhaps'."),
        ("auth", "maybe", "The setting auth is one of accept, enforce."),
        ("log_level", "loud", "The setting log_level is one of debug, info, warning, error."),
        ("account", "1234", "The setting account is 12 digits."),
        ("account", "\xb2" * 12, "The setting account is 12 digits."),
        ("host", "", "The setting host cannot be ''."),
        ("host", "a b", "The setting host cannot be 'a b'."),
        ("smtp_hostname", "a\nb", "The setting smtp_hostname cannot be 'a\\nb'."),
        ("region", "eu west", "The setting region cannot be 'eu west'."),
        ("lambda_processes", "0", "The setting lambda_processes is 1 to 1000."),
        ("lambda_processes", "1001", "The setting lambda_processes is 1 to 1000."),
        ("auth", "enforce", "auth=enforce needs keys: --keys ACCESS:SECRET[:ACCOUNT]."),
        ("keys", "a", "keys must be ACCESS:SECRET or ACCESS:SECRET:ACCOUNT, by commas."),
        ("keys", "a:", "keys must be ACCESS:SECRET or ACCESS:SECRET:ACCOUNT, by commas."),
        ("keys", "a:b:1:2", "keys must be ACCESS:SECRET or ACCESS:SECRET:ACCOUNT, by commas."),
        ("keys", "a:b:me", "The account of the key a is 12 digits, not 'me'."),
        ("keys", "a:b,a:c", "The access key a is in keys twice."),
    ],
)
def test_bad_value_is_refused_with_what_to_do(name: str, value: object, sentence: str) -> None:
    assert refusal(**{name: value}) == sentence


def test_data_and_ephemeral_exclude_each_other() -> None:
    sentence = "Give either a data directory or ephemeral, not both."

    assert refusal(data="somewhere", ephemeral=True) == sentence


def test_keys_have_the_account_that_they_name_or_the_default() -> None:
    settings = load({"keys": " a:b , c:d:111111111111,", "account": "222222222222"})

    assert configured_keys(settings) == [
        ConfiguredKey("a", "b", "222222222222"),
        ConfiguredKey("c", "d", "111111111111"),
    ]


def test_every_setting_is_described() -> None:
    assert list(DESCRIPTIONS) == list(Settings.__struct_fields__)
    assert all(sentence.endswith(".") for sentence in DESCRIPTIONS.values())


def test_the_page_of_settings_is_current() -> None:
    command = [sys.executable, str(_ROOT / "tools/generate_settings.py"), "--check"]
    checked = subprocess.run(command, check=False)

    assert checked.returncode == 0, "run: python tools/generate_settings.py"


def test_submission_of_other_machines_needs_keys_where_mail_leaves() -> None:
    relay = {"mail_transport": "relay", "mail_relay_host": "mail.example.com"}
    wide_open = {"host": "0.0.0.0", "submission_port": 587, **relay}

    assert "would send anybody's mail" in refusal(**wide_open)
    assert load({**wide_open, "mail_transport": "capture"})
    assert load({**wide_open, "host": "127.0.0.1"})
    assert load({**wide_open, "auth": "enforce", "keys": "A:B"})


@pytest.mark.parametrize(
    "url", ["mail.example.com", "https://a b", "https://a.example/x", "ftp://a"]
)
def test_public_url_is_a_url_without_a_path(url: str) -> None:
    assert "public_url" in refusal(public_url=url)
    assert load({"public_url": "https://mail.example.com:8443"})


def test_networks_that_mail_may_go_to_are_read_at_the_start(tmp_path: Path) -> None:
    directory = DataDirectory(tmp_path)
    settings = load({"mail_direct_networks": "10.0.0.0/33"})

    try:
        with pytest.raises(SettingError, match="mail_direct_networks"):
            slice_settings(settings, directory, str, lambda _account: ("", ""))
    finally:
        directory.close()
