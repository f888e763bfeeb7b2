"""`doctor --probe-fal`: ten cheap questions to the real service, priced and asked for first."""

from __future__ import annotations

import asyncio
import sys
from decimal import Decimal

import typer

from scenegraph.cli.show import say, show_json
from scenegraph.errors import SceneError
from scenegraph.fal.numbered import draw_numbered
from scenegraph.fal.probes import PROBES, ProbeResult, price_of_probes, run_probes
from scenegraph.run.backend import open_fal
from scenegraph.settings import Settings
from scenegraph.units import usd_text

#: The service may round its units up: a little air above the priced sum.
AIR = Decimal("0.08")


def probe_fal(settings: Settings, max_usd: Decimal | None, yes: bool, as_json: bool) -> int:
    """Price the probes, ask for leave, run them, and say what each found.

    Raises:
        SceneError: no key, or nobody said yes.
        OverBudget: they would cost more than `max_usd`; nothing was asked.
    """
    price = price_of_probes()
    budget = max_usd if max_usd is not None else price + AIR
    sys.stderr.write(
        f"{len(PROBES)} probes ask fal.ai how it behaves where its pages are silent. "
        f"They cost about ${usd_text(price)}, and never more than ${usd_text(budget)}.\n"
    )
    if not yes:
        if not sys.stdin.isatty():
            raise SceneError(
                "The probes cost money and nobody said yes.", next="Add --yes to ask them."
            )
        typer.confirm("Ask them now?", abort=True, err=True)
    found = asyncio.run(_ask(settings, budget, as_json))
    if as_json:
        spent = sum((one.usd for one in found), Decimal(0))
        show_json({"usd": usd_text(spent), "probes": [one.to_json() for one in found]})
    return 0  # a refusal is an answer too


async def _ask(settings: Settings, budget: Decimal, quiet: bool) -> list[ProbeResult]:
    def tell(result: ProbeResult) -> None:
        if not quiet:
            say(result.says)

    async with open_fal(settings) as client:
        return await run_probes(client, draw_numbered, budget, on_result=tell)
