"""`python -m bench`: measure, print each figure beside its floor and all as one table, keep them as JSON."""

import argparse
import json
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench import presses
from bench.configuration import HOMES, configuration
from bench.consoles import consoles
from bench.decoding import decoding
from bench.figures import Figure, line, table
from bench.gateway import WATCH_S, gateway
from bench.homes import MOST_HOMES, phone
from bench.ingest import ingest
from bench.machine import facts
from bench.rig import BURST_BROKER, Rig
from bench.together import together

Show = Callable[[Figure], None]


def main() -> int:
    """Measure what was asked for; 1 if a figure misses what is wanted of it."""
    given = _arguments()
    found: list[Figure] = []

    def show(figure: Figure) -> None:
        found.append(figure)
        print(line(figure), flush=True)

    with tempfile.TemporaryDirectory(prefix="carehub-bench-", dir=given.folder) as place:
        folder = Path(place)
        machine = facts(folder)
        print("  ".join(f"{name} {value}" for name, value in machine.items()), flush=True)
        if set(given.what) & set(SERVER):
            _server(folder / "server", given, show)
        if "consoles" in given.what:
            _watched(folder / "watched", given, show)
        if "gateway" in given.what:
            show(gateway(folder / "gateway", given.watch))
        if "configuration" in given.what:
            show(configuration(folder / "configuration", given.configured))
        if "decoding" in given.what:
            show(decoding())
    print(f"\n{table(found)}", flush=True)
    if given.json:
        body = {"machine": machine, "figures": [asdict(figure) for figure in found]}
        given.json.write_text(json.dumps(body, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return int(any(figure.holds is False for figure in found))


# Each can be measured alone; the first ones share one hub with many homes.
SERVER = ("idle", "beside", "together", "burst", "gas", "ingest")
WHAT = (*SERVER, "consoles", "gateway", "configuration", "decoding")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("what", nargs="*", metavar="WHAT", help=f"of {', '.join(WHAT)}; all if none is named")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there too")
    parser.add_argument("--folder", type=Path, help="where databases are put; the disk matters")
    parser.add_argument("--homes", type=int, default=MOST_HOMES)
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--bursts", type=int, default=5)
    parser.add_argument("--burst-size", type=int, default=60_000)
    parser.add_argument("--together", type=int, default=500, help="homes that press in the same second")
    parser.add_argument("--rate", type=int, default=5_000, help="other messages a second beside presses")
    parser.add_argument("--configured", type=int, default=HOMES, help="homes whose configuration is checked")
    parser.add_argument("--watch", type=float, default=WATCH_S, help="seconds for which the idle hub is watched")
    given = parser.parse_args()
    if unknown := set(given.what) - set(WHAT):
        parser.error(f"{', '.join(sorted(unknown))} is not among {', '.join(WHAT)}")
    given.what = given.what or list(WHAT)
    return given


def _server(folder: Path, given: argparse.Namespace, show: Show) -> None:
    """Measure what one hub with many homes does. Each home is pressed once: a second press would not be texted."""
    with Rig(folder, given.homes, broker=BURST_BROKER) as rig:
        rig.start_hub()
        floor = rig.start_floor()
        publisher = rig.publisher()
        last = given.homes - 1  # its number is the floor's
        crowd = range(last - given.together, last)
        presser = presses.Presses(rig, publisher, iter(range(presses.LEAKING.stop, crowd.start)))
        if "idle" in given.what:
            show(presses.idle(presser, given.presses))
        if "beside" in given.what:
            others = presses.Stream(rig.publisher("others"), given.homes, given.rate)
            show(presses.beside(presser, others, given.presses))
        if "together" in given.what:
            show(together(rig, publisher, crowd, phone(last)))
        for what, gas in (("burst", False), ("gas", True)):
            if what in given.what:
                show(presses.behind(presser, given.bursts, given.burst_size, gas=gas))
        if "ingest" in given.what:
            rig.end(floor)
            show(ingest(rig, publisher, given.bursts, given.burst_size // 2))


def _watched(folder: Path, given: argparse.Namespace, show: Show) -> None:
    """Measure what consoles cost a hub of their own: each turn takes a home that was not pressed before."""
    with Rig(folder, given.homes, broker=BURST_BROKER) as rig:
        rig.start_hub()
        half = given.homes // 2
        presser = presses.Presses(rig, rig.publisher(), iter(range(half)))
        for figure in consoles(rig, presser, range(half, given.homes), given.presses):
            show(figure)


if __name__ == "__main__":
    raise SystemExit(main())
