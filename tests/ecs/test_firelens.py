"""Log routing: containers' lines reach a Forward receiver, tagged and in order."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import msgspec
import pytest
from tests.file_events import until_files

from kamome.errors import OperationNotServed
from kamome.services.ecs.errors import ClientException
from kamome.services.ecs.firelens import Facts, router_config

if TYPE_CHECKING:
    from pathlib import Path

    from tests.ecs.conftest import World

    from kamome.services.ecs import shapes

# A receiver of the Forward protocol, written to its specification and to nothing of ours: it
# appends what it gets to a file, one JSON line for each event, until it is told to end and nobody
# has more for it.
RECEIVER = """
import json, os, signal, socket, sys
import msgpack_stream
listening = socket.create_server((os.environ["FLUENT_HOST"], int(os.environ["FLUENT_PORT"])))
listening.settimeout(0.05)
told = []
signal.signal(signal.SIGTERM, lambda *_: told.append(True))
while True:
    try:
        connection, _ = listening.accept()
    except TimeoutError:
        if told:
            sys.exit(0)
        continue
    connection.setblocking(True)
    for message in msgpack_stream.messages(connection):
        tag, entries = message[0], message[1]
        with open(sys.argv[1], "a") as file:
            for time, record in entries:
                seconds = int.from_bytes(time.data[:4], "big")
                file.write(json.dumps([tag, time.code, seconds, record]) + "\\n")
"""
# Where a MessagePack value ends, by its specification, so that messages can be cut out of a stream.
STREAM = """
import msgspec

SIZES = {0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8, 0xD0: 1, 0xD1: 2, 0xD2: 4,
         0xD3: 8, 0xCA: 4, 0xCB: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17}
LENGTHS = {0xD9: 1, 0xDA: 2, 0xDB: 4, 0xC4: 1, 0xC5: 2, 0xC6: 4}

def end_of(data, at):
    kind, at = data[at], at + 1
    if kind <= 0x7F or kind >= 0xE0:
        return at
    if kind <= 0x8F or kind in (0xDE, 0xDF):
        members, at = count(data, at, kind, 0x80, 0x0F, 0xDE)
        members *= 2
    elif kind <= 0x9F or kind in (0xDC, 0xDD):
        members, at = count(data, at, kind, 0x90, 0x0F, 0xDC)
    elif kind <= 0xBF:
        return at + (kind & 0x1F)
    elif kind in LENGTHS:
        size = LENGTHS[kind]
        return at + size + int.from_bytes(data[at:at + size], "big")
    else:
        return at + SIZES[kind]
    for _ in range(members):
        at = end_of(data, at)
    return at

def count(data, at, kind, fixed, mask, long):
    if kind & 0xF0 == fixed:
        return kind & mask, at
    size = 2 if kind == long else 4
    return int.from_bytes(data[at:at + size], "big"), at + size

def messages(connection):
    waiting = b""
    while piece := connection.recv(65536):
        waiting += piece
        while waiting:
            try:
                end = end_of(waiting, 0)
            except IndexError:
                break
            if end > len(waiting):
                break
            yield msgspec.msgpack.decode(waiting[:end])
            waiting = waiting[end:]
"""


def router(script: Path, out: Path, **more: object) -> dict[str, object]:
    return {
        "name": "log_router",
        "command": [sys.executable, str(script), str(out)],
        "firelensConfiguration": {"type": "fluentbit"},
        **more,
    }


def routed(script: str, **options: str) -> dict[str, object]:
    return {
        "name": "app",
        "command": ["sh", "-c", script],
        "logConfiguration": {"logDriver": "awsfirelens", "options": options},
    }


@pytest.fixture
def receiver(tmp_path: Path) -> Path:
    (tmp_path / "msgpack_stream.py").write_text(STREAM)
    script = tmp_path / "receiver.py"
    script.write_text(RECEIVER)
    return script


async def test_lines_arrive_with_tag_source_and_container(
    world: World, receiver: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    await world.define(
        router(receiver, out), routed("echo one; echo two; echo oops >&2; printf last")
    )

    arn = await world.run_one()
    await world.ended(arn)

    events = [msgspec.json.decode(line) for line in out.read_text().splitlines()]
    assert {(tag, code) for tag, code, *_ in events} == {
        (f"app-firelens-{arn.rpartition('/')[2]}", 0)
    }
    assert [r["log"] for *_, r in events if r["source"] == "stdout"] == ["one", "two", "last"]
    assert [r["log"] for *_, r in events if r["source"] == "stderr"] == ["oops"]
    record = events[0][3]
    assert record["container_name"].startswith("/ecs-f-1-app-")
    assert record["container_id"]
    assert {seconds for _, _, seconds, _ in events} == {world.clock.now_ms() // 1000}


async def test_many_and_long_lines_arrive_whole_and_in_order(
    world: World, receiver: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    script = "i=0; while [ $i -lt 500 ]; do echo $i; i=$((i+1)); done; head -c 40000 /dev/zero"
    await world.define(router(receiver, out), routed(f"{script} | tr '\\0' x"))

    await world.ended(await world.run_one())

    records = [msgspec.json.decode(line)[3] for line in out.read_text().splitlines()]
    logs = [record["log"] for record in records]
    assert logs[:500] == [str(number) for number in range(500)]
    assert [len(log) for log in logs[500:]] == [16_384, 16_384, 7_232]
    assert [record.get("partial_message") for record in records[500:]] == ["true", "true", None]


async def test_router_starts_before_and_ends_after_those_it_routes(
    world: World, receiver: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    stopping = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.02; done"
    await world.define(router(receiver, out), routed(stopping))
    arn = await world.run_one()
    await until_files(tmp_path, out.exists)

    world.ecs.running.tasks[next(iter(world.ecs.running.tasks))].stop()
    await world.ended(arn)

    logs = [msgspec.json.decode(line)[3]["log"] for line in out.read_text().splitlines()]
    assert logs == ["up", "bye"]


async def test_lines_that_no_router_takes_are_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A router that does not listen: the container ends all the same, and its log tells."""
    monkeypatch.setattr("kamome.services.ecs.runtimes.process.ROUTED_LAST_S", 0.05)
    deaf: dict[str, object] = {
        "name": "log_router",
        "command": ["sleep", "600"],
        "firelensConfiguration": {"type": "fluentbit"},
    }
    await world.define(deaf, routed("echo one; echo two"))

    await world.ended(await world.run_one())

    assert "2 lines were not taken by the log router" in world.log()


FACTS = Facts("default", "arn:aws:ecs:eu-west-1:1:task/default/t", "f:1")


def definition(kind: str, **options: str) -> list[shapes.ContainerDefinition]:
    return [
        {
            "name": "router",
            "image": "i",
            "firelensConfiguration": {"type": kind, "options": options},
        },
        {
            "name": "app",
            "image": "i",
            "logConfiguration": {
                "logDriver": "awsfirelens",
                "options": {
                    "Name": "s3",
                    "bucket": "logs",
                    "exclude-pattern": "^debug",
                    "log-driver-buffer-limit": "100",
                },
            },
        },
    ]


def test_configuration_of_fluent_bit_has_input_filters_and_outputs() -> None:
    text = router_config(
        definition("fluentbit", **{"config-file-type": "file", "config-file-value": "/own.conf"}),
        24_224,
        FACTS,
    )

    assert text.splitlines() == [
        "[INPUT]",
        "    Name forward",
        "    Listen 127.0.0.1",
        "    Port 24224",
        "[FILTER]",
        "    Name grep",
        "    Match app-firelens*",
        "    Exclude log ^debug",
        "[FILTER]",
        "    Name record_modifier",
        "    Match *",
        "    Record ecs_cluster default",
        "    Record ecs_task_arn arn:aws:ecs:eu-west-1:1:task/default/t",
        "    Record ecs_task_definition f:1",
        "@INCLUDE /own.conf",
        "[OUTPUT]",
        "    Match app-firelens*",
        "    Name s3",
        "    bucket logs",
    ]


def test_configuration_of_fluentd_leaves_the_task_s_facts_out_where_asked() -> None:
    text = router_config(
        definition("fluentd", **{"enable-ecs-log-metadata": "false"}), 24_224, FACTS
    )

    assert "@type forward" in text
    assert "<match app-firelens**>\n  Name s3\n  bucket logs\n</match>" in text
    assert "<exclude>\n    key log\n    pattern /^debug/\n  </exclude>" in text
    assert "ecs_cluster" not in text


async def test_router_finds_its_configuration_by_a_variable(world: World, tmp_path: Path) -> None:
    out = tmp_path / "config"
    shell: dict[str, object] = {
        "name": "log_router",
        "command": ["sh", "-c", f'cp "$KAMOME_FIRELENS_CONFIG" {out}'],
        "firelensConfiguration": {"type": "fluentbit"},
    }
    await world.define(shell, {**routed("true", Name="stdout"), "essential": False})

    await world.ended(await world.run_one())

    assert "Match app-firelens*" in out.read_text()


@pytest.mark.parametrize("routers", [0, 2])
async def test_definition_has_one_router_for_its_routed_containers(
    world: World, routers: int
) -> None:
    more: list[dict[str, object]] = [
        {"name": f"r{n}", "command": ["true"], "firelensConfiguration": {"type": "fluentd"}}
        for n in range(routers)
    ]

    with pytest.raises(ClientException):
        await world.define(*more, routed("true"))


def including(arn: str, script: str) -> dict[str, object]:
    options = {"config-file-type": "s3", "config-file-value": arn}
    return {
        "name": "log_router",
        "command": ["sh", "-c", script],
        "firelensConfiguration": {"type": "fluentbit", "options": options},
    }


async def test_configuration_in_s3_is_included(world: World) -> None:
    world.objects["config/own.conf"] = b"[OUTPUT]\n    Name null\n"
    script = "cat $(sed -n 's/^@INCLUDE //p' $KAMOME_FIRELENS_CONFIG)"
    app = {**routed("true"), "essential": False}
    await world.define(including("arn:aws:s3:::config/own.conf", script), app)

    await world.ended(await world.run_one())

    assert world.log() == "[OUTPUT]\n    Name null\n"


@pytest.mark.parametrize("arn", ["arn:aws:s3:::config/none.conf", "config/own.conf"])
async def test_configuration_that_cannot_be_had_keeps_the_task_from_starting(
    world: World, arn: str
) -> None:
    await world.define(including(arn, "echo ran"), routed("true"))

    task = await world.ended(await world.run_one())

    assert task["stopCode"] == "TaskFailedToStart"
    assert "unable to download the firelens config from s3" in task["stoppedReason"]
    assert world.log() == ""


SECRET_OPTION = {"name": "api-key", "valueFrom": "/shop/key"}


@pytest.mark.parametrize(
    ("kind", "line"),
    [
        ("fluentbit", "api-key ${FIRELENS_SECRET_1_API_KEY}"),
        ("fluentd", "api-key \"#{ENV['FIRELENS_SECRET_1_API_KEY']}\""),
    ],
)
async def test_secret_option_is_a_variable_of_the_router_and_in_no_file(
    world: World, tmp_path: Path, kind: str, line: str
) -> None:
    out = tmp_path / "config"
    world.secrets["/shop/key"] = "swordfish"
    script = f'cp "$KAMOME_FIRELENS_CONFIG" {out}; echo "$FIRELENS_SECRET_1_API_KEY"'
    shell: dict[str, object] = {
        "name": "log_router",
        "command": ["sh", "-c", script],
        "firelensConfiguration": {"type": kind},
    }
    log = {"logDriver": "awsfirelens", "options": {}, "secretOptions": [SECRET_OPTION]}
    app = {"name": "app", "command": ["true"], "essential": False, "logConfiguration": log}
    await world.define(shell, app)

    await world.ended(await world.run_one())

    assert line in out.read_text()
    assert "swordfish" not in out.read_text()
    assert "swordfish" in world.log()


async def test_secret_option_of_another_driver_is_refused_by_name(world: World) -> None:
    log = {
        "logDriver": "awslogs",
        "options": {"awslogs-group": "g", "awslogs-region": "eu-west-1"},
        "secretOptions": [SECRET_OPTION],
    }
    await world.define({"command": ["true"], "logConfiguration": log})

    with pytest.raises(OperationNotServed, match="secretOptions"):
        await world.run()
