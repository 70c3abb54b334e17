"""What tests wait with: the loop that tells, and files that do."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest
from tests.file_events import until_files, wait_for_files
from tests.watched_loop import idle, until


async def test_what_a_callback_makes_so_is_told() -> None:
    found: list[int] = []
    loop = asyncio.get_running_loop()
    loop.call_soon(lambda: loop.call_soon(found.append, 1))

    assert await until(lambda: found) == [1]


async def test_what_a_thread_tells_the_loop_is_told() -> None:
    found: list[int] = []
    work = asyncio.create_task(asyncio.to_thread(lambda: found.append(1)))

    assert await until(work.done)
    assert found == [1]


async def test_question_that_fails_fails_the_test() -> None:
    with pytest.raises(ZeroDivisionError):
        await until(lambda: 1 / 0)


async def test_idle_is_after_all_that_the_sockets_bring() -> None:
    said: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            said.append(line)
        writer.close()

    server = await asyncio.start_server(listen, "127.0.0.1", 0)
    async with server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
        writer.writelines([b"line\n"] * 100)
        await idle()
        assert len(said) == 100
        writer.close()
        await writer.wait_closed()


async def test_file_of_another_process_is_told(tmp_path: Path) -> None:
    file = tmp_path / "file"
    script = f"import sys; sys.stdin.read(); open({str(file)!r}, 'w').write('done')"
    with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE) as process:
        waiting = asyncio.create_task(until_files(tmp_path, file.exists))
        assert process.stdin is not None
        process.stdin.close()

        assert await waiting
        assert wait_for_files(tmp_path, file.read_text) == "done"
