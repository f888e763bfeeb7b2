"""A state machine over the real executor, ledger and store: edits, losses, picks and pins.

The queue draws each picture once and remembers it. The planner's own machine, with far more
histories, is in `tests/plan/test_plan_machine.py`.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from scenegraph.errors import LedgerError, SceneError
from scenegraph.ledger import Take
from scenegraph.media import Clip, probe
from scenegraph.plan import Selection
from scenegraph.run import plan
from scenegraph.run.sheet import pick

Body = dict[str, Any]
MOST_SHOTS = 4
#: Every take is kept as it comes: what the ladder does about drift is another test's.
SCENE: Mapping[str, Any] = {
    "drift": {
        "on_drift": ["accept"],
        "rerolls": 0,
        "budgets": {"blur": 9.0, "blur_vs_keyframe": 9.0, "contrast": 9.0},
    }
}


def drawn_once(render: Callable[..., Clip], folder: Path) -> Callable[..., Clip]:
    """The same request gives the same file; it is drawn only the first time."""

    def remembered(
        kind: str, params: Mapping[str, Any], inputs: Mapping[str, Path], out: Path, **more: Any
    ) -> Clip:
        files = {role: sha256(path.read_bytes()).hexdigest() for role, path in inputs.items()}
        wish = {name: params.get(name) for name in ("seed", "num_frames", "frame_rate")}
        text = json.dumps([kind, wish, files], sort_keys=True)
        known = folder / f"{sha256(text.encode()).hexdigest()[:32]}.mp4"
        if not known.exists():
            render(kind, params, inputs, out, **more)
            shutil.copyfile(out, known)
            return probe(out)
        shutil.copyfile(known, out)
        return probe(out)

    return remembered


def machine_of(new_theatre: Callable[..., Any]) -> type[RuleBasedStateMachine]:
    class Film(RuleBasedStateMachine):
        """One scene as its makers change it, shoot it, and choose among its takes."""

        def __init__(self) -> None:
            super().__init__()
            self.house = new_theatre()
            self.named = 0
            self.shots: dict[str, Body] = {"a": {"kind": "t2v", "prompt": "the first of all"}}
            self.kept: dict[int, Take] = {}
            self.goes_wrong_at = 0
            self.save()

        def any_shot(self, data: st.DataObject, among: Any = None) -> str:
            return str(data.draw(st.sampled_from(sorted(among or self.shots)), label="shot"))

        def save(self, **more: Any) -> None:
            self.house.scene(self.shots, **{**SCENE, **more})

        # -- the scene file ----------------------------------------------------------------------

        @precondition(lambda self: len(self.shots) < MOST_SHOTS)
        @rule(data=st.data(), kind=st.sampled_from(["t2v", "i2v", "extend", "extend"]))
        def add(self, data: st.DataObject, kind: str) -> None:
            self.named += 1
            body: Body = {"kind": kind, "prompt": f"picture {self.named}"}
            if kind == "i2v":
                body["keyframe"] = "mara.front"
            if kind == "extend":
                body["parent"] = self.any_shot(data)
            self.shots[f"s{self.named}"] = body
            self.save()

        @rule(data=st.data(), word=st.integers(0, 1))
        def say_it_otherwise(self, data: st.DataObject, word: int) -> None:
            shot = self.any_shot(data)
            first = self.shots[shot]["prompt"].partition(", ")[0]
            self.shots[shot] = {**self.shots[shot], "prompt": f"{first}, {word}" if word else first}
            self.save()

        @rule(data=st.data(), seed=st.sampled_from([None, 1]))
        def name_a_seed(self, data: st.DataObject, seed: int | None) -> None:
            shot = self.any_shot(data)
            self.shots[shot] = {**self.shots[shot], "seed": seed}
            self.save()

        @rule(data=st.data())
        def rename_and_reorder(self, data: st.DataObject) -> None:
            old = self.any_shot(data)
            self.named += 1
            new = {id: f"s{self.named}" if id == old else id for id in self.shots}
            order = data.draw(st.permutations(list(self.shots)))
            self.shots = {
                new[id]: {
                    **self.shots[id],
                    **({"parent": new[p]} if (p := self.shots[id].get("parent")) else {}),
                }
                for id in order
            }
            self.save(reel={"frame_rate": 30})

        @precondition(lambda self: len(self.shots) > 1)
        @rule(data=st.data())
        def remove(self, data: st.DataObject) -> None:
            parents = {body.get("parent") for body in self.shots.values()}
            leaves = set(self.shots) - parents
            del self.shots[self.any_shot(data, among=leaves)]
            self.save()

        # -- what a person decides ---------------------------------------------------------------

        @rule(data=st.data(), and_pin=st.sampled_from([None, True, False]))
        def pick(self, data: st.DataObject, and_pin: bool | None) -> None:
            shot = self.any_shot(data)
            if not self.kept:  # nothing was shot yet: there is no ledger
                return
            takes = [take for take in self.house.takes(shot) if take.state.has_media]
            if not takes:
                return
            take = data.draw(st.sampled_from(takes), label="take")
            try:
                pick(self.house.file, shot, take.number, and_pin=and_pin)
            except LedgerError:
                assert any(one.pinned for one in takes if one.id != take.id)
            except SceneError:
                assert take.clip is None, "only what cannot be opened is refused"

        # -- shooting ----------------------------------------------------------------------------

        @rule(effect=st.sampled_from(["fail", "garbage"]))
        def something_goes_wrong_next(self, effect: str) -> None:
            if self.goes_wrong_at <= self.house.submits:
                self.goes_wrong_at = self.house.submits + 1
                more = {"type": "content_policy_violation"} if effect == "fail" else {}
                self.house.goes_wrong(effect=effect, submit=self.goes_wrong_at, **more)

        @rule(data=st.data(), how=st.sampled_from(["only", "force", "force_down", "takes"]))
        def run_some(self, data: st.DataObject, how: str) -> None:
            shot = self.any_shot(data)
            if how == "takes":
                self.shoot(Selection.of(only=shot, side_by_side={shot: 2}))
            else:
                self.shoot(Selection.of(**{how: shot}))

        @rule(fail_fast=st.booleans())
        def run_all(self, fail_fast: bool) -> None:
            went_well = self.shoot(Selection(), fail_fast=fail_fast)
            if went_well:
                again = self.house.run()
                assert again.submits == 0, "running twice shoots nothing"

        def shoot(self, selection: Selection, **more: Any) -> bool:
            """Run, held against the plan before it and the sheet after it."""
            planned = plan(self.house.file, backend="fal", selection=selection)
            before = self.house.submits
            result = self.house.run(selection=selection, as_planned=planned.plan_id, **more)
            went_well = not before < self.goes_wrong_at <= self.house.submits
            said = {shot.shot for shot in planned.shots if shot.will_shoot}
            asked = {shot.shot for shot in result.outcomes if shot.asked}
            assert asked <= said, "nothing is asked for that was not planned"
            if went_well:
                assert asked == said and result.submits == planned.submits
            self.no_take_is_lost()
            return went_well

        def no_take_is_lost(self) -> None:
            takes = {take.id: take for take in self.house.takes()}
            store = self.house.folder / ".scenegraph"
            for id, take in self.kept.items():
                now = takes[id]
                assert (now.number, now.key, now.setup) == (take.number, take.key, take.setup)
                assert (now.seed, now.sha256, now.usd) == (take.seed, take.sha256, take.usd)
                assert now.state.has_media and (now.circled or not take.pinned or not now.pinned)
            for take in takes.values():
                if take.state.has_media and take.id not in self.kept:
                    data = (store / take.media).read_bytes()
                    assert sha256(data).hexdigest() == take.sha256
                if take.state.has_media:
                    self.kept[take.id] = take

        def teardown(self) -> None:
            for take in self.kept.values():
                data = (self.house.folder / ".scenegraph" / take.media).read_bytes()
                assert sha256(data).hexdigest() == take.sha256
            self.house.queue.close()

    return Film


def run_machine(new_theatre: Callable[..., Any], render: Any, examples: int, steps: int) -> None:
    run_state_machine_as_test(
        machine_of(lambda: new_theatre(render=render)),
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.fixture
def render(tmp_path: Path, stages: Any) -> Callable[..., Clip]:
    folder = tmp_path / "drawn"
    folder.mkdir()
    return drawn_once(stages.small_render, folder)


@pytest.mark.ffmpeg
def test_any_history_runs_as_planned_and_loses_no_paid_take(
    new_theatre: Callable[..., Any], render: Any
) -> None:
    """Real runs on a real ledger: as planned, nothing twice, and every paid file stays."""
    run_machine(new_theatre, render, examples=8, steps=10)


@pytest.mark.long
@pytest.mark.ffmpeg
def test_any_long_history_runs_as_planned_and_loses_no_paid_take(
    new_theatre: Callable[..., Any], render: Any
) -> None:
    """The same with many more histories, and longer ones."""
    run_machine(new_theatre, render, examples=60, steps=25)
