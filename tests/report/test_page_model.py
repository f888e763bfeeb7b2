"""What the page says, before it is laid out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from scenegraph.ledger import QueueUrls
from scenegraph.report import Page, build_page, gather

pytestmark = pytest.mark.ffmpeg


def page_of(film: Any) -> Page:
    return build_page(gather(film.scene, film.plan, film.ledger))


def standings(film: Any) -> dict[str, str]:
    return {shot.id: shot.standing for shot in page_of(film).shots}


def test_every_shot_stands_as_what_happened_to_it(film: Any) -> None:
    """Colours in the graph and words in the list come from this one answer."""
    assert standings(film) == {
        "platform": "kept",
        "mara-waits": "kept",
        "mara-listens.1": "kept",
        "mara-listens.2": "drifted",
        "mara-turns": "kept",
        "stranger": "lost",
        "stranger-nods": "blocked",
    }


def test_a_shot_behind_one_that_is_merely_waiting_is_not_blocked(
    new_film: Callable[[], Any],
) -> None:
    """Nothing was lost, so nothing may look lost: the harmless case of the one above."""
    assert set(standings(new_film()).values()) == {"todo"}


@pytest.mark.parametrize(
    ("action", "standing", "word", "command"),
    [
        ("ask", "asking", "A decision is needed", "takes night-train.yaml platform"),
        ("stale", "stale", "Under way", "run night-train.yaml"),
        ("reattach", "queued", "Still shooting", "run night-train.yaml"),
        ("shoot", "todo", "Not shot yet", "run night-train.yaml"),
    ],
)
def test_the_headline_follows_the_worst_shot(
    new_film: Callable[[], Any], action: str, standing: str, word: str, command: str
) -> None:
    """A person's decision comes before everything that would go on by itself."""
    film = new_film()
    film.planned("platform", action=action)
    page = page_of(film)
    assert page.shots[0].standing == standing
    assert page.headline.word == word
    assert page.headline.command == f"scenegraph {command}"


def test_a_request_of_unknown_fate_asks_for_a_person(film: Any) -> None:
    """It may be running and billed; nobody but a person may say what happens to it."""
    take = film.ledger.memory(film.scene.name).takes["stranger"][-1]
    urls = QueueUrls("http://127.0.0.1/s", "http://127.0.0.1/r", "http://127.0.0.1/c")
    film.ledger.submitted(take.id, "request-2", urls)
    film.ledger.unknown(take.id, {"message": "The line went dead.", "next": "Look it up."})
    headline = page_of(film).headline
    assert headline.word == "A decision is needed"
    assert headline.command == "scenegraph resolve night-train.yaml stranger --attach REQUEST_ID"
    assert headline.losses[0].why == "The line went dead."
    assert headline.losses[0].waits == ("stranger-nods",)


def test_a_whole_scene_is_done_and_has_no_next_command(film: Any) -> None:
    """Nothing is left to do; the drifted take that was kept is named all the same."""
    kept = tuple(shot for shot in film.plan.shots if not shot.shot.startswith("stranger"))
    film.plan = replace(film.plan, shots=kept, usd=Decimal(0))
    headline = page_of(film).headline
    assert headline.word == "Done"
    assert headline.command is None
    assert "mara-listens.2 is over a drift budget" in headline.sentence
    film.planned("mara-turns", action="stale")
    stale = page_of(film).headline
    assert stale.word == "Done"
    assert "mara-turns is kept, but made from something older" in stale.sentence
    assert stale.command == "scenegraph rerun night-train.yaml mara-turns"


def test_drift_is_one_line_along_hops_and_re_anchors(film: Any) -> None:
    """The camera rolls on through a re-anchor, so its line does too: up, over, and back."""
    (chain,) = page_of(film).chains
    assert chain.shots == ("mara-waits", "mara-listens.1", "mara-listens.2", "mara-turns")
    assert chain.marks == ("start", "hop", "hop", "anchor")
    (aspect,) = chain.aspects
    (line,) = aspect.lines
    assert chain.calm == ()
    assert (aspect.name, line.against) == ("saturation", "parent")
    assert line.shares == pytest.approx((0.02 / 0.22, 0.5, 0.31 / 0.22, 0.03 / 0.22))
    assert line.over
    assert chain.not_measured == (("identity", "no face model is installed"),)


def test_cuts_show_the_frames_that_meet_and_the_motion_around_them(film: Any) -> None:
    """Why a cut is where it is: the two frames, the curve, the point that was taken."""
    cuts = page_of(film).cuts
    assert [(cut.before, cut.after) for cut in cuts][:2] == [
        ("platform", "mara-waits"),
        ("mara-waits", "mara-listens.1"),
    ]
    hop = cuts[1]
    assert hop.last is not None and hop.last.frame == 20
    assert hop.first is not None and hop.first.frame == 9
    assert hop.curve_before is not None and hop.curve_before.chosen == 20
    assert hop.curve_before.first == 0 and len(hop.curve_before.values) == 24
    assert hop.curve_before.alternatives == (18, 22)
    assert hop.curve_after is not None and hop.curve_after.alternatives == (2, 3)
    assert hop.tail_handle == 3
    assert "repeats 9 frames" in hop.seam
    assert cuts[0].seam == ""


def test_pictures_of_a_hop_leave_out_what_repeats_its_parent(film: Any) -> None:
    """The first frame of an extend answer is its parent's; the first new one tells something."""
    hop = page_of(film).shots[2]
    assert [picture.frame for picture in hop.pictures] == [9, 14, 20]


def test_prompt_and_request_are_those_that_were_sent(film: Any) -> None:
    """The scene may have changed since; the page shows what the picture was made from."""
    shot = page_of(film).shots[1]
    assert shot.prompt == "The prompt of mara-waits, as it was sent."
    assert '"num_frames": 121' in shot.request
    assert shot.seed == 4711


def test_attempts_are_told_with_their_times(film: Any) -> None:
    """A lost attempt keeps what is known of it: when it was asked, and why it was lost."""
    lost = next(shot for shot in page_of(film).shots if shot.id == "stranger")
    (take,) = lost.takes
    assert [step.name for step in take.moments] == ["written down", "asked"]
    assert take.why.startswith("The model stopped")
    assert lost.trouble.endswith("Run again; nothing was charged.")


def test_a_rejected_take_says_why(film: Any) -> None:
    """The reason is given once, by a person or a remedy, and lives in the ledger's events."""
    first = film.ledger.memory(film.scene.name).takes["platform"][0]
    film.ledger.reject(first.id, "the lamp flickers")
    assert page_of(film).shots[0].takes[0].why == "the lamp flickers"


def test_takes_of_another_engine_do_not_make_a_shot_lost(film: Any) -> None:
    """A failed preview says nothing about the paid shot: the engine is part of every key."""
    film.plan = replace(film.plan, backend="fal")
    assert standings(film)["stranger"] == "todo"
