"""Rows of a storyboard become shots; what cannot be one is told by its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from scenegraph.errors import Problem, SceneInvalid, did_you_mean
from scenegraph.scene import (
    CANONICAL_KEYFRAMES,
    ExtendShot,
    FrameOf,
    ImageShot,
    MotionShot,
    Prompt,
    Shot,
    TextShot,
    free_name,
)
from workflows.casting import People
from workflows.craft import LONGEST_HOP_S, even_hops, id_of, still_name
from workflows.tables import Row

#: Every column, and what it is for.
COLUMNS: Mapping[str, str] = {
    "beat": "what happens: one simple action",
    "who": "a character; empty for a place or a thing",
    "framing": "close-up, medium shot …",
    "seconds": "how long; more than 6 becomes a shot and hops",
    "shot": "an id; without it one is made of who and beat",
    "setting": "where; empty: as in the row above, `-`: not said",
    "camera": "how it moves",
    "lighting": "light and mood; empty: as in the row above, `-`: not said",
    "keyframe": "which still of who; or `best of SHOT`, `first of SHOT`, `last of SHOT`",
    "kind": "t2v, i2v, extend or multicondition, where it is not clear by the others",
    "motion": "a motion to follow: its name, or a clip's file",
    "continue": "yes: the camera keeps rolling from the row above",
    "notes": "for people",
}
YES, NO = ("yes", "y", "true", "x", "1"), ("no", "n", "false", "0", "-")
KINDS = ("t2v", "i2v", "extend", "multicondition")
STEADY = "steady, no zoom"
#: Left out of ids.
SMALL_WORDS = re.compile(
    r"a|an|and|at|but|by|does|for|from|he|her|his|in|is|it|its|not|of|on|or|she|that|the|their"
    r"|they|this|to|very|with",
    re.IGNORECASE,
)


class Writer:
    """Rows in, shots out; what cannot be a shot is told by its place."""

    def __init__(self, people: People, seconds: float, camera: str, rate: int) -> None:
        self.people, self.seconds, self.camera, self.rate = people, seconds, camera, rate
        self.shots: list[Shot] = []
        self.before: Row | None = None
        #: Who is in the chain that the last row belongs to.
        self.who: str | None = None
        self.last = ""
        self.carried: dict[str, str | None] = {}

    def add(self, row: Row) -> Iterator[Problem]:
        before, self.before = self.before, row
        wrong = False
        for problem in self._wrong(row, before):
            wrong = True
            yield problem
        for column in ("setting", "lighting"):
            if row.text(column) is not None:
                self.carried[column] = None if row.text(column) == "-" else row.text(column)
        goes_on = _is_yes(row.text("continue")) or row.text("kind") == "extend"
        self.who = self.who if goes_on and before is not None else row.text("who")
        if wrong:
            self.last = self.last or "unknown"
            return
        try:
            self._write(row, goes_on)
        except SceneInvalid as error:
            yield Problem(f"This row makes no shot: {error.message}", row.where, error.next)

    def _wrong(self, row: Row, before: Row | None) -> Iterator[Problem]:
        people, text = self.people, row.text

        def problem(column: str, message: str, expected: str = "", kind: str = "wrong") -> Problem:
            return Problem(message, row.place(column), expected, kind)

        if text("beat") is None:
            yield problem("beat", "This row has no beat.", "Say what happens in it.", "missing")
        seconds = text("seconds")
        if seconds is not None and not 0 < _seconds(seconds) <= 600:
            message = f"`seconds` is {seconds!r}; it must be a number of more than 0, up to 600."
            yield problem("seconds", message, "", "out-of-range")
        flag = text("continue")
        if flag is not None and flag.lower() not in (*YES, *NO):
            yield problem("continue", f"`continue` is {flag!r}; it is yes or no.")
        kind = text("kind")
        if kind is not None and kind not in KINDS:
            message = f"There is no kind {kind!r}.{did_you_mean(kind, KINDS)}"
            yield problem("kind", message, f"Kinds: {', '.join(KINDS)}.", "unknown-kind")
        id = text("shot")
        if id is not None and id != id_of(id):
            message = f"{id!r} is no id of a shot."
            yield problem("shot", message, f"Such as {id_of(id)!r}.", "bad-id")
        elif id is not None and id in {shot.id for shot in self.shots}:
            yield problem("shot", f"Two rows have the id {id!r}.", "Rename one.", "given-twice")
        yield from self._wrong_names(row)
        goes_on = _is_yes(flag) or kind == "extend"
        who = text("who")
        if goes_on and before is None:
            yield problem("continue", "There is no row above to go on from.", "Leave it empty.")
        elif goes_on and who is not None and who != self.who and who in people.characters:
            seen = f"on {self.who!r}" if self.who else "on a place"
            message = f"The camera keeps rolling {seen}; {who!r} needs a shot of their own."
            yield problem("continue", message, "Leave `continue` empty.")
        shows = (
            who is not None or text("keyframe") is not None or (goes_on and self.who is not None)
        )
        if kind == "t2v" and (goes_on or text("keyframe") or text("motion")):
            message = "A t2v is made from words alone: it starts from no row, still or motion."
            yield problem("kind", message)
        elif not shows and (kind in ("i2v", "multicondition") or text("motion")):
            message = "This row needs a character: its picture starts from a still."
            yield problem("who", message, "Fill in `who`.", "missing")

    def _wrong_names(self, row: Row) -> Iterator[Problem]:
        """Characters, stills and motions that there are not."""
        people = self.people
        who, still, motion = row.text("who"), row.text("keyframe"), row.text("motion")
        one = people.characters.get(who or "")
        if who is not None and one is None:
            there = ", ".join(people.characters)
            expected = f"Characters here: {there}." if there else "Give `stills` or a `cast`."
            message = f"There is no character {who!r}.{did_you_mean(who, people.characters)}"
            yield Problem(message, row.place("who"), expected, "unknown-character")
        elif one is not None and not one.keyframes and row.text("kind") != "t2v":
            message = f"{who!r} has no still to start from."
            yield Problem(message, row.place("who"), "Give `stills`.", "missing-keyframe")
        if still is not None and (frame := _frame_of(still)) is not None:
            ids = [shot.id for shot in self.shots]
            if frame.shot not in ids:
                message = f"There is no shot {frame.shot!r} above.{did_you_mean(frame.shot, ids)}"
                yield Problem(message, row.place("keyframe"), "", "unknown-shot")
        elif still is not None and one is not None and still not in one.keyframes:
            message = f"{who!r} has no still {still!r}.{did_you_mean(still, one.keyframes)}"
            expected = f"Stills of {who}: {', '.join(one.keyframes)}."
            yield Problem(message, row.place("keyframe"), expected, "unknown-keyframe")
        elif still is not None and who is None:
            message = f"Whose still is {still!r}?"
            yield Problem(message, row.place("keyframe"), "Fill in `who`.", "missing")
        if motion is not None and people.motion(motion) is None:
            message = f"There is no motion {motion!r}.{did_you_mean(motion, people.motions)}"
            there = ", ".join(people.motions)
            expected = f"Motions here: {there}." if there else "Give `motions`, or a clip's file."
            yield Problem(message, row.place("motion"), expected, "unknown-motion")

    def _write(self, row: Row, goes_on: bool) -> None:
        text = row.text
        told = text("seconds")
        seconds = self.seconds if told is None else _seconds(told)
        first = seconds if seconds <= LONGEST_HOP_S + 1 else LONGEST_HOP_S
        who = self.who
        one = self.people.characters.get(who or "")
        subject = who if one is not None and one.look else None
        if who is not None:
            self.people.seen.add(who)
        motion = self.people.motion(text("motion") or "") if text("motion") else None
        kind = text("kind") or (
            "multicondition"
            if motion
            else "extend"
            if goes_on
            else "i2v"
            if self._still(row)
            else "t2v"
        )
        common: dict[str, Any] = {
            "id": text("shot") or self._id(row),
            "seconds": first,
            "notes": text("notes"),
        }
        beat, camera = text("beat"), text("camera")
        whole = Prompt(
            framing=text("framing"),
            subject=subject,
            setting=self.carried.get("setting"),
            action=beat,
            camera=camera or self.camera,
            lighting=self.carried.get("lighting"),
        )
        directed = Prompt(framing=text("framing"), subject=subject, action=beat, camera=camera)
        rolls = Prompt(subject=subject, action=beat, camera=camera or STEADY)
        shot: Shot
        match kind:
            case "extend":
                hops, each = even_hops(seconds, self.rate) if first < seconds else (1, first)
                length = {"hops": hops, "seconds": each}
                shot = ExtendShot(**{**common, **length}, parent=self.last, prompt=rolls)
            case "multicondition":
                parent = self.last if goes_on else None
                still = self._still(row) or self._main_still(row)
                shot = MotionShot(
                    **common, keyframe=still, motion=motion, parent=parent, prompt=directed
                )
            case "t2v":
                shot = TextShot(**common, prompt=whole)
            case _:
                still = self._still(row) or self._main_still(row)
                shot = ImageShot(**common, keyframe=still, prompt=whole)
        self.shots.append(shot)
        self.last = shot.id
        if first < seconds and kind != "extend":
            hops, each = even_hops(seconds - first, self.rate)
            id = free_name(f"{shot.id}-goes-on", {shot.id for shot in self.shots})
            prompt = rolls.model_copy(update={"camera": STEADY})
            self.shots.append(
                ExtendShot(id=id, parent=shot.id, hops=hops, seconds=each, prompt=prompt)
            )
            self.last = id

    def _still(self, row: Row) -> str | FrameOf | None:
        """What the row itself starts from."""
        named = row.text("keyframe")
        if named is not None and (frame := _frame_of(named)) is not None:
            return frame
        return self._main_still(row) if row.text("who") else None

    def _main_still(self, row: Row) -> str:
        """The still that is named, or the one that goes best with the framing."""
        who = self.who or ""
        stills = self.people.characters[who].keyframes
        key = row.text("keyframe") or _still_for(row.text("framing") or "", stills)
        return f"{who}.{key}"

    def _id(self, row: Row) -> str:
        """Of who and the beat's first words, so that a row put in between renames no other."""
        words = re.sub(r"[^\w\s]", "", row.text("beat") or "").split()
        telling = [word for word in words if not SMALL_WORDS.fullmatch(word)]
        name = id_of(" ".join([self.who or "", *telling[:3]]))
        return free_name(name, {shot.id for shot in self.shots})


def _still_for(framing: str, stills: Mapping[str, str]) -> str:
    """The still that goes with a framing, of those there are.

    >>> stills = {"front_closeup": "a.jpg", "medium_shot": "b.jpg"}
    >>> [_still_for(words, stills) for words in ("Medium shot", "wide shot", "close-up", "")]
    ['medium_shot', 'medium_shot', 'front_closeup', 'front_closeup']
    """
    wanted = [still_name(framing)]
    wanted += ["three_quarter"] if wanted == ["medium_shot"] else []
    return next(key for key in (*wanted, *CANONICAL_KEYFRAMES, *stills) if key in stills)


def _frame_of(words: str) -> FrameOf | None:
    """`best of mara-waits` → that frame of that shot's take."""
    found = re.fullmatch(r"(best|first|last|\d{1,5}) of (\S+)", words)
    if found is None:
        return None
    frame: Any = int(found[1]) if found[1].isdigit() else found[1]
    return FrameOf(shot=found[2], frame=frame)


def _is_yes(words: str | None) -> bool:
    return words is not None and words.lower() in YES


def _seconds(text: str) -> float:
    """Seconds of a cell; nothing that is a length when it is no number.

    >>> [_seconds(text) for text in ("4", "4.5 s", "4,5", "soon")]
    [4.0, 4.5, 4.5, -1.0]
    """
    try:
        number = float(text.lower().removesuffix("s").strip().replace(",", "."))
    except ValueError:
        return -1.0
    return number if isfinite(number) else -1.0
