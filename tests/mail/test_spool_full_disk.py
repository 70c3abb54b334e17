"""A disk that is full at any moment of a mail's way out: it leaves once, its owner hears once."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
from tests.mail.spool_world import CONTENT, Scripted
from tests.storage.full_disk import FullDisk

import kamome.storage
from kamome.clock import manual_clock
from kamome.errors import ServiceUnavailable
from kamome.ids import seeded_ids
from kamome.mail.lanes import Lanes
from kamome.mail.outgoing import Outcome, OutgoingMail
from kamome.mail.spool import Spool
from kamome.mail.spool_store import SpoolStore
from kamome.mail.store import SCHEMA_FOLDER
from kamome.storage.blobs import Blobs
from kamome.storage.engine import Engine
from kamome.storage.migrations import migrate
from kamome.storage.outbox import Outbox

_serial = itertools.count()


async def _sent_with(tmp_path: Path, room: int, refusals: int) -> tuple[int, int, int]:
    """Refusals that happened, deliveries, and outcomes that are kept."""
    disk = FullDisk(f"spool-{next(_serial)}")
    engine, clock = Engine(tmp_path / f"{room}.db", vfs=disk.vfs_name), manual_clock()
    migrate(engine, "storage", Path(kamome.storage.__file__).parent)
    migrate(engine, "mail", SCHEMA_FOLDER)
    engine.write("CREATE TABLE told (kind TEXT)")
    blobs = Blobs(engine, tmp_path / "blobs", seeded_ids(1))
    outbox = Outbox(engine, clock)
    spool = Spool(SpoolStore(engine, blobs), clock, outbox)

    def tell(outcome: Outcome) -> None:
        engine.write("INSERT INTO told (kind) VALUES (?)", (outcome.kind,))

    spool.ports.on_outcome = tell
    transport = Scripted()
    lanes = Lanes(spool, clock, [transport])
    outbox.start()
    lanes.start()
    mail = OutgoingMail("m", "o", "a@example.com", ("b@example.net",), clock.now_ms())
    with engine.atomic():
        spool.put(mail, CONTENT)
    await engine.durable()
    disk.fill(room, refusals)

    await clock.advance(10 * 60_000)

    disk.room = None
    told = engine.one("SELECT count(*) FROM told WHERE kind = 'delivered'")
    found = spool.find("m")
    assert found is not None
    assert [each.state for each in found.recipients] == ["delivered"]
    assert told is not None
    assert isinstance(told[0], int)
    await lanes.stop()
    await outbox.stop()
    await engine.close()
    blobs.close()
    return disk.refused, len(transport.deliveries), told[0]


@pytest.mark.parametrize("refusals", [1, 3])
async def test_mail_leaves_once_wherever_the_disk_is_full(tmp_path: Path, refusals: int) -> None:
    refused = 0
    for room in range(12):
        happened, deliveries, told = await _sent_with(tmp_path, room, refusals)

        assert (deliveries, told) == (1, 1), f"with room for {room} more changes"
        refused += happened

    assert refused >= 3


async def test_mail_for_which_there_is_no_room_is_refused_whole(tmp_path: Path) -> None:
    disk = FullDisk(f"spool-{next(_serial)}")
    engine = Engine(tmp_path / "full.db", vfs=disk.vfs_name)
    migrate(engine, "storage", Path(kamome.storage.__file__).parent)
    migrate(engine, "mail", SCHEMA_FOLDER)
    await engine.durable()
    blobs = Blobs(engine, tmp_path / "blobs", seeded_ids(1))
    spool = Spool(SpoolStore(engine, blobs), manual_clock(), Outbox(engine, manual_clock()))
    disk.fill(0, 1_000)

    with pytest.raises(ServiceUnavailable):
        lost = engine.lost_transactions
        with engine.atomic():
            spool.put(OutgoingMail("m", "o", "", ("b@example.net",), 0), CONTENT)
        await engine.durable(lost)

    disk.room = None
    assert spool.find("m") is None
    assert engine.one("SELECT count(*) FROM outgoing_lane") == (0,)
    await engine.close()
    blobs.close()
