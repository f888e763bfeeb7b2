"""The command `plan`: what would be done, why, at what price, and the command that does it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scenegraph.cli.choosing import (
    Force,
    ForceDown,
    From,
    Omit,
    Only,
    Shots,
    Takes,
    Until,
    selection,
)
from scenegraph.cli.options import AsJson, Backend, Engine, ScenePath, Store
from scenegraph.cli.show import counted, plain_table, say, show_json, show_table
from scenegraph.errors import SceneError
from scenegraph.units import usd_text

if TYPE_CHECKING:
    from scenegraph.plan import Plan, Selection, ShotPlan, Speculation, WhatIf

TONES = {
    "shoot": "bold yellow",
    "wait": "yellow",
    "reattach": "cyan",
    "keep": "green",
    "stale": "magenta",
    "ask": "bold red",
}
#: Names of following shots that one row tells.
MOST_NAMES = 3


def add_to(app: typer.Typer) -> None:
    app.command()(plan)


def plan(
    scene: ScenePath,
    shots: Shots = None,
    backend: Engine = Backend.animatic,
    store: Store = None,
    from_: From = None,
    until: Until = None,
    only: Only = None,
    omit: Omit = None,
    force: Force = None,
    force_down: ForceDown = None,
    takes: Takes = None,
    set_: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="FIELD=VALUE", help="What if: shots.ID.FIELD=VALUE; writes nothing."
        ),
    ] = None,
    exit_code: Annotated[
        bool, typer.Option("--exit-code", help="Exit with 1 if there is work.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """List what would be shot, kept or waited for, why, and its price. Spends nothing.

    Example: `scenegraph plan scene.yaml --set shots.mara-turns.seconds=3`
    """
    from scenegraph.plan import what_if
    from scenegraph.run import plan as make_plan
    from scenegraph.scene import load_scene
    from scenegraph.scene.conforming import reel_json, reel_sentence

    chosen = selection(from_, until, only, omit, force, force_down, shots=shots, takes=takes)
    values = overrides(set_)
    loaded = load_scene(scene, overrides=values)
    made = make_plan(loaded, backend=backend.value, store=store, selection=chosen)
    if values:
        without = make_plan(load_scene(scene), backend=backend.value, store=store, selection=chosen)
        compared = what_if(made, without)
        if as_json:
            show_json(compared.to_json(values))
        else:
            _show_what_if(compared, scene)
    elif as_json:
        command = run_command(scene, made, store, chosen)
        show_json({**made.to_json(), "reel": reel_json(loaded), "run": command})
    else:
        _show_plan(made, scene, run_command(scene, made, store, chosen), reel_sentence(loaded))
    return 1 if exit_code and made.has_work else 0


def overrides(texts: Iterable[str] | None) -> dict[str, str]:
    """`--set` options by dotted name; `SHOT.FIELD` is short for `shots.SHOT.FIELD`."""
    pairs = {}
    for text in texts or ():
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise SceneError(
                f"--set {text!r} is not FIELD=VALUE.", next="Write it as --set shots.ID.seconds=3"
            )
        pairs[name.strip()] = value
    return pairs


def run_command(path: Path, made: Plan, store: str | None, chosen: Selection) -> str:
    """The command that carries out exactly this plan."""
    words = ["scenegraph", "run", str(path)]
    if made.backend != Backend.animatic.value:
        words += ["--backend", made.backend]
    if store is not None:
        words += ["--store", store]
    for option, names in (
        ("--from", chosen.from_),
        ("--until", chosen.until),
        ("--only", chosen.only),
        ("--omit", chosen.omit),
        ("--force", chosen.force),
        ("--force-down", chosen.force_down),
    ):
        for name in names:
            words += [option, name]
    if chosen.side_by_side:
        words += ["--takes", str(next(iter(chosen.side_by_side.values())))]
    return shlex.join([*words, "--plan", made.plan_id])


def _show_plan(made: Plan, path: Path, command: str, reel: str | None = None) -> None:
    _table(made, made.shots)
    say()
    for chain in made.chains:
        if chain.hops > 1:
            say(f"{chain}.")
    if made.speculation is not None:
        say(_speculation(made.speculation))
    if reel is not None:
        say(f"reel     {reel}")
    if made.submits:
        say(_sum(made))
    elif made.has_work:
        say("Nothing is to be shot; what is on its way or in the store is only collected.")
    else:
        say("Nothing is to be shot.")
    if made.reel_note and not made.submits:
        say(made.reel_note)
    if made.next_step:
        say(f"next     {_typed(made.next_step, path)}: only what failed and what waits for it")
    if made.has_work:
        say(f"run      {command}")


def _speculation(early: Speculation) -> str:
    """What hops that are asked for early may cost."""
    lost = f", ${usd_text(early.lost)} of it lost already" if early.lost else ""
    cap = f"speculate_usd: {usd_text(early.cap)}{lost}"
    if not early.hops or not early.left:
        return f"early    nothing is asked for early ({cap})"
    hops = f"{counted(early.hops, 'hop')}"
    return (
        f"early    {hops} may be asked for while a parent is reviewed: "
        f"at worst ${usd_text(early.at_worst)} of it is thrown away ({cap})"
    )


def _show_what_if(compared: WhatIf, path: Path) -> None:
    made, without = compared.plan, compared.without
    if not compared.touched and not compared.gone:
        say(f"Nothing would change: {_price(without)} either way. Nothing was written.")
        return
    _table(made, compared.touched)
    same = len(made.shots) - len(compared.touched)
    if same:
        say(f"… and {counted(same, 'shot')} as without it", "dim")
    if compared.gone:
        say(f"gone: {', '.join(compared.gone)}", "dim")
    say()
    sign = "+" if compared.usd >= 0 else "−"
    say(f"without  {_price(without)}")
    say(f"with     {_price(made)} ({sign}${usd_text(abs(compared.usd))})")
    say(f"Nothing was written: set it in {path} to have it.", "dim")


def _price(made: Plan) -> str:
    return f"{_count(made)}, ${usd_text(made.usd)} on fal.ai"


def _count(made: Plan) -> str:
    shots = counted(made.to_shoot, "shot")
    return shots if made.submits == made.to_shoot else f"{shots}, {made.submits} takes"


def _sum(made: Plan) -> str:
    expected = made.expected.to_json()
    most = expected.get("p95")
    more = f" (with re-rolls up to ${most})" if most and Decimal(most) > made.usd else ""
    where = "on fal.ai" if made.backend == "fal" else "on fal.ai; the animatic preview is free"
    longest, about = (float(n / made.reel_rate) for n in (made.reel_frames, made.reel_expected))
    note = f" {made.reel_note}" if made.reel_note else ""
    return (
        f"{_count(made)}, ${usd_text(made.usd)} {where}{more}; "
        f"a reel of about {about:.1f} s, at most {longest:.1f} s. Plan {made.plan_id}.{note}"
    )


def _typed(text: str, path: Path) -> str:
    return text.replace("`", "").replace("SCENE", shlex.quote(str(path)))


def _table(made: Plan, shots: Sequence[ShotPlan]) -> None:
    """Root causes first, with what waits for them folded under them; then the others."""
    from scenegraph.plan.frames import frame_words

    table = plain_table("shot", "action", "frames", "USD", "why")

    def row(shot: ShotPlan) -> None:
        table.add_row(
            shot.shot,
            f"[{TONES[shot.action]}]{shot.action}[/]",
            str(shot.num_frames),
            usd_text(shot.usd) if shot.usd else "",
            _quiet(shot.reason),
        )
        if shot.keyframe is not None:
            is_here = made[shot.keyframe["from"]].gives is not None
            note(frame_words(shot.keyframe, is_here))
        for change in shot.changed:
            told = f"{change.field}: {_short(change.was)} → {_short(change.now)}"
            table.add_row("", "", "", "", f"  {told}")

    def note(text: str) -> None:
        table.add_row("", "", "", "", f"  [dim]{_quiet(text)}[/]")

    folded: set[str] = set()
    roots = [shot for shot in shots if shot.has_failed]
    for root in roots:
        row(root)
        if root.next:
            note(root.next)
        waiting = made.waiting_for(root.shot)
        folded |= {root.shot, *(one.shot for one in waiting)}
        if waiting:
            usd = sum((one.usd for one in waiting), Decimal(0))
            price = f", ${usd_text(usd)}" if usd else ""
            count = len(waiting)
            verb = "waits" if count == 1 else "wait"
            table.add_row("", "", "", "", f"  … and {count} that {verb} for it{price}")
    for shot in shots:
        if shot.shot in folded:
            continue
        row(shot)
        if shot.children and shot.action == "shoot" and made.to_shoot < len(made.shots):
            below = _below(made, shot.shot)
            names = ", ".join(below[:MOST_NAMES])
            rest = f" and {len(below) - MOST_NAMES} more" if len(below) > MOST_NAMES else ""
            note(f"then {names}{rest}")
        if shot.next:
            note(shot.next)
    show_table(table)


def _below(made: Plan, shot: str) -> list[str]:
    """All that would follow a shot, in the order of the plan."""
    found: set[str] = set()
    ahead = list(made[shot].children)
    while ahead:
        one = ahead.pop()
        if one not in found:
            found.add(one)
            ahead += made[one].children
    return [one.shot for one in made.shots if one.shot in found]


def _quiet(text: str) -> str:
    return text.replace("[", "\\[")


def _short(value: Any, most: int = 60) -> str:
    text = "–" if value is None else str(value)
    return _quiet(text if len(text) <= most else text[: most - 1] + "…")
