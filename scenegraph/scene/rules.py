"""The rules of the craft, each a function from a scene to what it sees.

From the project's craft reference: what film-makers learnt about these models by losing takes.
Words are matched in English only; a rule that is not sure says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches

from scenegraph.scene.model import CANONICAL_KEYFRAMES, Scene
from scenegraph.scene.prompt import (
    frame_rate,
    missing_locks,
    named_characters,
    new_frames,
    render_prompt,
    shot_loras,
    shot_parameters,
)
from scenegraph.scene.shots import (
    ExtendShot,
    MotionShot,
    Prompt,
    Shot,
    TextShot,
    without_hop,
)
from scenegraph.units import snap_8k1

#: The text encoder reads 256 tokens (Lightricks/LTX-Video), some 1,000 characters of English.
ADVISED_PROMPT = 1000
ADVISED_DIRECTIVE = 600
ADVISED_HOPS = 6


@dataclass(frozen=True, slots=True)
class Seen:
    """What a rule saw: the shot (None: the scene), the sentence, the field, its own fix."""

    shot: str | None
    message: str
    at: tuple[str | int, ...]
    fix: str = ""


def _parts(shot: Shot) -> Prompt | None:
    return shot.prompt if isinstance(shot.prompt, Prompt) else None


def _said(shot: Shot) -> str:
    """All that the writer wrote for this shot's prompt."""
    if isinstance(shot.prompt, Prompt):
        return ". ".join(part for part in shot.prompt.__dict__.values() if part)
    return shot.prompt or ""


def _action_at(shot: Shot) -> tuple[str, tuple[str | int, ...]]:
    """The words that tell what happens, and where they stand."""
    parts = _parts(shot)
    if parts is not None:
        return parts.action or "", ("shots", shot.id, "prompt", "action")
    text = shot.prompt if isinstance(shot.prompt, str) else ""
    labelled = re.search(
        r"\bAction:(.*?)(?=\b(?:Camera|Lighting|Continuity|Mood)\b|\Z)", text, re.S
    )
    return (labelled[1] if labelled else ""), ("shots", shot.id, "prompt")


_SEQUENCE = re.compile(
    r"\b(then|after that|afterwards|and finally|before (she|he|they|it) \w+s\b|suddenly)\b", re.I
)
_CLAUSE = re.compile(r"[,;.]|\band\b")
_WHO = re.compile(r"^(and |then |she |he |it |they |(the|a) \w+ )+", re.I)


def more_than_one_beat(scene: Scene) -> Iterator[Seen]:
    """A clip shows one simple beat well; of a sequence of events it shows a blur of all."""
    for shot in scene.shots:
        action, at = _action_at(shot)
        verbs = [
            part
            for part in (_WHO.sub("", piece.strip()) for piece in _CLAUSE.split(action))
            if re.match(r"[a-z]{2,}[^s\W]s\b", part) and not part.startswith(("this", "his"))
        ]
        again = _SEQUENCE.search(action)
        if again or len(verbs) > 2:
            what = f"({again[0]!r})" if again else f"({', '.join(v.split()[0] for v in verbs)})"
            yield Seen(shot.id, f"Shot {shot.id!r} has more than one beat {what}.", at)


def expanded_prompt(scene: Scene) -> Iterator[Seen]:
    """A prompt that the service expands brings in new details; that helps ideas from words alone
    and breaks the continuity of everything else."""
    for shot in scene.shots:
        if shot.kind != "t2v" and shot.parameters.get("expand_prompt") is True:
            at = ("shots", shot.id, "parameters", "expand_prompt")
            yield Seen(shot.id, f"Shot {shot.id!r} ({shot.kind}) has its prompt expanded.", at)


def snapped_frames(scene: Scene) -> Iterator[Seen]:
    """The model makes 8k+1 frames (9, 17, … 121, …); another count is moved to the nearest. A hop
    answers its parent's tail and the new frames together."""
    for shot in scene.shots:
        if shot.frames is None:
            continue
        head = scene.tail_frames if isinstance(shot, ExtendShot) else 0
        wanted = head + new_frames(scene, shot)
        snapped = snap_8k1(wanted)
        if snapped != wanted:
            made = f"{snapped - head} will be made"
            message = f"Shot {shot.id!r} asks for {shot.frames} new frames; {made}."
            fix = f"Write `frames: {snapped - head}`."
            yield Seen(shot.id, message, ("shots", shot.id, "frames"), fix)


def mixed_rates(scene: Scene) -> Iterator[Seen]:
    """A hop takes its parent's frames as they are: at another rate the motion changes speed."""
    for shot in scene.shots:
        if shot.tail_of is not None:
            parent = scene.shot(shot.tail_of)
            own, before = frame_rate(scene, shot), frame_rate(scene, parent)
            if own != before:
                goes_on = f"goes on from {parent.id!r} at {before} fps"
                message = f"Shot {shot.id!r} runs at {own} fps and {goes_on}."
                yield Seen(shot.id, message, ("shots", shot.id))


def character_from_words(scene: Scene) -> Iterator[Seen]:
    """Words alone give another face in every take; identity needs a keyframe."""
    for shot in scene.shots:
        if isinstance(shot, TextShot):
            for name in named_characters(scene, shot):
                message = f"Shot {shot.id!r} shows {name!r} from words alone."
                yield Seen(shot.id, message, ("shots", shot.id, "prompt", "subject"))


def many_loras(scene: Scene) -> Iterator[Seen]:
    """More than one character and one style at a time fight over the same weights."""
    for shot in scene.shots:
        count = len(shot_loras(scene, shot))
        if count > 2:
            message = f"Shot {shot.id!r} is shot with {count} LoRAs."
            yield Seen(shot.id, message, ("shots", shot.id, "loras"))


def lora_scale(scene: Scene) -> Iterator[Seen]:
    """Strong adapters make motion stiff and bring artefacts."""
    for name, cast in scene.characters.items():
        for n, lora in enumerate(cast.loras):
            if not 0.4 <= lora.scale <= 0.7:
                message = f"A LoRA of {name!r} has the scale {lora.scale:g}."
                yield Seen(None, message, ("characters", name, "loras", n, "scale"))
    for shot in scene.shots:
        for n, lora in enumerate(shot.loras):
            if not 0.4 <= lora.scale <= 0.7:
                message = f"A LoRA of shot {shot.id!r} has the scale {lora.scale:g}."
                yield Seen(shot.id, message, ("shots", shot.id, "loras", n, "scale"))


def long_prompt(scene: Scene) -> Iterator[Seen]:
    """The model reads about 1,000 characters and drops the rest unsaid; directed shots are best
    with short, plain directions."""
    for shot in scene.shots:
        most = ADVISED_DIRECTIVE if isinstance(shot, MotionShot) else ADVISED_PROMPT
        length = len(render_prompt(scene, shot))
        if length > most:
            message = f"The prompt of shot {shot.id!r} has {length} characters; {most} are advised."
            yield Seen(shot.id, message, ("shots", shot.id, "prompt"))


def odd_steps(scene: Scene) -> Iterator[Seen]:
    """Under 6 steps detail is missing; over 12 the distilled models refuse."""
    for shot in scene.shots:
        if shot.preset is None and not shot.parameters:
            continue
        values = shot_parameters(scene, shot)
        for field in ("first_pass_num_inference_steps", "second_pass_num_inference_steps"):
            steps = values.get(field)
            if isinstance(steps, int) and not 6 <= steps <= 12 and "-dev" not in scene.model:
                at = ("shots", shot.id, "parameters", field)
                yield Seen(shot.id, f"Shot {shot.id!r} asks for {steps} steps (`{field}`).", at)


def no_locks(scene: Scene) -> Iterator[Seen]:
    """A prompt written as one text is sent as it is; without words that hold face, outfit and
    place, they drift."""
    for shot in scene.shots:
        if isinstance(shot.prompt, str) and not isinstance(shot, TextShot):
            missing = missing_locks(scene, shot, shot.prompt)
            if len(missing) > 1:
                message = (
                    f"The prompt of shot {shot.id!r} does not say {', '.join(map(repr, missing))}."
                )
                yield Seen(shot.id, message, ("shots", shot.id, "prompt"))


_NEW = re.compile(
    r"\b(enters|appears|arrives|walks in|comes in|changes into|puts on|takes off|now wearing"
    r"|now in|new (outfit|dress|coat|location|room|person|character)|cut to"
    r"|another (man|woman|person|room))\b",
    re.I,
)


def new_in_a_hop(scene: Scene) -> Iterator[Seen]:
    """A hop keeps rolling; what was not in the picture before comes out of nowhere, or melts in."""
    for shot in scene.shots:
        if isinstance(shot, ExtendShot):
            found = _NEW.search(_said(shot))
            if found:
                message = f"Hop {shot.id!r} brings in something new ({found[0]!r})."
                yield Seen(shot.id, message, ("shots", shot.id, "prompt"))


_MOVES = re.compile(
    r"\b(push(es|ing)?[- ]in|pull(s|ing)?[- ](back|out)|zoom(s|ing)?( in| out)?|dolly|orbit(s|ing)?"
    r"|crane|truck(s|ing)?|pan(s|ning)?|tilt(s|ing)?|tracking)\b",
    re.I,
)
_STILL = re.compile(r"\bno (sudden )?(zoom|pan|push)|locked|static|tripod|stable\b", re.I)


def _camera_move(shot: Shot) -> str | None:
    parts = _parts(shot)
    words = (parts.camera or "") if parts is not None else _said(shot)
    found = _MOVES.search(words)
    return found[0] if found and not _STILL.search(words) else None


def camera_adds_up(scene: Scene) -> Iterator[Seen]:
    """The same move in every hop adds up: three push-ins end in the pores of the skin."""
    for shot in scene.shots:
        if not isinstance(shot, ExtendShot):
            continue
        move = _camera_move(shot)
        parent = scene.shot(shot.parent)
        repeats = isinstance(parent, ExtendShot) and _camera_move(parent) is not None
        if move and (shot.hops > 1 or repeats):
            message = f"The camera move of {shot.id!r} ({move!r}) is made again in every hop."
            yield Seen(shot.id, message, ("shots", shot.id, "prompt"))


_HANDS = re.compile(
    r"\b(hands?|fingers?|fist|typing|types|writes|writing|plays the|knitting)\b", re.I
)


def hands_in_close_up(scene: Scene) -> Iterator[Seen]:
    """Hands deform, most of all close up."""
    for shot in scene.shots:
        action, at = _action_at(shot)
        parts = _parts(shot)
        framing = (parts.framing or "") if parts is not None else _said(shot)
        if shot.kind != "t2v" and re.search(r"close[- ]?up", framing, re.I):
            found = _HANDS.search(action)
            if found:
                yield Seen(
                    shot.id, f"Shot {shot.id!r} is about hands ({found[0]!r}) in close-up.", at
                )


def mixed_aspect(scene: Scene) -> Iterator[Seen]:
    """`auto` follows the picture before it and a fixed ratio crops it: the frame jumps."""
    for shot in scene.shots:
        if shot.tail_of is not None:
            parent = scene.shot(shot.tail_of)
            own = shot_parameters(scene, shot).get("aspect_ratio")
            before = shot_parameters(scene, parent).get("aspect_ratio")
            if own != before:
                message = (
                    f"Shot {shot.id!r} is {own} and goes on from {parent.id!r}, which is {before}."
                )
                yield Seen(shot.id, message, ("shots", shot.id))


def long_chain(scene: Scene) -> Iterator[Seen]:
    """Identity and colour wander hop by hop; after about six, an anchor brings them back."""
    for chain in scene.graph().chains():
        hops = [id for id in chain if isinstance(scene.graph().shots[id], ExtendShot)]
        if len(hops) > ADVISED_HOPS and not scene.drift.plan_ahead:
            shot = without_hop(hops[ADVISED_HOPS])
            message = f"The chain from {chain[0]!r} has {len(hops)} hops without a new anchor."
            yield Seen(shot, message, ("shots", shot))


def nothing_to_follow(scene: Scene) -> Iterator[Seen]:
    """A multicondition shot is worth it for a motion to follow or a tail to go on from."""
    for shot in scene.shots:
        if isinstance(shot, MotionShot) and shot.motion is None and shot.parent is None:
            message = f"Shot {shot.id!r} has neither a motion nor a parent."
            yield Seen(shot.id, message, ("shots", shot.id))


def not_in_reel(scene: Scene) -> Iterator[Seen]:
    """It would be shot and paid for, and nobody would see it."""
    if scene.reel.order is None:
        return
    graph = scene.graph()
    played = set(graph.reel_order)
    for shot in scene.shots:
        ids = [id for id in graph.shots if without_hop(id) == shot.id]
        seen = {*ids, *graph.descendants(ids)} & played
        if not seen:
            message = f"Neither shot {shot.id!r} nor anything made from it is in the reel."
            yield Seen(shot.id, message, ("shots", shot.id))


def never_used(scene: Scene) -> Iterator[Seen]:
    """A motion or a still that no shot names is often a slip in a name."""
    motions = {shot.motion for shot in scene.shots if isinstance(shot, MotionShot)}
    for name in scene.motions.keys() - motions:
        yield Seen(None, f"No shot uses the motion {name!r}.", ("motions", name))
    people = {name for shot in scene.shots for name in named_characters(scene, shot)}
    for name in scene.characters.keys() - people:
        yield Seen(None, f"No shot shows the character {name!r}.", ("characters", name))


def nearly_canonical(scene: Scene) -> Iterator[Seen]:
    """Recipes and remedies look for `front_closeup`, `three_quarter` and `medium_shot`."""
    for name, cast in scene.characters.items():
        for frame in cast.keyframes:
            near = get_close_matches(frame, CANONICAL_KEYFRAMES, n=1, cutoff=0.8)
            if near and frame not in CANONICAL_KEYFRAMES:
                message = f"The still {frame!r} of {name!r} is nearly called {near[0]!r}."
                at = ("characters", name, "keyframes", frame)
                yield Seen(None, message, at, f"Call it {near[0]!r}.")
