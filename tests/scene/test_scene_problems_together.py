"""Every problem of a file in one round: none hides another, none is told twice."""

# ruff: noqa: E501 - a line of a scene file is one line
from __future__ import annotations

from pathlib import Path

import pytest

from scenegraph.errors import Problem, SceneInvalid
from scenegraph.scene import load_scene


def problems_of(file: Path) -> tuple[Problem, ...]:
    with pytest.raises(SceneInvalid) as caught:
        load_scene(file)
    return caught.value.problems


# a whole file → every problem of it: kind, line, column, a word. None is lost behind another.
TOGETHER = {
    "slips of every sort": (
        """\
scenegraph: 1
title: T
modle: x
characters:
  mara: {look: a woman, keyframes: {front_closeup: stills/nope.png}}
shots:
  a/b: {kind: i2v, keyframe: mara.front_closup, prompt: hi, seconds: -3}
  c: {kind: extend, parent: d, prompt: go}
  d: {kind: extend, parent: c, prompt: go}
  e: {kind: extend, parent: cc, prompt: go}
""",
        [
            ("unknown-key", 3, 1, "'model'"),
            ("missing-file", 5, 52, "nope.png"),
            ("bad-id", 7, 3, "a/b"),
            ("unknown-keyframe", 7, 30, "Shot 'a/b' starts"),
            ("out-of-range", 7, 70, "more than 0"),
            ("cycle", 8, 29, "c → d"),
            ("unknown-parent", 10, 29, "Did you mean 'c'?"),
        ],
    ),
    "every shot is broken": (
        """\
title: T
shots:
  A: {kind: i2v, keyframe: mara, prompt: hi, seconds: -3}
  b: {kind: extend, parent: nobody, frames: 0}
  c: {kind: multicondition, keyframe: {from: ghost}, motion: swya, preset: cinematc-5s, prompt: x, seed: -1}
  d: {kind: extnd, parent: A}
""",
        [
            ("bad-id", 3, 3, "lower-case"),
            ("unknown-character", 3, 28, "'mara'"),
            ("out-of-range", 3, 55, "more than 0"),
            ("unknown-parent", 4, 29, "'nobody'"),
            ("out-of-range", 4, 45, "at least 1"),
            ("unknown-parent", 5, 46, "'ghost'"),
            ("unknown-motion", 5, 62, "'swya'"),
            ("unknown-preset", 5, 76, "'cinematic-5s'"),
            ("out-of-range", 5, 106, "at least 0"),
            ("not-a-choice", 6, 13, "'extend'"),
        ],
    ),
    "a broken shot is there all the same": (
        """\
title: T
shots:
  a.2: {kind: t2v, prompt: hi}
  b: rain
  c: {kind: extend, parent: a.2, hops: three}
  d: {kind: extend, parent: b, hops: 2}
  e: {kind: extend, parent: c.3}
  f: {kind: extend, parent: d.3}
reel: {order: [a.2, 7, [b], b, c.2, d, gone], transitions: {b: disolve, e: {kind: dip, frames: 0}, nope: cut}}
""",
        [
            ("bad-id", 3, 3, "a.2"),
            ("wrong-type", 4, 6, "mapping"),
            ("wrong-type", 5, 40, "whole number"),
            ("unknown-parent", 8, 29, "2 hops"),
            ("unknown-shot", 9, 21, "'7'"),
            ("wrong-type", 9, 24, "text"),
            ("unknown-shot", 9, 40, "'gone'"),
            ("not-a-choice", 9, 64, "'dissolve'"),
            ("out-of-range", 9, 96, "at least 1"),
            ("unknown-shot", 9, 106, "'nope'"),
        ],
    ),
    "what is broken itself is not also unknown": (
        """\
title: T
characters: {mara: a woman, ina: {keyframes: {front: [x]}}}
motoins: {sway: sway.mp4}
presets: {mine: 5, other: {frame_rate: 99}}
preset: other
shots:
  a: {kind: i2v, keyframe: mara.front, prompt: hi}
  b: {kind: multicondition, keyframe: ina.front, motion: sway, preset: mine, prompt: hi}
  c: {kind: extend, parent: b.1}
""",
        [
            ("wrong-type", 2, 20, "mapping"),
            ("wrong-type", 2, 54, "text"),
            ("unknown-key", 3, 1, "'motions'"),
            ("wrong-type", 4, 17, "mapping"),
            ("out-of-range", 4, 40, "1 to 60"),
            ("unknown-parent", 9, 29, "1 hop,"),
        ],
    ),
    "a list of shots": (
        """\
title: T
preset: cinematc-5s
motions: {sway: gone.mp4}
shots: [{id: a, kind: t2v, prompt: x}]
reel: {order: [a]}
""",
        [
            ("unknown-preset", 2, 9, "'cinematic-5s'"),
            ("missing-file", 3, 17, "gone.mp4"),
            ("wrong-type", 4, 8, "mapping"),
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", TOGETHER)
def test_no_problem_hides_another(case, write):
    """Shape errors, names, loops and files come in one round, each once and at its own place."""
    text, expected = TOGETHER[case]
    problems = problems_of(write(text))
    assert [(p.kind, p.where.line, p.where.column) for p in problems] == [
        row[:3] for row in expected
    ]
    for problem, row in zip(problems, expected, strict=True):
        assert row[3] in f"{problem.message} {problem.expected}", problem
