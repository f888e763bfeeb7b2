"""A state machine of edits, runs, failures, picks and pins on random graphs, planned by the fold.

The executor's own machine, with a ledger and real files, is in `tests/run/test_run_machine.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from scenegraph.ledger import State, Take
from scenegraph.plan import pick_amendment

Body = dict[str, Any]
MOST_SHOTS = 7


def machine_of(new_studio: Callable[..., Any]) -> type[RuleBasedStateMachine]:
    class Film(RuleBasedStateMachine):
        """One scene as its makers change it, shoot it, and choose among its takes."""

        def __init__(self) -> None:
            super().__init__()
            self.named = 0
            self.shots: dict[str, Body] = {"a": {"kind": "t2v", "prompt": "the first of all"}}
            self.studio = new_studio(self.shots)
            #: Shots about which something was changed or decided since the last whole run.
            self.touched: set[str] = {"a"}
            self.kept: dict[int, Take] = {}

        # -- what a person does to the scene file ------------------------------------------------

        def any_shot(self, data: st.DataObject, *, among: Any = None) -> str:
            return str(data.draw(st.sampled_from(sorted(among or self.shots)), label="shot"))

        def save(self, **more: Any) -> None:
            self.studio.rebuild(self.shots, **more)

        def below(self, shot: str) -> set[str]:
            return {shot, *self.studio.scene.graph().descendants(shot)}

        @precondition(lambda self: len(self.shots) < MOST_SHOTS)
        @rule(data=st.data(), kind=st.sampled_from(["t2v", "i2v", "extend", "frame", "turn"]))
        def add(self, data: st.DataObject, kind: str) -> None:
            self.named += 1
            id = f"s{self.named}"
            parent = self.any_shot(data)
            body: Body = {"prompt": f"picture {self.named}"}
            match kind:
                case "extend":
                    body |= {"kind": "extend", "parent": parent}
                case "frame":
                    body |= {"kind": "i2v", "keyframe": {"from": parent}}
                case "turn":
                    body |= {"kind": "multicondition", "keyframe": "mara.front", "parent": parent}
                case "i2v":
                    body |= {"kind": "i2v", "keyframe": "mara.front"}
                case _:
                    body |= {"kind": "t2v"}
            self.shots[id] = body
            self.save()
            self.touched.add(id)

        @rule(data=st.data(), word=st.integers(0, 3))
        def say_it_otherwise(self, data: st.DataObject, word: int) -> None:
            shot = self.any_shot(data)
            first = self.shots[shot]["prompt"].partition(", ")[0]
            self.shots[shot] |= {"prompt": f"{first}, {word}" if word else first}
            self.save()
            self.touched.add(shot)

        @rule(data=st.data(), seed=st.sampled_from([None, 1, 2]))
        def name_a_seed(self, data: st.DataObject, seed: int | None) -> None:
            shot = self.any_shot(data)
            self.shots[shot] |= {"seed": seed}
            self.save()
            self.touched.add(shot)

        @rule(data=st.data(), seconds=st.sampled_from([2, 3, 4]))
        def make_it_longer(self, data: st.DataObject, seconds: int) -> None:
            shot = self.any_shot(data)
            self.shots[shot] |= {"seconds": seconds}
            self.save()
            self.touched.add(shot)

        @rule(data=st.data())
        def hang_it_elsewhere(self, data: st.DataObject) -> None:
            hops = [id for id, body in self.shots.items() if "parent" in body]
            if not hops:
                return
            shot = self.any_shot(data, among=hops)
            others = set(self.shots) - self.below(shot)
            if others:
                self.shots[shot] |= {"parent": self.any_shot(data, among=others)}
                self.save()
                self.touched.add(shot)

        @precondition(lambda self: len(self.shots) > 1)
        @rule(data=st.data())
        def remove(self, data: st.DataObject) -> None:
            leaves = [id for id in self.shots if self.below(id) == {id}]
            shot = self.any_shot(data, among=leaves)
            if len(self.shots) > 1:
                del self.shots[shot]
                self.touched.discard(shot)
                self.save()

        @rule(data=st.data())
        def rename(self, data: st.DataObject) -> None:
            """A new name is no new wish. What was no longer kept as it is may be shot."""
            old = self.any_shot(data)
            kept = self.studio.plan()[old].action == "keep"
            self.named += 1
            new = f"s{self.named}"
            changed: dict[str, Body] = {}
            for id, body in self.shots.items():
                body = dict(body)
                if body.get("parent") == old:
                    body["parent"] = new
                if body.get("keyframe") == {"from": old}:
                    body["keyframe"] = {"from": new}
                changed[new if id == old else id] = body
            self.shots = changed
            self.save()
            if old in self.touched or not kept:
                self.touched = (self.touched - {old}) | {new}

        @rule(data=st.data())
        def change_what_shoots_nothing(self, data: st.DataObject) -> None:
            """Order, remarks, reel, budget."""
            order = data.draw(st.permutations(list(self.shots)))
            self.shots = {id: {**self.shots[id], "notes": "a remark"} for id in order}
            self.save(reel={"order": order[:1], "frame_rate": 30}, budget_usd=9)

        # -- what a person decides about takes ---------------------------------------------------

        @rule(data=st.data())
        def pick(self, data: st.DataObject) -> None:
            shot = self.any_shot(data)
            takes = [t for t in self.studio.memory.of_shot(shot) if t.state.has_media]
            circled = self.studio.memory.circled(shot)
            if takes and not (circled and circled.pinned):
                take = data.draw(st.sampled_from(takes), label="take")
                wanted = self.studio.plan()[shot].job.setup
                self.studio.amendments.append(pick_amendment(take, wanted))
                self.studio.circle(take)
                self.touched.add(shot)

        @rule(data=st.data(), yes=st.booleans())
        def pin(self, data: st.DataObject, yes: bool) -> None:
            shot = self.any_shot(data)
            circled = self.studio.memory.circled(shot)
            if circled is not None:
                self.studio.set(circled, pinned=yes)
                self.touched.add(shot)

        # -- shooting ----------------------------------------------------------------------------

        @rule(data=st.data(), state=st.sampled_from([State.LOST, State.REFUSED, State.REJECTED]))
        def lose(self, data: st.DataObject, state: State) -> None:
            shot = self.any_shot(data)
            planned = self.studio.plan()[shot]
            if planned.act == "submit":
                self.studio.shoot(planned, state)
                self.touched.add(shot)

        @rule(
            data=st.data(),
            how=st.sampled_from(["only", "from_", "until", "omit", "force", "force_down", "takes"]),
        )
        def run_some(self, data: st.DataObject, how: str) -> None:
            shot = self.any_shot(data)
            if how == "takes":
                self.shoot(only=shot, side_by_side={shot: data.draw(st.integers(1, 3))})
            else:
                self.shoot(**{how: shot})
            self.touched.add(shot)

        @rule()
        def run_all(self) -> None:
            allowed = set().union(*(self.below(shot) for shot in self.touched))
            asked = self.shoot()
            assert set(asked) <= allowed, "only what hangs on a change is touched"
            assert self.studio.plan().to_shoot == 0
            assert self.studio.run() == [], "running twice shoots nothing"
            # What waits for a person, or was left out, goes on waiting.
            still = {s.shot for s in self.studio.plan().shots if s.action != "keep"}
            self.touched = still

        def shoot(self, **selection: Any) -> list[str]:
            """Run, and hold it against the plan and the sheet as they were before."""
            pinned = {t.id for t in self.studio.takes if t.circled and t.pinned}
            plan = self.studio.plan(**selection)
            assert plan == self.studio.plan(**selection)
            said = [s.shot for s in plan.shots for _ in range(s.submits)]
            asked: list[str] = self.studio.run(**selection)
            assert asked == said, "plan and run are one"
            assert pinned <= {t.id for t in self.studio.takes if t.circled}
            return asked

        def teardown(self) -> None:
            self.no_take_is_lost()

        def no_take_is_lost(self) -> None:
            now = {take.id: take for take in self.studio.takes}
            for id, take in self.kept.items():
                after = now[id]
                assert (after.key, after.setup, after.seed) == (take.key, take.setup, take.seed)
                assert after.sha256 == take.sha256 and after.state.has_media

        def check_invariants(self, *args: Any, **more: Any) -> None:
            super().check_invariants(*args, **more)
            self.no_take_is_lost()
            self.kept = {take.id: take for take in self.studio.takes if take.state.has_media}

    return Film


def run_machine(new_studio: Callable[..., Any], examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine_of(new_studio),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_any_history_of_edits_runs_as_planned_and_loses_no_take(
    new_studio: Callable[..., Any],
) -> None:
    """Plan and run are one; twice shoots nothing; only what hangs on a change is touched."""
    run_machine(new_studio, examples=40, steps=25)


@pytest.mark.long
def test_any_long_history_of_edits_runs_as_planned_and_loses_no_take(
    new_studio: Callable[..., Any],
) -> None:
    """The same with far more histories, and longer ones."""
    run_machine(new_studio, examples=1500, steps=50)
