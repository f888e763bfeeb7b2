"""What must hold for any scene: random small DAGs, random edits, failures and picks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenegraph.ledger import State

Shots = dict[str, dict[str, Any]]
QUICK = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@st.composite
def dags(draw: st.DrawFn) -> Shots:
    """Up to seven shots; each starts by itself or goes on from an earlier one."""
    shots: Shots = {}
    for number in range(draw(st.integers(1, 7))):
        above = list(shots)
        kind = draw(st.sampled_from(["t2v", "i2v", "multicondition", "extend", "frame"]))
        body: dict[str, Any] = {"prompt": f"picture {draw(st.integers(0, 2))}"}
        if kind == "t2v" or (kind in ("extend", "frame") and not above):
            body["kind"] = "t2v"
        elif kind == "extend":
            body |= {"kind": "extend", "parent": draw(st.sampled_from(above))}
        elif kind == "frame":
            body |= {"kind": "i2v", "keyframe": {"from": draw(st.sampled_from(above))}}
        else:
            body |= {"kind": kind, "keyframe": "mara.front"}
            if kind == "multicondition" and above and draw(st.booleans()):
                body["parent"] = draw(st.sampled_from(above))
        shots[f"s{number}"] = body
    return shots


@QUICK
@given(shots=dags())
def test_planning_twice_is_equal_and_running_twice_shoots_nothing(
    new_studio: Callable[..., Any], shots: Shots
) -> None:
    studio = new_studio(shots)
    plan = studio.plan()
    assert plan == studio.plan()
    assert plan.to_shoot == len(shots)
    assert sorted(studio.run()) == sorted(shots)
    assert set(studio.actions().values()) == {"keep"}
    assert studio.run() == []


@QUICK
@given(shots=dags(), data=st.data())
def test_run_does_what_plan_said(
    new_studio: Callable[..., Any], shots: Shots, data: st.DataObject
) -> None:
    """Any history of edits, partial runs, failures, picks and pins: then plan, then run."""
    studio = new_studio(shots)
    ids = list(shots)
    for _ in range(data.draw(st.integers(0, 4))):
        step = data.draw(st.sampled_from(["run", "edit", "force", "down", "lose", "pick", "pin"]))
        shot = data.draw(st.sampled_from(ids))
        paid = {take.id: take.key for take in studio.takes}
        match step:
            case "run":
                studio.run(only=shot)
            case "edit":
                studio.change(shot, prompt=f"picture {data.draw(st.integers(0, 4))}")
            case "force":
                studio.run(force=shot)
            case "down":
                studio.run(force_down=shot)
            case "lose":
                planned = studio.plan()[shot]
                if planned.act == "submit":
                    state = data.draw(st.sampled_from([State.LOST, State.REFUSED, State.REJECTED]))
                    studio.shoot(planned, state)
            case "pick" | "pin":
                kept = [t for t in studio.memory.of_shot(shot) if t.state.has_media]
                circled = studio.memory.circled(shot)
                if step == "pin" and circled is not None:
                    studio.set(circled, pinned=True)
                elif kept and (circled is None or not circled.pinned):
                    studio.circle(data.draw(st.sampled_from(kept)))
        assert {t.id: t.key for t in studio.takes if t.id in paid} == paid
    pinned = {t.shot for t in studio.takes if t.pinned}
    before = {t.id for t in studio.takes if t.circled and t.pinned}
    plan = studio.plan()
    said = [shot.shot for shot in plan.shots if shot.will_shoot]
    assert studio.run() == said
    assert not pinned & set(said)
    assert before <= {t.id for t in studio.takes if t.circled}
    again = studio.plan()
    assert again.to_shoot == 0
    assert studio.run() == []


@QUICK
@given(shots=dags(), data=st.data())
def test_only_the_descendants_of_a_change_are_touched(
    new_studio: Callable[..., Any], shots: Shots, data: st.DataObject
) -> None:
    studio = new_studio(shots)
    studio.run()
    shot = data.draw(st.sampled_from(list(shots)))
    studio.change(shot, prompt="something new")
    below = studio.scene.graph().descendants(shot)
    assert set(studio.run()) == {shot} | below


@QUICK
@given(shots=dags(), data=st.data())
def test_names_order_reel_and_notes_shoot_nothing(
    new_studio: Callable[..., Any], shots: Shots, data: st.DataObject
) -> None:
    # Twins that are renamed and swapped at once cannot be told apart; every shot says its own.
    for number, body in enumerate(shots.values()):
        body["prompt"] += f" of shot {number}"
    studio = new_studio(shots)
    studio.run()
    order = data.draw(st.permutations(list(shots)))
    new = {id: (f"renamed-{id}" if data.draw(st.booleans()) else id) for id in shots}
    changed: Shots = {}
    for id in order:
        body = dict(shots[id])
        if "parent" in body:
            body["parent"] = new[body["parent"]]
        if isinstance(body.get("keyframe"), dict):
            body["keyframe"] = {"from": new[body["keyframe"]["from"]]}
        changed[new[id]] = {**body, "notes": "a remark"}
    reel = {"order": list(changed)[:1], "frame_rate": 30}
    studio.rebuild(changed, reel=reel, drift={"rerolls": 0}, budget_usd=1)
    assert studio.run() == []
    assert set(studio.actions().values()) == {"keep"}
