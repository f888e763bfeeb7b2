"""A take's walk through its states, one durable method for each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, exists, func, literal_column, select

from scenegraph.errors import LedgerError
from scenegraph.ledger.claims import ALL, JobClaimed, claim_of
from scenegraph.ledger.moved import moved
from scenegraph.ledger.reviews import Review
from scenegraph.ledger.rows import (
    COPIED,
    TAKE_COLUMNS,
    intent_row,
    json_text,
    take_from,
    take_of,
    usd_units,
)
from scenegraph.ledger.sheets import sheet_bytes
from scenegraph.ledger.store import MediaStore
from scenegraph.ledger.tables import takes
from scenegraph.ledger.takes import Intent, QueueUrls, State, Take
from scenegraph.ledger.writer import Writer
from scenegraph.media.clip import Clip


class Attempts:
    """What happens to takes. Each method is one write; an illegal step is refused.

    A step on the way to the film answers with the take as it then stands in the ledger. Who has
    the take as it stood before the step gives it as `known`: then it is not read.
    """

    store: MediaStore
    _writer: Writer
    _clock: Callable[[], float]

    def intend(self, intent: Intent) -> Take:
        """A new take, durable before it is asked for.

        Raises:
            JobClaimed: it would be paid for, and exactly this job is out already.
        """
        at = self._clock()
        with self._writer.write() as to:
            claim = self._claim(to, intent)
            if claim is not None:
                raise JobClaimed(claim[0], f"{claim[1]}/{claim[2]}/t{claim[3]}")
            number = _next_number(to, intent.scene, intent.shot)
            id_ = to.insert(takes, intent_row(intent, number, at))
            to.event("take.intended", take=id_, run=intent.run)
        return take_of(intent, id_, number, at)

    @staticmethod
    def _claim(to: Writer, intent: Intent) -> Any:
        if not intent.billed:
            return None
        seen = ALL if intent.seen is None else intent.seen
        return to.one("claim", claim_of, its_key=intent.key, seen=seen)

    def submitted(
        self, id: int, request_id: str, urls: QueueUrls, *, known: Take | None = None
    ) -> Take:
        """The queue took it; durable before the first poll."""
        values = {
            "request_id": request_id,
            "status_url": urls.status,
            "response_url": urls.response,
            "cancel_url": urls.cancel,
            "submitted_at": self._clock(),
            "error": None,
        }
        with self._writer.write() as to:
            to.move(id, State.SUBMITTED, values, {"request_id": request_id})
            return self._moved(to, id, State.SUBMITTED, values, known)

    def answered(
        self,
        id: int,
        answer: Mapping[str, Any],
        usd: Decimal | None,
        *,
        known: Take | None = None,
    ) -> Take:
        """The answer is here; `usd` is what it cost (None: not known yet, still reserved)."""
        values = {
            "answer": json_text(answer),
            "usd": None if usd is None else usd_units(usd),
            "answered_at": self._clock(),
        }
        with self._writer.write() as to:
            to.move(id, State.ANSWERED, values)
            return self._moved(to, id, State.ANSWERED, values, known)

    def fetched(
        self, id: int, sha256: str, media: str, clip: Clip | None, *, known: Take | None = None
    ) -> Take:
        """Its file is in the store, hashed and probed (no clip: it cannot be opened)."""
        values = {
            "sha256": sha256,
            "media": media,
            "clip": json_text(clip.to_json()) if clip else None,
            "fetched_at": self._clock(),
        }
        with self._writer.write() as to:
            to.move(id, State.FETCHED, values, {"sha256": sha256})
            return self._moved(to, id, State.FETCHED, values, known, clip)

    def keep_sheet(self, review: Review) -> str | None:
        """Put a review's series and prints into the media store; their name there."""
        data = sheet_bytes(review)
        return None if data is None else self.store.put_bytes(data, ".npz").media

    def reviewed(self, id: int, review: Review, *, sheet: str | None = None) -> None:
        """It was looked at. A take looked at again keeps its state and its best frame (another
        shot may be made of that), and gets the new review."""
        values = self._review_row(review, sheet)
        facts = _told(values)
        with self._writer.write() as to:
            if _state(to, id) in (State.REVIEWED, State.CIRCLED, State.REJECTED):
                to.change(id, values)
                to.event("take.reviewed_again", take=id, facts=facts)
            else:
                to.move(id, State.REVIEWED, {**values, **_chosen(review)}, facts)

    def _review_row(self, review: Review, sheet: str | None) -> dict[str, Any]:
        """What a review writes; its series go into the store, unless they lie there as `sheet`."""
        return {
            "verdict": review.verdict,
            "score": None if review.score is None else round(float(review.score), 4),
            "review": json_text(review.to_json()),
            "sheet": self.keep_sheet(review) if sheet is None else sheet,
        }

    def circle(self, id: int) -> Take:
        """Keep this take; the shot's other circled take of this engine goes back to the sheet.

        Raises:
            LedgerError: the other one is pinned, or this one may not be circled.
        """
        with self._writer.write() as to:
            row = to.one("its_circled", _circled_beside, its_id=id)
            if row is not None:
                other, number, shot, pinned = row
                if other == id:
                    return self._take(to, id)
                if pinned:
                    raise LedgerError(
                        f"Take t{number} of {shot!r} is pinned.",
                        next=f"`scenegraph unpin SCENE {shot}` first, then pick again.",
                    )
                to.move(other, State.REVIEWED, None, {"unseated_by": id})
            to.move(id, State.CIRCLED)
            return self._take(to, id)

    def kept(
        self, id: int, review: Review, *, sheet: str | None = None, known: Take | None = None
    ) -> Take:
        """It was looked at and is circled, both in one commit.

        Raises:
            LedgerError: the shot's other circled take is pinned.
        """
        values = self._review_row(review, sheet)
        with self._writer.group():
            with self._writer.write() as to:
                # Nearly always it has just come, and none is circled: then it is one statement.
                first = {**values, **_chosen(review)}
                if to.moves(id, State.CIRCLED, first, (State.FETCHED,), _has_a_circled_one):
                    to.event("take.reviewed", take=id, facts=_told(values))
                    to.event("take.circled", take=id)
                    return self._moved(to, id, State.CIRCLED, first, known)
            self.reviewed(id, review, sheet=values["sheet"])
            return self.circle(id)

    def reject(self, id: int, reason: str) -> None:
        """Not this one; it stays on the sheet with its reason."""
        with self._writer.write() as to:
            to.move(id, State.REJECTED, {"error": None, "pinned": 0}, {"reason": reason})

    def collected(self, id: int) -> None:
        """Its media go: it stays on the sheet, and is never given for a picture again."""
        with self._writer.write() as to:
            to.move(id, State.COLLECTED, {"sheet": None})

    def refused(self, id: int, error: Mapping[str, Any]) -> None:
        """The service said no; nothing was spent."""
        self._end(id, State.REFUSED, error, None)

    def unknown(self, id: int, error: Mapping[str, Any]) -> None:
        """It left and no answer came: a person decides; its estimate stays reserved."""
        self._end(id, State.UNKNOWN, error, None)

    def lost(self, id: int, error: Mapping[str, Any], *, usd: Decimal | None = None) -> None:
        """It will not come; `usd` when it was charged all the same."""
        self._end(id, State.LOST, error, usd)

    def _end(self, id: int, to_state: State, error: Mapping[str, Any], usd: Decimal | None) -> None:
        values: dict[str, Any] = {"error": json_text(error)}
        if usd is not None:
            values["usd"] = usd_units(usd)
        with self._writer.write() as to:
            to.move(id, to_state, values, {"kind": error.get("kind")})

    def adopt(self, intent: Intent, from_take: Take) -> Take:
        """Give a shot a picture that the store already has: a new take, for nothing.

        It stands where looking at the other one has come to: reviewed, or fetched before that.
        Key, seed and parts are those of the picture; scene and shot are those of `intent`.

        Raises:
            LedgerError: `from_take` has no media.
        """
        at = self._clock()
        with self._writer.write() as to:
            found = to.one("picture", _picture, its_id=from_take.id)
            if found is None or not State(found[0]).has_media:
                raise LedgerError(
                    f"{from_take.slate} has no picture to adopt.",
                    next="`scenegraph takes SCENE` shows where every take is.",
                )
            row = intent_row(intent, _next_number(to, intent.scene, intent.shot), at)
            row |= dict(zip(COPIED, found[1:], strict=True))
            row |= {
                "state": (State.REVIEWED if row["verdict"] else State.FETCHED).value,
                "usd_estimate": 0,
                "usd": 0,
                "billed": 0,
                "adopted_from": from_take.id,
                "fetched_at": at,
            }
            id_ = to.insert(takes, row)
            to.event("take.adopted", take=id_, run=intent.run, facts={"from": from_take.slate})
            return self._take(to, id_)

    def pin(self, id: int, *, by: str | None = None, run: int | None = None) -> None:
        """Make the circled take proof against changes upstream.

        Args:
            by: the person who wants it; run: the run that does it again.

        Raises:
            LedgerError: it is not circled.
        """
        with self._writer.write() as to:
            if _state(to, id) is not State.CIRCLED:
                raise LedgerError(
                    f"Take {id} is not circled, so it cannot be pinned.",
                    next="`scenegraph pick SCENE SHOT TAKE` circles it.",
                )
            to.change(id, {"pinned": 1})
            to.event("take.pinned", take=id, run=run, facts={"by": by} if by else None)

    def unpin(self, id: int, *, by: str | None = None) -> None:
        with self._writer.write() as to:
            to.change(id, {"pinned": 0})
            to.event("take.unpinned", take=id, facts={"by": by} if by else None)

    def _moved(
        self,
        to: Writer,
        id: int,
        state: State,
        values: Mapping[str, Any],
        known: Take | None,
        clip: Clip | None = None,
    ) -> Take:
        """The take after a step that wrote these values; `clip` lies where its file does."""
        return self._take(to, id) if known is None else moved(known, state, values, clip)

    def _take(self, to: Writer, id: int) -> Take:
        return take_from(to.one("take", _whole, its_id=id), self.store)


def _next_number(to: Writer, scene: str, shot: str) -> int:
    def make() -> Select[Any]:
        return select(func.max(takes.c.number)).where(
            takes.c.scene == bindparam("scene"), takes.c.shot == bindparam("shot")
        )

    return int(to.one("next_number", make, scene=scene, shot=shot)[0] or 0) + 1


def _state(to: Writer, id: int) -> State | None:
    row = to.one(
        "its_state",
        lambda: select(takes.c.state).where(takes.c.id == bindparam("its_id")),
        its_id=id,
    )
    return State(row[0]) if row else None


def _circled_beside() -> Select[Any]:
    """The circled take of the shot that take `its_id` belongs to."""
    other = takes.alias("other")
    return (
        select(other.c.id, other.c.number, other.c.shot, other.c.pinned)
        .join_from(
            takes,
            other,
            (other.c.scene == takes.c.scene)
            & (other.c.shot == takes.c.shot)
            & (other.c.engine == takes.c.engine),
        )
        .where(takes.c.id == bindparam("its_id"), other.c.state == literal_column("'circled'"))
    )


def _has_a_circled_one() -> ColumnElement[bool]:
    """Of a take: its shot has a circled take of its engine."""
    other = takes.alias("other")
    return exists().where(
        other.c.scene == takes.c.scene,
        other.c.shot == takes.c.shot,
        other.c.engine == takes.c.engine,
        other.c.state == literal_column("'circled'"),
    )


def _told(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"verdict": values["verdict"], "score": values["score"]}


def _chosen(review: Review) -> dict[str, int | None]:
    """What the first look at a take settles, and no later one."""
    return {"best_frame": None if review.best is None else review.best.frame}


def _whole() -> Select[Any]:
    return select(*TAKE_COLUMNS).where(takes.c.id == bindparam("its_id"))


def _picture() -> Select[Any]:
    """The state of a take, and all that makes its picture."""
    return select(takes.c.state, *(takes.c[name] for name in COPIED)).where(
        takes.c.id == bindparam("its_id")
    )
