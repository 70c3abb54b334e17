"""`kamome clock` against a running server, and against what is none."""

from __future__ import annotations

import http.server
import json
import threading
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from kamome.cli.clock import clock
from kamome.config import Settings
from kamome.observe.times import iso
from kamome.testing.server import ServerThread

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def server() -> Iterator[ServerThread]:
    with ServerThread(Settings(port=0, smtp_port=0, ephemeral=True)) as running:
        yield running


def run(endpoint: str, *arguments: str) -> tuple[int, str]:
    """Exit status and output."""
    done = CliRunner().invoke(clock, ["--endpoint", endpoint, *arguments])
    return done.exit_code, done.output


def test_clock_is_shown(server: ServerThread) -> None:
    status, output = run(server.endpoint + "/")

    assert status == 0
    assert "from the machine's clock" in output


def test_clock_is_advanced_frozen_and_resumed(server: ServerThread) -> None:
    before = server.app.clock.now_ms()

    assert run(server.endpoint, "advance", "1h30m")[0] == 0
    assert "(frozen" in run(server.endpoint, "freeze")[1]
    assert "(running" in run(server.endpoint, "resume")[1]

    assert server.app.clock.now_ms() - before >= 5_400_000


def test_clock_is_set_to_a_moment(server: ServerThread) -> None:
    moment = iso(server.app.clock.now_ms() + 86_400_000)

    status, output = run(server.endpoint, "set", moment)

    assert status == 0
    assert output.splitlines()[-1][:16] == moment[:16]


def test_clock_is_shown_as_json(server: ServerThread) -> None:
    shown = json.loads(run(server.endpoint, "--json")[1])

    assert set(shown) == {"now_ms", "offset_ms", "frozen"}


def test_refusal_of_the_server_is_told(server: ServerThread) -> None:
    status, output = run(server.endpoint, "advance", "soon")

    assert status == 1
    assert output.startswith("Error: advance takes seconds, or a duration")


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "nonsense", "http://[::1", "ftp://a"])
def test_endpoint_where_nobody_answers_is_told(endpoint: str) -> None:
    status, output = run(endpoint)

    assert status == 1
    assert output.startswith(f"Error: No server answers at {endpoint}: ")


class _Stranger(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404 if self.path.startswith("/lost") else 200)
        self.end_headers()
        self.wfile.write(b"<html>hello</html>")

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@pytest.fixture
def stranger() -> Iterator[str]:
    with http.server.HTTPServer(("127.0.0.1", 0), _Stranger) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{other.server_port}"
        other.shutdown()
        thread.join()


@pytest.mark.parametrize("path", ["", "/lost"])
def test_stranger_is_not_taken_for_kamome(stranger: str, path: str) -> None:
    status, output = run(stranger + path)

    assert (status, output) == (1, f"Error: What answers at {stranger}{path} is not Kamome.\n")


def test_proxy_of_the_environment_is_not_asked(
    server: ServerThread, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")

    assert run(server.endpoint)[0] == 0
