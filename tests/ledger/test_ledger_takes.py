"""The ledger's promises about takes: durable, in order, never overwritten."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenegraph.errors import LedgerError
from scenegraph.ledger import (
    Amendment,
    BestFrame,
    Intent,
    JobClaimed,
    Ledger,
    Measure,
    Money,
    Overlap,
    QueueUrls,
    Review,
    State,
    is_legal,
)
from scenegraph.ledger.moves import NEXT
from scenegraph.media.clip import Clip

URLS = QueueUrls("https://q/s", "https://q/r", "https://q/c")
NO_CLIP = f"media/00/{'0' * 64}.mp4"
ERROR = {"kind": "refused", "message": "no", "next": "change it"}


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with Ledger.open(tmp_path / "store") as opened:
        yield opened


def intent(shot: str = "mara", **changes: Any) -> Intent:
    values: dict[str, Any] = {
        "scene": "night-train",
        "shot": shot,
        "key": f"key-{shot}",
        "setup": f"setup-{shot}",
        "parts": {"params": {"prompt": "a kitchen, at night – “quiet”", "seed": 7}},
        "engine": "fal",
        "endpoint": "fal-ai/x",
        "seed": 2**31 - 1,
        "params": {"prompt": "a kitchen"},
        "usd_estimate": Decimal("0.1008"),
        "billed": True,
    }
    return Intent(**(values | changes))


def kept(ledger: Ledger, data: bytes = b"film", **changes: Any) -> int:
    """A take that came back, was looked at and was found good."""
    take = ledger.intend(intent(**changes))
    ledger.submitted(take.id, f"request-{take.id}", URLS)
    ledger.answered(take.id, {"video": {"url": "https://m/1.mp4"}}, Decimal("0.1"))
    stored = ledger.store.put_bytes(data, ".mp4")
    clip = Clip(path=Path("x"), frames=121, rate=Fraction(24), width=1280, height=720)
    ledger.fetched(take.id, stored.sha256, stored.media, clip)
    ledger.reviewed(take.id, Review(verdict="good", score=0.25))
    return take.id


def test_a_take_comes_back_as_it_was_written(ledger: Ledger) -> None:
    """What was asked and what came back must survive the process that asked."""
    number = kept(ledger)
    ledger.circle(number)
    take = ledger.memory("night-train").circled("mara")
    assert take is not None
    assert (take.number, take.slate) == (1, "night-train/mara/t1")
    assert take.parts == intent().parts
    assert take.seed == 2**31 - 1
    assert (take.usd_estimate, take.usd) == (Decimal("0.1008"), Decimal("0.1"))
    assert take.urls == URLS
    assert take.answer == {"video": {"url": "https://m/1.mp4"}}
    assert take.clip is not None
    assert take.clip.frames == 121
    assert take.clip.path.read_bytes() == b"film"
    assert (take.verdict, take.score, take.state) == ("good", 0.25, State.CIRCLED)
    assert take == ledger.take(number)


def test_intend_answers_with_the_take_it_wrote(ledger: Ledger) -> None:
    """It is not read back; it must be the same all the same."""
    take = ledger.intend(intent())
    assert take == ledger.take(take.id)


def test_takes_are_numbered_within_their_shot(ledger: Ledger) -> None:
    shots = ("a", "a", "b", "a")
    numbers = [ledger.intend(intent(shot, key=str(n))).number for n, shot in enumerate(shots)]
    assert numbers == [1, 2, 1, 3]
    assert ledger.memory("night-train").next_number("a") == 4


def test_the_same_paid_job_is_not_intended_twice(ledger: Ledger) -> None:
    """While one is out, whoever wants the same is told; when it has ended, it may be asked for."""
    first = ledger.intend(intent("a", key="same"))
    with pytest.raises(JobClaimed) as caught:
        ledger.intend(intent("b", key="same", scene="day-train"))
    assert caught.value.take == first.id
    assert ledger.memory("day-train").claim("same") == first
    ledger.lost(first.id, {"kind": "job-failed"})
    assert ledger.intend(intent("b", key="same", scene="day-train")).number == 1
    home = kept(ledger, shot="e", key="home")
    with pytest.raises(JobClaimed):  # it came home after this one was planned
        ledger.intend(intent("f", key="home", seen=home - 1))
    assert ledger.intend(intent("f", key="home", seen=home)).number == 1
    free = [ledger.intend(intent(s, key="free", billed=False)).number for s in ("c", "d")]
    assert free == [1, 1]


STEPS: dict[State, Any] = {
    State.SUBMITTED: lambda ledger, id: ledger.submitted(id, "r", URLS),
    State.ANSWERED: lambda ledger, id: ledger.answered(id, {}, Decimal(0)),
    State.FETCHED: lambda ledger, id: ledger.fetched(
        id, "0" * 64, f"media/00/{'0' * 64}.mp4", None
    ),
    State.REVIEWED: lambda ledger, id: ledger.reviewed(id, Review(verdict="good")),
    State.CIRCLED: lambda ledger, id: ledger.circle(id),
    State.REJECTED: lambda ledger, id: ledger.reject(id, "no"),
    State.REFUSED: lambda ledger, id: ledger.refused(id, ERROR),
    State.UNKNOWN: lambda ledger, id: ledger.unknown(id, ERROR),
    State.LOST: lambda ledger, id: ledger.lost(id, ERROR),
    State.COLLECTED: lambda ledger, id: ledger.collected(id),
}
PATHS: dict[State, tuple[State, ...]] = {
    State.INTENDED: (),
    State.SUBMITTED: (State.SUBMITTED,),
    State.ANSWERED: (State.SUBMITTED, State.ANSWERED),
    State.FETCHED: (State.SUBMITTED, State.ANSWERED, State.FETCHED),
    State.REFUSED: (State.REFUSED,),
    State.UNKNOWN: (State.UNKNOWN,),
    State.LOST: (State.LOST,),
}
PATHS[State.REVIEWED] = (*PATHS[State.FETCHED], State.REVIEWED)
PATHS[State.CIRCLED] = (*PATHS[State.REVIEWED], State.CIRCLED)
PATHS[State.REJECTED] = (*PATHS[State.REVIEWED], State.REJECTED)
PATHS[State.COLLECTED] = (*PATHS[State.REVIEWED], State.COLLECTED)
#: Asking for these again changes no state: looking again, and circling what is circled.
AGAIN = {
    (State.REVIEWED, State.REVIEWED),
    (State.CIRCLED, State.REVIEWED),
    (State.REJECTED, State.REVIEWED),
    (State.CIRCLED, State.CIRCLED),
}


@pytest.mark.parametrize("was", State)
@pytest.mark.parametrize("now", STEPS)
def test_only_legal_steps_are_written(ledger: Ledger, was: State, now: State) -> None:
    """Every pair of states: a legal step is taken, any other is refused and changes nothing."""
    take = ledger.intend(intent())
    for step in PATHS[was]:
        STEPS[step](ledger, take.id)
    before = len(ledger.events(take=take.id))
    if (was, now) in AGAIN:
        STEPS[now](ledger, take.id)
        assert ledger.take(take.id).state is was
    elif is_legal(was, now):
        STEPS[now](ledger, take.id)
        assert ledger.take(take.id).state is now
    else:
        with pytest.raises(LedgerError):
            STEPS[now](ledger, take.id)
        assert ledger.take(take.id).state is was
        assert len(ledger.events(take=take.id)) == before


def test_every_step_is_an_event_with_its_time(tmp_path: Path) -> None:
    """The row shows where a take is; the events show how it came there."""
    ticks = iter(range(1000))
    with Ledger.open(tmp_path, clock=lambda: float(next(ticks))) as ledger:
        number = kept(ledger)
        ledger.circle(number)
        events = ledger.events(take=number)
    assert [event["name"] for event in events] == [
        "take.intended",
        "take.submitted",
        "take.answered",
        "take.fetched",
        "take.reviewed",
        "take.circled",
    ]
    times = [event["at"] for event in events]
    assert times == sorted(times)
    assert len(set(times)) == len(times)


def test_circling_another_take_unseats_the_first_and_keeps_it(ledger: Ledger) -> None:
    """`pick` goes back and forth for nothing; no take is lost by it."""
    first, second = kept(ledger), kept(ledger, b"other")
    ledger.circle(first)
    ledger.circle(second)
    assert [t.state for t in ledger.memory("night-train").of_shot("mara")] == [
        State.REVIEWED,
        State.CIRCLED,
    ]
    ledger.circle(first)
    assert [t.circled for t in ledger.memory("night-train").of_shot("mara")] == [True, False]


def test_a_pinned_take_is_not_unseated(ledger: Ledger) -> None:
    """Approved by a person: no code may put another in its place."""
    first, second = kept(ledger), kept(ledger, b"other")
    ledger.circle(first)
    ledger.pin(first)
    with pytest.raises(LedgerError, match="pinned"):
        ledger.circle(second)
    assert ledger.take(first).pinned
    ledger.unpin(first)
    ledger.circle(second)
    assert ledger.take(second).circled


def test_only_a_circled_take_can_be_pinned(ledger: Ledger) -> None:
    number = kept(ledger)
    with pytest.raises(LedgerError, match="circled"):
        ledger.pin(number)


def test_adopting_gives_a_take_for_nothing(ledger: Ledger) -> None:
    """The same job in another scene of the store is not paid for again."""
    source = ledger.take(kept(ledger))
    taken = ledger.adopt(intent("walk", scene="day-train", seed=3), source)
    assert (taken.scene, taken.shot, taken.number) == ("day-train", "walk", 1)
    assert (taken.key, taken.seed, taken.sha256) == (source.key, source.seed, source.sha256)
    assert (taken.usd, taken.billed, taken.adopted_from) == (Decimal(0), False, source.id)
    assert taken.state is State.REVIEWED
    assert taken == ledger.take(taken.id)
    ledger.circle(taken.id)
    assert ledger.money() == Money(spent=Decimal("0.1"))


def test_the_best_frame_is_chosen_at_the_first_look_and_goes_with_the_picture(
    ledger: Ledger,
) -> None:
    """A shot may be made of it: neither another look nor another name moves it."""
    take = ledger.intend(intent())
    ledger.submitted(take.id, "r", URLS)
    ledger.answered(take.id, {}, Decimal("0.1"))
    ledger.fetched(take.id, "0" * 64, NO_CLIP, None)
    assert ledger.take(take.id).best_frame is None
    ledger.reviewed(take.id, Review(verdict="good", best=BestFrame(47, "the sharpest")))
    ledger.reviewed(take.id, Review(verdict="good", best=BestFrame(12, "another rule")))
    assert ledger.take(take.id).best_frame == 47
    assert ledger.memory("night-train").of_shot("mara")[0].best_frame == 47
    assert ledger.adopt(intent("ivo"), ledger.take(take.id)).best_frame == 47
    at_once = ledger.intend(intent("theo"))  # looked at and circled in one step, as most takes are
    ledger.submitted(at_once.id, "r", URLS)
    ledger.answered(at_once.id, {}, Decimal("0.1"))
    ledger.fetched(at_once.id, "1" * 64, NO_CLIP, None)
    kept = ledger.kept(at_once.id, Review(verdict="good", best=BestFrame(5, "calm")))
    assert kept.best_frame == ledger.take(at_once.id).best_frame == 5


def test_adopting_needs_a_picture(ledger: Ledger) -> None:
    empty = ledger.intend(intent())
    with pytest.raises(LedgerError, match="no picture"):
        ledger.adopt(intent("walk"), empty)
    assert ledger.memory("night-train").of_shot("walk") == ()


def test_a_key_is_found_in_any_scene_but_not_when_rejected(ledger: Ledger) -> None:
    number = kept(ledger)
    assert ledger.memory("day-train").by_key("key-mara") == ledger.take(number)
    assert ledger.memory("night-train").by_key("key-mara") == ledger.take(number)
    assert ledger.memory("day-train").takes == {}
    ledger.reject(number, "blurred")
    assert ledger.memory("day-train").by_key("key-mara") is None
    assert ledger.memory("night-train").by_key("key-mara") is None


def test_money_is_reserved_until_it_is_settled(ledger: Ledger) -> None:
    """What is asked for counts before it is billed; what cannot come any more counts no longer."""
    a, b, c, d = (ledger.intend(intent(shot)).id for shot in "abcd")
    ledger.intend(intent("free", billed=False, engine="animatic"))
    assert ledger.money() == Money(reserved=Decimal("0.4032"))
    ledger.submitted(a, "r", URLS)
    ledger.unknown(b, ERROR)
    ledger.refused(c, ERROR)
    ledger.lost(d, ERROR, usd=Decimal("0.05"))
    assert ledger.money("night-train") == Money(Decimal("0.05"), Decimal("0.2016"))
    ledger.answered(a, {}, Decimal("0.08"))
    assert ledger.money("night-train") == Money(Decimal("0.13"), Decimal("0.1008"))
    assert ledger.money("other") == Money()


def test_money_can_be_asked_for_one_run(ledger: Ledger) -> None:
    run = ledger.begin_run("night-train", "fal", "first")
    ledger.intend(intent("a", run=run))
    ledger.intend(intent("b"))
    assert ledger.money(run=run).reserved == Decimal("0.1008")
    ledger.end_run(run, {"submits": 1})
    assert ledger.runs("night-train")[0]["outcome"] == {"submits": 1}


def test_a_take_of_an_unknown_run_is_refused(ledger: Ledger) -> None:
    """Foreign keys are on: a row that hangs on nothing is a bug that must show."""
    with pytest.raises(LedgerError):
        ledger.intend(intent(run=99))


def test_amendments_come_back_in_order_and_undo_voids_those_before(ledger: Ledger) -> None:
    for kind in ("reroll", "undo", "tune"):
        written = ledger.amend(
            "night-train", Amendment(shot="mara", kind=kind, reason="drift", values={"n": 1})
        )
        assert written.id is not None
    memory = ledger.memory("night-train")
    assert [a.kind for a in memory.amendments] == ["reroll", "undo", "tune"]
    assert [a.kind for a in memory.amended("mara")] == ["tune"]
    assert memory.amended("mara")[0].values == {"n": 1}
    assert ledger.memory("other").amendments == ()


def test_an_upload_is_remembered_while_it_lives(tmp_path: Path) -> None:
    now = 100.0
    with Ledger.open(tmp_path, clock=lambda: now) as ledger:
        ledger.remember_upload("ab", "fal", "https://m/1", expires_at=150.0)
        assert ledger.find_upload("ab", "fal") == "https://m/1"
        assert ledger.find_upload("ab", "animatic") is None
        now = 151.0
        assert ledger.find_upload("ab", "fal") is None
        ledger.remember_upload("ab", "fal", "https://m/2")
        assert ledger.find_upload("ab", "fal") == "https://m/2"


def test_a_review_keeps_its_series_and_prints(ledger: Ledger) -> None:
    """Cutting and replay read them back, frame by frame."""
    take = ledger.intend(intent())
    for step in PATHS[State.FETCHED]:
        STEPS[step](ledger, take.id)
    review = Review(
        verdict="drifted",
        reasons=("colour",),
        score=1.5,
        overlap=Overlap(65, 56, 0, 0.9),
        measures={"hue": Measure(6.0, 4.0, "degrees", 80)},
        clip={"frames": 121},
        series={"calmness": np.linspace(0, 1, 121, dtype=np.float32)},
        prints=np.ones((121, 1024), np.float16),
    )
    ledger.reviewed(take.id, review)
    found = ledger.review_of(take.id)
    assert found == review
    assert found is not None
    assert found.prints is not None
    np.testing.assert_array_equal(found.series["calmness"], review.series["calmness"])
    assert found.prints.dtype == np.float16
    assert ledger.take(take.id).verdict == "drifted"


def test_a_damaged_sheet_is_a_sentence(ledger: Ledger) -> None:
    number = kept(ledger)
    series = {"calmness": np.ones(3, np.float32)}
    ledger.reviewed(number, Review(verdict="good", series=series))
    sheet = next((ledger.store.root / "media").glob("*/*.npz"))
    sheet.write_bytes(b"nothing")
    with pytest.raises(LedgerError, match="cannot be read"):
        ledger.review_of(number)


def test_reels_are_kept_with_their_edit_list(ledger: Ledger) -> None:
    ledger.save_reel("night-train", {"frames": 240}, "out/reel.mp4", facts={"partial": False})
    reel = ledger.reels("night-train")[0]
    assert (reel["timeline"], reel["path"]) == ({"frames": 240}, "out/reel.mp4")
    assert reel["facts"] == {"partial": False}


def test_a_dead_runs_intents_are_settled(ledger: Ledger) -> None:
    """A billed one may have left, so a person decides; a free one is only lost."""
    ledger.intend(intent("billed"))
    ledger.intend(intent("free", billed=False, engine="animatic"))
    swept = {take.shot: take.state for take in ledger.sweep("night-train")}
    assert swept == {"billed": State.UNKNOWN, "free": State.LOST}
    assert ledger.sweep("night-train") == ()


def test_one_shot_read_anew_is_as_the_whole_read_anew(ledger: Ledger) -> None:
    """A run looks again at the one shot that changed: in a long reel the whole takes too long."""
    kept(ledger, b"one", shot="mara")
    kept(ledger, b"two", shot="train")
    before = ledger.memory("night-train")
    again = kept(ledger, b"three", shot="mara", key="key-other")
    note = Amendment(shot="mara", kind="reroll", reason="colour", take=again)
    ledger.amend("night-train", note)
    now = before.with_shot("mara", *ledger.of_shot("night-train", "mara"))
    whole = ledger.memory("night-train")
    assert now != before and now == whole
    assert now.circled("mara") == whole.circled("mara")
    assert now.by_key("key-other") == whole.by_key("key-other")
    assert now.amended("mara") == whole.amended("mara")
    assert (now.next_number("mara"), now.next_number("train")) == (3, 2)


def test_a_step_answers_with_the_take_as_it_is_on_the_disk(ledger: Ledger) -> None:
    """What a run goes on with is what the next run will find."""
    take = ledger.intend(intent())
    clip = Clip(path=Path("x"), frames=25, rate=Fraction(24), width=64, height=48)
    for step in (
        lambda: ledger.submitted(take.id, "r-1", URLS),
        lambda: ledger.answered(take.id, {"video": {"url": "https://q/v.mp4"}}, Decimal("0.1")),
        lambda: ledger.fetched(take.id, "0" * 64, NO_CLIP, clip),
        lambda: (
            ledger.reviewed(take.id, Review(verdict="good", score=0.5)) or ledger.circle(take.id)
        ),
    ):
        assert step() == ledger.take(take.id)
    assert ledger.take(take.id).state is State.CIRCLED


def test_every_state_can_be_left_or_is_an_end() -> None:
    """Final are a refusal and a removed file; all else can be collected, resolved or picked."""
    assert [state for state in State if not NEXT[state]] == [State.REFUSED, State.COLLECTED]


def test_a_take_that_is_moved_on_in_hand_is_what_the_ledger_would_give(ledger: Ledger) -> None:
    """A run carries its takes along and does not read them back; both must always say the same."""
    take = ledger.intend(intent())
    assert take == ledger.take(take.id)
    take = ledger.submitted(take.id, "request-1", URLS, known=take)
    assert take == ledger.take(take.id)
    answer = {"video": {"url": "https://m/1.mp4"}, "seed": 7, "timings": {"inference": 1.5}}
    take = ledger.answered(take.id, answer, Decimal("0.12345"), known=take)
    assert take == ledger.take(take.id)
    stored = ledger.store.put_bytes(b"film", ".mp4")
    path = ledger.store.path(stored.media)
    clip = Clip(path=path, frames=121, rate=Fraction(24000, 1001), width=1280, height=720)
    clip = replace(clip, start_s=1 / 3, warnings=("wrong-frames (121, not 97)",))
    take = ledger.fetched(take.id, stored.sha256, stored.media, clip, known=take)
    assert take == ledger.take(take.id)
    take = ledger.kept(take.id, Review(verdict="good", score=1 / 3), known=take)
    assert take.circled and take == ledger.take(take.id)
    other = ledger.intend(intent())
    ledger.unknown(other.id, ERROR)
    attached = ledger.submitted(other.id, "request-2", URLS, known=ledger.take(other.id))
    assert attached == ledger.take(other.id) and attached.error is None
    unsettled = ledger.answered(other.id, {}, None, known=attached)
    broken = ledger.fetched(other.id, stored.sha256, stored.media, None, known=unsettled)
    assert broken == ledger.take(other.id)
    assert [event["name"] for event in ledger.events(take=take.id)] == [
        f"take.{state}"
        for state in ("intended", "submitted", "answered", "fetched", "reviewed", "circled")
    ]
