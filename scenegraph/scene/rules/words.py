"""Rules about the words of a single shot."""

from __future__ import annotations

import re
from collections.abc import Iterator

from scenegraph.scene.model import Scene
from scenegraph.scene.prompt import (
    missing_locks,
    named_characters,
    render_prompt,
    shot_parameters,
)
from scenegraph.scene.rules.seen import At, Seen, action_of, framing_of, is_labelled, said
from scenegraph.scene.shots import MotionShot, Shot, TextShot, without_hop

#: The text encoder reads 256 tokens (Lightricks/LTX-Video), some 1,000 characters of English.
ADVISED_PROMPT = 1000
ADVISED_DIRECTIVE = 600

_SEQUENCE = re.compile(
    r"\b(then|after that|afterwards|and finally|before (she|he|they|it) \w+s\b|suddenly)\b", re.I
)
_CLAUSE = re.compile(r"[,;.]|\band\b")
_WHO = re.compile(r"^(and |then |she |he |it |they |(the|a) \w+ )+", re.I)


def more_than_one_beat(scene: Scene) -> Iterator[Seen]:
    """A clip shows one simple beat well; of a sequence of events it shows a blur of all."""
    for shot in scene.shots:
        action, at = action_of(shot)
        verbs = [
            part
            for part in (_WHO.sub("", piece.strip()) for piece in _CLAUSE.split(action))
            if re.match(r"[a-z]{2,}[^s\W]s\b", part) and not part.startswith(("this", "his"))
        ]
        again = _SEQUENCE.search(action)
        # In a text without labels a plural is soon taken for a verb: only a sequence is sure.
        if again or (len(verbs) > 2 and is_labelled(shot)):
            what = f"({again[0]!r})" if again else f"({', '.join(v.split()[0] for v in verbs)})"
            yield Seen(shot.id, f"Shot {shot.id!r} has more than one beat {what}.", at)


def expanded_prompt(scene: Scene) -> Iterator[Seen]:
    """A prompt that the service expands brings in new details. That helps ideas from words alone,
    and breaks the continuity of everything else; hops never learn what was added to their start."""
    starts = {without_hop(shot.tail_of): shot.id for shot in scene.shots if shot.tail_of}
    for shot in scene.shots:
        at: At = ("shots", shot.id, "parameters", "expand_prompt")
        if shot.kind != "t2v":
            if shot.parameters.get("expand_prompt") is True:
                yield Seen(shot.id, f"Shot {shot.id!r} ({shot.kind}) has its prompt expanded.", at)
        elif shot.id in starts and shot_parameters(scene, shot).get("expand_prompt") is True:
            child = starts[shot.id]
            message = f"Shot {shot.id!r} has its prompt expanded, and {child!r} goes on from it."
            at = at if "expand_prompt" in shot.parameters else ("shots", shot.id)
            fix = "Set `parameters: {expand_prompt: false}` on it."
            yield Seen(shot.id, message, at, fix)


def character_from_words(scene: Scene) -> Iterator[Seen]:
    """Words alone give another face in every take; identity needs a keyframe."""
    for shot in scene.shots:
        if not isinstance(shot, TextShot):
            continue
        subject = named_characters(scene, shot)
        for name in dict.fromkeys((*subject, *_written_of(scene, shot))):
            whole = ("shots", shot.id, "prompt")
            at: At = (*whole, "subject") if name in subject else whole
            yield Seen(shot.id, f"Shot {shot.id!r} shows {name!r} from words alone.", at)


def _written_of(scene: Scene, shot: Shot) -> Iterator[str]:
    """Characters whom the writer calls by name: `Rose waits`, but not `rose petals`."""
    names = scene.names_of_cast
    by_lower = {name.lower(): name for name in scene.characters}
    for match in names.finditer(said(shot)) if names is not None else ():
        if match[1][:1].isupper():
            yield by_lower[match[1].lower()]


def long_prompt(scene: Scene) -> Iterator[Seen]:
    """The model reads about 1,000 characters and drops the rest unsaid; directed shots are best
    with short, plain directions."""
    for shot in scene.shots:
        most = ADVISED_DIRECTIVE if isinstance(shot, MotionShot) else ADVISED_PROMPT
        length = len(render_prompt(scene, shot))
        if length > most:
            message = f"The prompt of shot {shot.id!r} has {length} characters; {most} are advised."
            yield Seen(shot.id, message, ("shots", shot.id, "prompt"))


def no_locks(scene: Scene) -> Iterator[Seen]:
    """A prompt written as one text is sent as it is; without words that hold face, outfit and
    place, they drift."""
    for shot in scene.shots:
        if isinstance(shot.prompt, str) and not isinstance(shot, TextShot):
            missing = missing_locks(scene, shot, render_prompt(scene, shot))
            if len(missing) > 1:
                message = (
                    f"The prompt of shot {shot.id!r} does not say {', '.join(map(repr, missing))}."
                )
                fix = f"Add `{', '.join(missing)}`, or write the prompt in parts."
                yield Seen(shot.id, message, ("shots", shot.id, "prompt"), fix)


_HANDS = re.compile(
    r"\b(hands?|fingers?|fist|typing|types|writes|writing|plays the|knitting)\b", re.I
)
_NO_HANDS = re.compile(r"\b(no|without|out of frame|off[- ]?screen|hidden|deformed)\b", re.I)


def hands_in_close_up(scene: Scene) -> Iterator[Seen]:
    """Hands deform, most of all close up."""
    for shot in scene.shots:
        action, at = action_of(shot)
        if shot.kind == "t2v" or not re.search(r"close[- ]?up", framing_of(shot), re.I):
            continue
        for clause in _CLAUSE.split(action):
            found = _HANDS.search(clause)
            if found and not _NO_HANDS.search(clause):
                message = f"Shot {shot.id!r} is about hands ({found[0]!r}) in close-up."
                yield Seen(shot.id, message, at)
                break
