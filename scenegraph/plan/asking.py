"""What would be asked for a shot: its request's values, its inputs, its length and its price."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

from scenegraph.catalog import (
    Endpoint,
    FieldProblem,
    RequestInvalid,
    build_request,
    legal_parameters,
    length_for,
    new_frames_in,
    placement_problems,
    price_of,
)
from scenegraph.plan.amend import Tuning
from scenegraph.plan.inputs import Input
from scenegraph.plan.keys import write_json
from scenegraph.scene import (
    FrameOf,
    MotionShot,
    Scene,
    Shot,
    has_loras,
    negative_prompt,
    new_frames,
    render_prompt,
    shot_parameters,
)
from scenegraph.scene.conditioning import FILE_FIELDS, said_of
from scenegraph.scene.shots import REST_FRAMES

#: What of a motion reference is shown to the model: how things move, not what they look like.
MOTION_CONDITIONING = {"conditioning_type": "depth", "preprocess": True}


@dataclass(frozen=True, slots=True)
class Shape:
    """A request checked and priced, whatever its prompt says."""

    params: Mapping[str, Any]
    text: str
    new_frames: int
    usd: Decimal
    notes: tuple[str, ...]
    problems: tuple[FieldProblem, ...]


class Ask(NamedTuple):
    """One request without its seed: everything that a shot's words and parents decide.

    Attributes:
        inputs: its files.
        tail: how many of the parent's last frames are shown.
    """

    endpoint: Endpoint
    shape: Shape
    prompt: str
    inputs: tuple[Input, ...]
    tail: int

    def params(self, seed: int | None) -> dict[str, Any]:
        """The request's values for one take, without the URLs of its files."""
        values = {**self.shape.params, "prompt": self.prompt}
        return values if seed is None else {**values, "seed": seed}

    @property
    def text(self) -> str:
        """The values without a seed, written out for hashing."""
        return f"{self.shape.text}\n{write_json(self.prompt)}"

    @property
    def num_frames(self) -> int:
        """Frames of the answer."""
        return self.shape.new_frames + (self.tail if self.endpoint.counts == "total" else 0)


class Manner(NamedTuple):
    """What the scene file says of a shot but its prompt; most shots of a scene share one.

    Attributes:
        own: the shot's own parameters: they are sent as they are, or refused.
        number: its own among the manners of a `Memo`.
    """

    parameters: Mapping[str, Any]
    own: Mapping[str, Any]
    negative: str
    frames: int
    number: int = 0

    @classmethod
    def of(cls, scene: Scene, told: Shot) -> Manner:
        negative, frames = negative_prompt(scene, told), new_frames(scene, told)
        return cls(shot_parameters(scene, told), told.parameters, negative, frames)


@dataclass(frozen=True, slots=True)
class Memo:
    """What many shots of one scene have in common, and what one shot says, worked out once."""

    shapes: dict[Hashable, Shape] = field(default_factory=dict)
    words: dict[str, tuple[Manner, str]] = field(default_factory=dict)
    paths: dict[tuple[str, str], Path] = field(default_factory=dict)
    _manners: dict[Hashable, Manner] = field(default_factory=dict)

    def path(self, name: str, find: Callable[[str], Path]) -> Path:
        """The file of a still or a motion; finding it looks at the disk for links."""
        asked = (find.__name__, name)
        if asked not in self.paths:
            self.paths[asked] = find(name)
        return self.paths[asked]

    def words_of(self, scene: Scene, told: Shot) -> tuple[Manner, str]:
        """What the scene file alone says about a shot, whatever its parents are; and its prompt."""
        found = self.words.get(told.id)
        if found is None:
            found = self._manner(scene, told), render_prompt(scene, told)
            self.words[told.id] = found
        return found

    def _manner(self, scene: Scene, told: Shot) -> Manner:
        own = told.parameters or told.fixes or scene.fixes or has_loras(scene, told)
        is_plain = not own
        asked = (told.kind, told.preset, told.negative_prompt, told.frames, told.seconds)
        found = self._manners.get(asked) if is_plain else None
        if found is None:
            made = Manner.of(scene, told)
            alike = repr(made)
            found = self._manners.setdefault(alike, made._replace(number=len(self._manners)))
            if is_plain:
                self._manners[asked] = found
        return found


def tail_of(parent_frames: int, wish: int, *, at_rest: bool = False) -> int:
    """How many of a parent's last frames are shown: `wish`, or the largest 8k+1 that it has.

    A tail that may end before its parent does leaves room for that.

    >>> tail_of(121, 65), tail_of(60, 65), tail_of(5, 65), tail_of(65, 65, at_rest=True)
    (65, 57, 1, 41)
    """
    if at_rest:
        parent_frames -= min(REST_FRAMES, max(0, parent_frames - 9))
    return min(wish, max(1, (parent_frames - 1) // 8 * 8 + 1))


def make_ask(
    scene: Scene,
    shot: Shot,
    told: Shot,
    endpoint: Endpoint,
    *,
    parent_frames: int,
    aspect_ratio: str | None,
    hashes: Mapping[Path, str],
    parent_hashes: Mapping[str, str | None],
    tuning: Tuning,
    memo: Memo,
) -> Ask:
    """The request for `shot`.

    Args:
        told: the shot as the scene file has it; its words and parameters are read from it.
        parent_frames: frames of the parent's clip, or of the take that it will have.
        aspect_ratio: the ratio of the chain that this shot goes on; None when it starts one.
        hashes: of the scene's own files.
        parent_hashes: of the parents' takes by shot; None for one that is still to be shot.
        tuning: parameters and words that amendments have added.
        memo: requests already checked (most shots of a scene differ in words alone), and paths.
    """
    tail = 0
    if shot.tail_of is not None:
        tail = tail_of(parent_frames, scene.tail_frames, at_rest=shot.starts_at_rest)
    inputs = _inputs(scene, shot, endpoint, tail, hashes, parent_hashes, memo)
    manner, prompt = memo.words_of(scene, told)
    if tuning.phrases:
        prompt = _with_phrases(prompt, tuning.phrases)
    tuned = write_json(tuning.parameters) if tuning.parameters else ""
    places = tuple([one.into for one in inputs])
    name = (endpoint.id, manner.number, tuned, aspect_ratio, tail, places)
    shape = memo.shapes.get(name)
    if shape is None:
        wish = _Wish(
            parameters=manner.parameters,
            own={**manner.own, **tuning.parameters},
            aspect_ratio=aspect_ratio,
            negative=manner.negative,
            frames=manner.frames,
            tail=tail,
            inputs=inputs,
        )
        shape = memo.shapes[name] = _shape(endpoint, wish, prompt)
    return Ask(endpoint=endpoint, shape=shape, prompt=prompt, inputs=inputs, tail=tail)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wish:
    """All that a request is made from but its prompt and the bytes of its files."""

    parameters: Mapping[str, Any]
    own: Mapping[str, Any]
    aspect_ratio: str | None
    negative: str
    frames: int
    tail: int
    inputs: Sequence[Input]


def _shape(endpoint: Endpoint, wish: _Wish, prompt: str) -> Shape:
    """Write a request out, check it and price it."""
    values, notes = _bent(endpoint, wish)
    given = values.get("frame_rate")
    rate = given if isinstance(given, int) and given > 0 else 24
    if endpoint.length in endpoint.fields:
        values[endpoint.length] = length_for(endpoint, wish.frames, shown=wish.tail, rate=rate)
    _place_inputs(values, wish.inputs, endpoint, wish.tail, rate)
    places = [one.into for one in wish.inputs]
    try:
        request = build_request(endpoint, {**values, "prompt": prompt}, awaiting=places)
    except RequestInvalid as error:
        return Shape(values, "", 0, Decimal(0), notes, error.problems)
    params = request.params
    problems: Sequence[FieldProblem] = ()
    if wish.tail and ("video" in params or "videos" in params):
        where = "video" if "video" in params else "videos[0]"
        problems = placement_problems(endpoint, params, wish.tail, where)
    fresh = new_frames_in(endpoint, params, shown=wish.tail, rate=rate)
    if fresh != wish.frames:
        notes = (*notes, f"{wish.frames} new frames are wanted; {fresh} are asked.")
    return Shape(
        params,
        write_json({name: value for name, value in params.items() if name != "prompt"}),
        fresh,
        price_of(endpoint, params),
        (*notes, *request.notes),
        tuple(problems),
    )


def _bent(endpoint: Endpoint, wish: _Wish) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Presets are bent to what the endpoint takes; what the shot itself says is not."""
    bent, notes = legal_parameters(
        endpoint, {name: value for name, value in wish.parameters.items() if name not in wish.own}
    )
    values = {**bent, **wish.own}
    for name in ("num_frames", "seed", endpoint.length):
        values.pop(name, None)
    chain = wish.aspect_ratio
    if chain is not None and "aspect_ratio" in values and "aspect_ratio" not in wish.own:
        values["aspect_ratio"] = chain
    if "negative_prompt" in endpoint.fields and wish.negative:
        values["negative_prompt"] = wish.negative
    return values, notes


def _with_phrases(prompt: str, phrases: Sequence[str]) -> str:
    new = [phrase for phrase in phrases if phrase not in prompt]
    return f"{prompt.rstrip()} {' '.join(new)}" if new else prompt


def _inputs(
    scene: Scene,
    shot: Shot,
    endpoint: Endpoint,
    tail: int,
    hashes: Mapping[Path, str],
    parent_hashes: Mapping[str, str | None],
    memo: Memo,
) -> tuple[Input, ...]:
    inputs: list[Input] = []
    keyframe = shot.picture_of
    image_at: tuple[str | int, ...] = (
        ("images", 0, "image_url") if "images" in endpoint.fields else ("image_url",)
    )
    if isinstance(keyframe, FrameOf):
        source = parent_hashes.get(keyframe.shot)
        inputs.append(
            Input(
                role="image",
                into=image_at,
                parent=keyframe.shot,
                frame=keyframe.frame,
                sha256=source,
            )
        )
    elif keyframe is not None:
        still = memo.path(keyframe, scene.still_of)
        inputs.append(Input(role="image", into=image_at, file=still, sha256=hashes[still]))
    videos = 0
    if shot.tail_of is not None:
        if "videos" in endpoint.fields:
            tail_at: tuple[str | int, ...] = ("videos", 0, "video_url")
            videos = 1
        else:
            tail_at = ("video", "video_url") if "video" in endpoint.fields else ("video_url",)
        source = parent_hashes.get(shot.tail_of)
        inputs.append(
            Input(
                role="video",
                into=tail_at,
                parent=shot.tail_of,
                tail_frames=tail,
                tail_end="rest" if shot.starts_at_rest else None,
                sha256=source,
            )
        )
    if isinstance(shot, MotionShot) and shot.motion is not None:
        motion = memo.path(shot.motion, scene.motion_of)
        inputs.append(
            Input(
                role="motion",
                into=("videos", videos, "video_url"),
                file=motion,
                sha256=hashes[motion],
            )
        )
    return tuple(inputs)


def _place_inputs(
    values: dict[str, Any], inputs: Sequence[Input], endpoint: Endpoint, tail: int, rate: int
) -> None:
    """Where in the answer each input sits, and how it is read."""
    total = values.get(endpoint.length)
    own = FILE_FIELDS & values.keys() & endpoint.fields.keys()
    given = {name: values.pop(name) for name in own}
    for one in inputs:
        match one.into:
            case ("images", 0, _):
                # The model is shown the tail at the head; then the keyframe is where it must
                # arrive: the last frame, whose number is a multiple of 8 in a clip of 8k+1.
                at = (int(total) - 1) // 8 * 8 if tail and total else 0
                still = {"start_frame_num": at, "strength": 1}
                values["images"] = [{**still, **said_of(given, "images", 0)}]
            case ("video", _):
                values["video"] = {
                    "start_frame_num": 0,
                    "strength": 1,
                    "limit_num_frames": False,
                    "resample_fps": False,
                    "reverse_video": False,
                    **said_of(given, "video"),
                }
            case ("videos", int() as n, _):
                video = {**_video_of(one, total, tail, rate), **said_of(given, "videos", n)}
                values.setdefault("videos", []).append(video)
    if tail and "num_context_frames" in endpoint.fields:
        values["num_context_frames"] = tail


def _video_of(one: Input, total: Any, tail: int, rate: int) -> dict[str, Any]:
    if one.role == "video":
        return {
            "start_frame_num": 0,
            "strength": 1,
            "limit_num_frames": False,
            "resample_fps": False,
            "reverse_video": False,
            "conditioning_type": "rgb",
        }
    start = (tail + 7) // 8 * 8
    return {
        "start_frame_num": start,
        "strength": 1,
        "limit_num_frames": True,
        "max_num_frames": max(1, int(total or 121) - start),
        "resample_fps": True,
        "target_fps": rate,
        "reverse_video": False,
        **MOTION_CONDITIONING,
    }
