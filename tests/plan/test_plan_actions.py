"""What a plan does with every state that a shot can be in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from scenegraph.errors import UnknownShot
from scenegraph.ledger import Amendment, State
from scenegraph.plan import pick_amendment

KEPT = dict.fromkeys(("platform", "waits", "listens", "rises", "turns"), "keep")


def test_a_new_scene_is_shot_parents_first(studio: Any) -> None:
    plan = studio.plan()
    assert {shot.shot: shot.action for shot in plan.shots} == {
        "platform": "shoot",
        "waits": "shoot",
        "listens": "wait",
        "rises": "wait",
        "turns": "shoot",
    }
    assert plan.to_shoot == 5
    assert plan.usd == sum(shot.usd for shot in plan.shots) > 0
    assert [shot.provisional for shot in plan.shots] == [False, False, True, True, False]
    assert plan["waits"].children == ("listens",)


def test_running_twice_shoots_nothing(studio: Any) -> None:
    """The promise of every resume: what is kept is not paid for again."""
    assert studio.run() == ["platform", "waits", "listens", "rises", "turns"]
    assert studio.actions() == KEPT
    assert studio.run() == []
    assert (studio.plan().to_shoot, studio.plan().usd) == (0, Decimal(0))
    assert not studio.plan().has_work


def test_a_changed_shot_takes_its_children_with_it(studio: Any) -> None:
    studio.run()
    studio.change("waits", prompt="she waits in the rain")
    plan = studio.plan()
    assert [(s.shot, s.action) for s in plan.shots if s.action != "keep"] == [
        ("waits", "shoot"),
        ("listens", "wait"),
        ("rises", "wait"),
    ]
    change = plan["waits"].changed[0]
    assert (change.field, change.was, change.now) == (
        "prompt",
        "she waits",
        "she waits in the rain",
    )
    assert "prompt" in plan["waits"].reason
    (parent,) = plan["listens"].changed
    assert (parent.field, parent.now) == ("parent take", "not shot yet")
    assert len(parent.was) == 4
    assert plan["waits"].children == ("listens",)
    assert studio.run() == ["waits", "listens", "rises"]
    assert studio.actions() == KEPT


def test_changing_it_back_gives_the_old_takes_back_for_nothing(studio: Any) -> None:
    """Takes are kept; a wish that was shot before is not paid for twice."""
    studio.run()
    studio.change("waits", prompt="other")
    studio.run()
    studio.change("waits", prompt="she waits")
    plan = studio.plan()
    assert {s.shot: (s.action, s.act) for s in plan.shots if s.act != "none"} == {
        "waits": ("keep", "circle"),
        "listens": ("keep", "circle"),
        "rises": ("keep", "circle"),
    }
    assert plan.usd == 0
    assert studio.run() == []
    assert studio.take("waits", 1).circled
    assert studio.actions() == KEPT


def test_bytes_that_come_out_the_same_leave_the_children_valid(studio: Any) -> None:
    """Early cut-off: a parent shot again into the same picture changes nothing below it."""
    studio.run()
    studio.change("waits", prompt="other")
    context = studio.context(run=9)
    from scenegraph.plan import plan_shot

    planned = plan_shot(context, "waits")
    assert planned.action == "shoot"
    again = studio.shoot(planned, sha256=studio.take("waits").sha256)
    assert plan_shot(context, "listens", {"waits": again}).action == "keep"


def test_forcing_one_shot_leaves_its_children_visibly_stale(studio: Any) -> None:
    """Somebody may have approved them; they are shot again when somebody asks."""
    studio.run()
    expected = KEPT | {"waits": "shoot", "listens": "stale"}
    assert studio.actions(force="waits") == expected
    assert studio.run(force="waits") == ["waits"]
    assert studio.take("waits", 2).circled
    assert studio.actions() == KEPT | {"listens": "stale"}
    assert studio.run() == []
    assert "another take of waits" in studio.plan()["listens"].reason
    assert studio.actions(from_="listens") == KEPT | {"listens": "shoot", "rises": "wait"}
    assert studio.run(from_="listens") == ["listens", "rises"]
    assert studio.actions() == KEPT


def test_force_down_takes_all_that_hangs_on_it(studio: Any) -> None:
    studio.run()
    assert studio.run(force_down="waits") == ["waits", "listens", "rises"]
    assert studio.actions() == KEPT
    assert studio.take("rises", 2).circled


def test_a_forced_shot_is_shot_once_per_run(studio: Any) -> None:
    """The executor asks again as takes come in; one new take was wished for, not many."""
    studio.run()
    studio.run(force="waits")
    again = studio.context(run=studio.runs, force="waits")
    from scenegraph.plan import plan_shot

    assert plan_shot(again, "waits").action == "keep"
    assert plan_shot(studio.context(run=99, force="waits"), "waits").action == "shoot"


def test_picking_an_older_take_gives_its_children_back(studio: Any) -> None:
    studio.run()
    studio.run(force_down="waits")
    studio.circle(studio.take("waits", 1))
    plan = studio.plan()
    assert [plan[s].act for s in ("waits", "listens", "rises")] == ["none", "circle", "circle"]
    assert studio.run() == []
    assert studio.take("rises", 1).circled


def test_a_picked_take_of_an_older_wish_is_not_shot_again(studio: Any) -> None:
    """The file says one thing, a person chose another: right until the file changes."""
    studio.run()
    studio.change("waits", prompt="other")
    studio.run()
    studio.circle(studio.take("waits", 1))
    wanted = studio.plan()["waits"].job.setup
    assert studio.plan()["waits"].act == "circle", "without the amendment the newer one comes back"
    studio.amendments.append(pick_amendment(studio.take("waits", 1), wanted))
    plan = studio.plan()
    assert (plan["waits"].action, plan["waits"].act) == ("keep", "none")
    assert plan["listens"].act == "circle"
    studio.change("waits", prompt="a third thing")
    assert studio.actions()["waits"] == "shoot"


def test_a_pinned_take_whose_upstream_changed_is_stale_and_never_shot(studio: Any) -> None:
    studio.run()
    studio.set(studio.take("listens"), pinned=True)
    assert studio.actions() == KEPT
    studio.change("waits", prompt="other")
    assert studio.actions() == KEPT | {"waits": "shoot", "listens": "stale"}
    assert "pinned, stale" in studio.plan()["listens"].reason
    assert studio.run() == ["waits"]
    assert studio.actions() == KEPT | {"listens": "stale"}
    for selection in ({"force": "listens"}, {"only": "listens"}, {"force_down": "waits"}):
        assert studio.actions(**selection)["listens"] == "stale"
        assert "listens" not in studio.run(**selection)


def test_a_pending_take_is_collected_not_asked_again(studio: Any) -> None:
    """Paid work is never lost and never paid twice: a resumed run goes on with what is out."""
    studio.run(only="platform")
    for state, act in (
        (State.SUBMITTED, "poll"),
        (State.ANSWERED, "poll"),
        (State.FETCHED, "review"),
    ):
        take = studio.shoot(studio.plan()["waits"], state)
        plan = studio.plan()
        assert (plan["waits"].action, plan["waits"].act) == ("reattach", act)
        assert plan["waits"].usd == 0
        assert plan["listens"].action == "wait"
        assert plan["listens"].will_shoot
        assert studio.plan(force="waits")["waits"].action == "reattach"
        studio.set(take, state=State.LOST)


def test_a_pending_take_of_an_older_wish_does_not_stand_for_the_new_one(studio: Any) -> None:
    studio.shoot(studio.plan()["waits"], State.SUBMITTED)
    studio.change("waits", prompt="other")
    assert studio.actions()["waits"] == "shoot"


@pytest.mark.parametrize(
    ("engine", "state", "action"),
    [
        ("fal", State.UNKNOWN, "ask"),
        ("fal", State.INTENDED, "ask"),
        ("animatic", State.INTENDED, "shoot"),
        ("animatic", State.UNKNOWN, "ask"),
    ],
)
def test_a_request_without_an_answer_is_a_persons_to_decide(
    studio: Any, engine: Any, state: State, action: str
) -> None:
    """It may be running, and billed. An intent that cost nothing is simply shot."""
    studio.engine = engine
    studio.shoot(studio.plan()["waits"], state)
    plan = studio.plan(force="waits") if action == "ask" else studio.plan()
    assert plan["waits"].action == action
    if action == "ask":
        assert "resolve" in plan["waits"].next
        assert plan["listens"].root_cause == "waits"
        assert plan["rises"].root_cause == "waits"
        assert not plan["listens"].will_shoot
        assert plan["listens"].usd == 0
        assert [shot.shot for shot in plan.to_ask] == ["waits"]
        assert plan.to_shoot == 2


def test_a_refused_request_is_not_asked_again_until_it_changes(studio: Any) -> None:
    """Asking the same again cannot help; changing it, or a person's word, can."""
    error = {"kind": "refused", "message": "The prompt is not allowed.", "next": ""}
    studio.shoot(studio.plan()["waits"], State.REFUSED, error=error)
    plan = studio.plan()
    assert plan["waits"].action == "ask"
    assert "not allowed" in plan["waits"].reason
    assert plan["rises"].root_cause == "waits"
    assert studio.actions(force_down="waits")["waits"] == "shoot"
    studio.change("waits", prompt="other")
    assert studio.actions()["waits"] == "shoot"


def test_a_lost_take_is_tried_again_and_a_given_up_one_is_not(studio: Any) -> None:
    studio.shoot(studio.plan()["waits"], State.LOST, error={"kind": "job-failed", "message": "x"})
    plan = studio.plan()
    assert (plan["waits"].action, plan["waits"].job.take_number) == ("shoot", 2)
    studio.shoot(plan["waits"], State.LOST, error={"kind": "given-up", "message": "x"})
    assert studio.actions()["waits"] == "ask"


def test_a_rejected_take_is_followed_by_another_with_a_new_seed(studio: Any) -> None:
    first = studio.shoot(studio.plan()["waits"], State.REJECTED, verdict="drifted")
    job = studio.plan()["waits"].job
    assert job.take_number == 2
    assert job.seed != first.seed
    assert job.setup == first.setup
    assert job.key != first.key


def test_a_fixed_seed_is_not_paid_for_twice(studio: Any) -> None:
    """The same request would give the same picture: a new take draws a new seed and says so."""
    studio.change("waits", seed=42)
    first = studio.plan()["waits"]
    assert first.job.seed == 42
    studio.shoot(first, State.REJECTED, verdict="drifted")
    second = studio.plan()["waits"].job
    assert second.seed != 42
    assert any("42" in note for note in second.notes)
    assert second.setup == first.job.setup


def test_writing_a_takes_own_seed_down_keeps_the_take(studio: Any) -> None:
    """The key is equal although its origin is not: same picture."""
    studio.run()
    studio.change("waits", seed=studio.take("waits").seed)
    assert studio.actions() == KEPT


def test_a_drifted_take_waits_for_its_decision(studio: Any) -> None:
    """A run that died between looking and deciding goes on there; the end of the ladder asks."""
    take = studio.shoot(studio.plan()["waits"], State.REVIEWED, verdict="drifted")
    assert studio.plan()["waits"].act == "review"
    studio.amendments.append(Amendment(shot="waits", kind="ask", reason="x", take=take.id))
    plan = studio.plan()
    assert plan["waits"].action == "ask"
    assert "pick" in plan["waits"].next
    studio.amendments.append(Amendment(shot="waits", kind="accept", reason="x", take=take.id))
    assert (studio.plan()["waits"].action, studio.plan()["waits"].act) == ("keep", "circle")


def test_a_fixed_seeds_drifted_take_is_not_taken_by_its_key(studio: Any) -> None:
    studio.change("waits", seed=42)
    take = studio.shoot(studio.plan()["waits"], State.REVIEWED, verdict="drifted")
    studio.amendments.append(Amendment(shot="waits", kind="ask", reason="x", take=take.id))
    assert studio.actions()["waits"] == "ask"


def test_a_renamed_shot_keeps_its_take(studio: Any, train: Mapping[str, Any]) -> None:
    studio.run()
    shots = {("arrival" if id == "platform" else id): body for id, body in train.items()}
    studio.rebuild(shots)
    plan = studio.plan()
    assert (plan["arrival"].action, plan["arrival"].act) == ("keep", "adopt")
    assert "platform" in plan["arrival"].reason
    assert studio.run() == []
    assert set(studio.actions().values()) == {"keep"}


def test_two_renamed_twins_do_not_get_one_take(new_studio: Callable[..., Any]) -> None:
    studio = new_studio({id: {"kind": "t2v", "prompt": "rain"} for id in ("a", "b")})
    studio.run()
    studio.rebuild({id: {"kind": "t2v", "prompt": "rain"} for id in ("c", "d")})
    assert studio.run() == []
    assert studio.take("c").sha256 != studio.take("d").sha256


def test_a_renamed_parent_keeps_its_children(studio: Any, train: Mapping[str, Any]) -> None:
    studio.run()
    names = {"waits": "sits", "listens": "hears"}
    shots = {}
    for id, body in train.items():
        parent = body.get("parent")
        shots[names.get(id, id)] = {
            **body,
            **({"parent": names[parent]} if parent in names else {}),
        }
    studio.rebuild(shots)
    assert studio.run() == []


def test_of_two_takes_under_lost_names_a_shot_gets_the_one_its_hop_was_made_from(
    new_studio: Callable[..., Any],
) -> None:
    """The other would be for nothing as well, and the hop would be paid for again."""
    rain = {"kind": "t2v", "prompt": "rain"}
    studio = new_studio({"a": rain})
    studio.run()
    studio.rebuild({"b": rain})
    assert studio.run(only="b", side_by_side={"b": 1}) == ["b"]
    studio.rebuild({"b": rain, "goes-on": {"kind": "extend", "parent": "b", "prompt": "more"}})
    studio.run()
    kept = studio.take("b").sha256
    studio.rebuild({"c": rain, "goes-on": {"kind": "extend", "parent": "c", "prompt": "more"}})
    assert studio.run() == []
    assert studio.take("c").sha256 == kept


def test_an_identical_job_of_another_scene_is_adopted(studio: Any) -> None:
    """A shared store pays once."""
    there = studio.shoot(studio.plan()["waits"])
    studio.takes.clear()
    studio.elsewhere[there.key] = lambda: replace(there, scene="day-train")
    plan = studio.plan()
    assert (plan["waits"].action, plan["waits"].act, plan["waits"].usd) == ("keep", "adopt", 0)
    assert plan["listens"].action == "shoot"
    studio.engine = "fal"
    assert studio.actions()["waits"] == "shoot", "a preview never passes for a take"


def test_selections_limit_what_is_shot(studio: Any) -> None:
    assert studio.run(only="waits") == ["waits"]
    assert studio.run(until="listens") == ["listens"]
    assert studio.run(omit="turns") == ["platform", "rises"]
    assert studio.run(only="tu*") == ["turns"]
    with pytest.raises(UnknownShot):
        studio.plan(only="nobody")


def test_a_shot_behind_a_left_out_one_says_so(studio: Any) -> None:
    plan = studio.plan(only=["listens", "rises"])
    assert plan.to_shoot == 0
    assert plan.usd == 0
    assert (plan["listens"].action, plan["listens"].root_cause) == ("wait", "waits")
    assert (plan["rises"].action, plan["rises"].root_cause) == ("wait", "waits")
    assert not plan["waits"].selected


def test_a_changed_shot_that_is_left_out_is_shown_as_stale(studio: Any) -> None:
    studio.run()
    studio.change("platform", prompt="other")
    plan = studio.plan(only="turns")
    assert (plan["platform"].action, plan["platform"].selected) == ("stale", False)
    assert plan["platform"].changed[0].field == "prompt"


def test_another_engine_shoots_all_again(studio: Any) -> None:
    studio.run()
    studio.engine = "fal"
    plan = studio.plan()
    assert plan.to_shoot == 5
    assert plan["platform"].reason == "never shot", "a preview is not a take of this shot"
    studio.run()
    studio.engine = "animatic"
    assert studio.actions() == KEPT, "and the previews are still there"


def test_more_drift_in_the_preview_is_another_engine(studio: Any, train: Any) -> None:
    studio.run()
    studio.rebuild(train, animatic={"drift": 0.0, "latency_s": 2})
    assert studio.actions() == KEPT, "how long a preview takes is not in its picture"
    studio.rebuild(train, animatic={"drift": 0.5})
    assert studio.plan().to_shoot == 5
