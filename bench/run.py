"""Measures Kamome beside a bare uvicorn server, in one run, and prints ratios.

    python bench/run.py                       everything, 3 rounds of 3 seconds
    python bench/run.py --only SendMessage    cases whose name holds the word
    python bench/run.py --only start,depth,mail

A ratio is operations per second of server CPU, divided by the same of the bare server: 1.00 would
be as cheap as answering nothing. The two take turns, and the median of the rounds is told, so that
a machine whose speed drifts does not decide. Loads are bounded and go to 127.0.0.1 only.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import sys
from pathlib import Path

from cases import CASES, Bench, Case, repeat
from load import Figure, measure, resident_mb
from servers import Running, kamome, noop

_DEPTHS = (1_000, 1_000_000)
_YARDSTICK = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    b"Content-Length: 1024\r\n\r\n" + b"x" * 1024
)


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=3.0, help="length of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="how often the servers take turns")
    parser.add_argument("--only", default="", help="words of the cases to run, by commas")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    options = parser.parse_args()
    # Ended from outside, too, it ends its servers and removes their folders.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    wanted = [word.strip().lower() for word in options.only.split(",") if word.strip()]
    figures: dict[str, object] = {}

    def is_wanted(name: str) -> bool:
        return not wanted or any(word in name.lower() for word in wanted)

    cases = [case for case in CASES if is_wanted(case.name)]
    if cases:
        figures["cases"] = _run_cases(cases, options.rounds, options.seconds)
    if is_wanted("depth"):
        figures["depth"] = _run_depths(options.rounds, options.seconds)
    if is_wanted("start"):
        figures["start"] = _run_starts()
    if is_wanted("fan-out"):
        from fanout import run_fan_out

        figures["fan-out"] = run_fan_out()
    if is_wanted("functions"):
        from functions import run_functions

        figures["functions"] = run_functions()
    if is_wanted("signatures"):
        from signatures import run_signatures

        figures["signatures"] = run_signatures()
    if is_wanted("inbound"):
        from inbound import run_inbound

        figures["inbound"] = run_inbound()
    if is_wanted("outgoing"):
        from outgoing import run_outgoing

        figures["outgoing"] = run_outgoing()
    if is_wanted("sending"):
        from sending import run_sending

        figures["sending"] = run_sending()
    if is_wanted("poll"):
        from long_poll import run_long_poll

        figures["poll"] = run_long_poll()
    if is_wanted("objects"):
        from objects import run_objects

        figures["objects"] = run_objects()
    if is_wanted("listing"):
        from listing import run_listing

        figures["listing"] = run_listing()
    if is_wanted("mail"):
        from mails import run_mails

        figures["mail"] = run_mails()
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


def _run_cases(cases: list[Case], rounds: int, seconds: float) -> list[dict[str, object]]:
    print(
        f"{'case':52} {'ratio':>6} {'target':>6} {'per s':>9} {'CPU us':>8} {'p50 ms':>7}"
        f" {'p99 ms':>7} {'bare us':>8}"
    )
    rows = []
    with noop() as bare, kamome() as server:
        bench = Bench(server.port)
        for case in cases:
            row = _run_case(case, bench, bare, server, rounds, seconds)
            rows.append(row)
            target = f"{case.target:.2f}" if case.target else ""
            print(
                f"{case.name:52} {row['ratio']:6.2f} {target:>6} {row['per_s']:9.0f}"
                f" {row['cpu_us']:8.1f} {row['p50_ms']:7.1f} {row['p99_ms']:7.1f}"
                f" {row['bare_us']:8.1f}"
            )
            sys.stdout.flush()
    return rows


def _run_case(
    case: Case, bench: Bench, bare: Running, server: Running, rounds: int, seconds: float
) -> dict[str, object]:
    yardstick = repeat(_YARDSTICK)
    pairs: list[tuple[Figure, Figure]] = []
    for _ in range(rounds):
        low = measure(bare.port, bare.pid, yardstick, connections=64, seconds=seconds / 2)
        work = case.prepare(bench)
        own = measure(server.port, server.pid, work, connections=case.connections, seconds=seconds)
        pairs.append((low, own))
    middle = sorted(pairs, key=lambda pair: pair[0].cpu_us / pair[1].cpu_us)[len(pairs) // 2]
    return {
        "name": case.name,
        "ratio": middle[0].cpu_us / middle[1].cpu_us,
        "per_s": middle[1].per_second,
        "cpu_us": middle[1].cpu_us,
        "bare_us": middle[0].cpu_us,
        "p50_ms": middle[1].p50_ms,
        "p99_ms": middle[1].p99_ms,
    }


def _run_depths(rounds: int, seconds: float) -> dict[str, object]:
    """Cost of a whole message (send, receive, delete) with few and with many waiting."""
    from cases import depth_cycle, fill

    result: dict[str, object] = {}
    with kamome() as server:
        bench = Bench(server.port)
        urls = {depth: bench.queue() for depth in _DEPTHS}
        for depth, url in urls.items():
            fill(bench, url, depth)
        costs: dict[int, list[float]] = {depth: [] for depth in _DEPTHS}
        for _ in range(rounds):
            for depth, url in urls.items():
                work = depth_cycle(bench, url)
                figure = measure(server.port, server.pid, work, connections=16, seconds=seconds)
                costs[depth].append(figure.cpu_us)
        few, many = (statistics.median(costs[depth]) for depth in _DEPTHS)
        result = {"few_us": few, "many_us": many, "ratio": many / few}
        print(
            f"depth: {few:.1f} us a message with {_DEPTHS[0]:,} waiting, {many:.1f} us with"
            f" {_DEPTHS[1]:,}: ratio {many / few:.2f} (target at most 1.30);"
            f" {resident_mb(server.pid):.0f} MB resident"
        )
    return result


def _run_starts() -> dict[str, object]:
    """Time from the start of the process to `Ready.`, and memory at rest a second later."""
    import time

    times, sizes = [], []
    for _ in range(6):
        with kamome() as server:
            time.sleep(1)
            times.append(server.ready_s)
            sizes.append(resident_mb(server.pid))
    median_ms = statistics.median(times[1:]) * 1000
    print(
        f"start: ready in {median_ms:.0f} ms (median of 5, target 250),"
        f" {statistics.median(sizes):.0f} MB resident at rest (target 50)"
    )
    return {"ready_ms": median_ms, "resident_mb": statistics.median(sizes)}


if __name__ == "__main__":
    main()
