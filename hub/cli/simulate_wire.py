"""`carehub simulate wire`: a bad link to the broker."""

from datetime import timedelta
from typing import Annotated

import typer


def wire(
    to: Annotated[
        str, typer.Option(metavar="URL", help="The broker behind the link: mqtt://host:port.")
    ] = "mqtt://127.0.0.1:1883",
    host: Annotated[str, typer.Option(metavar="ADDRESS", help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(metavar="PORT", help="Port to listen on; 0 takes a free one.", min=0, max=65535)
    ] = 1884,
    delay: Annotated[float, typer.Option(metavar="SECONDS", help="How long each packet takes.", min=0)] = 0.0,
    jitter: Annotated[float, typer.Option(metavar="SECONDS", help="At most so much longer, by chance.", min=0)] = 0.0,
    drop: Annotated[
        float, typer.Option(metavar="PERCENT", help="So many messages and acknowledgements vanish.", min=0, max=100)
    ] = 0.0,
    cut_every: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Cut all connections again and again.", min=0.1)
    ] = None,
    cut_for: Annotated[
        float, typer.Option(metavar="SECONDS", help="Refuse new connections for so long after a cut.", min=0)
    ] = 10.0,
    freeze_every: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Let connections stand and pass nothing, again and again.", min=0.1),
    ] = None,
    freeze_for: Annotated[float, typer.Option(metavar="SECONDS", help="For so long.", min=0)] = 10.0,
    seed: Annotated[int, typer.Option(metavar="NUMBER", help="The same chance again.")] = 0,
) -> None:
    """Stand between bridges, or the hub, and the broker as a bad link does: drops, delays, cuts, freezes.

    Point what should suffer at this port instead of at the broker's. The stream itself is never changed, so MQTT of
    every version passes; what is dropped are whole publishes and acknowledgements.
    """
    from simulators.wire import Condition
    from simulators.wire.command import Troubles, run

    condition = Condition(timedelta(seconds=delay), timedelta(seconds=jitter), drop / 100)
    troubles = Troubles(
        _span(cut_every), timedelta(seconds=cut_for), _span(freeze_every), timedelta(seconds=freeze_for)
    )
    raise typer.Exit(run(to, host, port, condition, troubles, seed))


def _span(seconds: float | None) -> timedelta | None:
    return None if seconds is None else timedelta(seconds=seconds)
