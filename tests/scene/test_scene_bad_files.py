"""Every way a scene file can be wrong: one clear sentence each, with its place."""

# ruff: noqa: E501 - a case is one row of its table, as a line of a scene file is one line
from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from scenegraph.errors import Problem, SceneInvalid
from scenegraph.scene import load_scene
from scenegraph.settings import Settings


def problems_of(file: Path, **how) -> tuple[Problem, ...]:
    with pytest.raises(SceneInvalid) as caught:
        load_scene(file, **how)
    assert caught.value.exit_code == 2
    return caught.value.problems


# old text → new text, then the kind of the problem, its line, its column, a word of its sentence
SPOILED = {
    "missing still": ("mara-front.png", "mara-frnt.png", "missing-file", 9, 32, "mara-front.png"),
    "absolute path": ("stills/mara-front.png", "/etc/passwd", "absolute-path", 9, 32, "/etc/passwd"),
    "windows path": ("stills/mara-front.png", "C:/m.png", "absolute-path", 9, 32, "C:/m.png"),
    "path out of the folder": ("stills/mara-front.png", "../m.png", "outside-folder", 9, 32, "../m.png"),
    "url as a still": ("stills/mara-front.png", '"https://x.y/m.png"', "bad-path", 9, 32, "https"),
    "still is a folder": ("stills/mara-front.png", "stills", "not-a-file", 9, 32, "folder"),
    "loop of parents": ("parent: mara-waits", "parent: mara-listens", "cycle", 22, 13, "itself"),
    "negative seconds": ("seconds: 4", "seconds: -3", "out-of-range", 23, 14, "more than 0"),
    "no seconds": ("seconds: 4", "seconds: 0", "out-of-range", 23, 14, "more than 0"),
    "seconds as words": ("seconds: 4", "seconds: four", "wrong-type", 23, 14, "a number"),
    "infinite seconds": ("seconds: 4", "seconds: .inf", "wrong-type", 23, 14, "finite"),
    "seconds not a number": ("seconds: 4", "seconds: .nan", "wrong-type", 23, 14, "finite"),
    "seconds and frames": ("seconds: 4", "seconds: 4\n    frames: 96", "wrong-value", 20, 3, "both"),
    "unknown key": ("keyframe: mara.front", "keyfrme: mara.front", "unknown-key", 18, 5, "'keyframe'"),
    "unknown key at the top": ("seed: 7", "sede: 7", "unknown-key", 3, 1, "'seed'"),
    "key of another kind": ("seconds: 4", "motion: sway", "unknown-key", 23, 5, "multicondition"),
    "id with a slash": ("  platform:", "  plat/form:", "bad-id", 13, 3, "plat/form"),
    "id in capitals": ("  platform:", "  Platform:", "bad-id", 13, 3, "lower-case"),
    "unknown kind": ("kind: extend", "kind: extnd", "not-a-choice", 21, 11, "'extend'"),
    "no kind": ("    kind: extend\n", "", "missing-key", 20, 3, "extend"),
    "unknown character": ("mara.three_quarter", "mira.three_quarter", "unknown-character", 27, 15, "'mara.three_quarter'"),
    "unknown keyframe": ("mara.front_closeup", "mara.front_closup", "unknown-keyframe", 18, 15, "'mara.front_closeup'"),
    "keyframe without a still": ("mara.front_closeup", "mara", "unknown-keyframe", 18, 15, "mara"),
    "unknown motion": ("motion: sway", "motion: swya", "unknown-motion", 28, 13, "'sway'"),
    "unknown parent": ("parent: mara-waits", "parent: mara-wait", "unknown-parent", 22, 13, "'mara-waits'"),
    "extend without a parent": ("    parent: mara-waits\n", "", "missing-key", 20, 3, "`parent`"),
    "two shots of one id": ("  mara-turns:", "  mara-waits:", "given-twice", 25, 3, "line 16"),
    "key given twice": ("seed: 7", "seed: 7\nseed: 8", "given-twice", 4, 1, "line 3"),
    "reel of unknown shots": ("mara-turns], frame", "mara-turn], frame", "unknown-shot", 30, 52, "'mara-turns'"),
    "reel plays twice": ("mara-turns], frame", "platform], frame", "given-twice", 30, 52, "twice"),
    "unknown preset": ("seed: 7", "preset: cinematc-5s", "unknown-preset", 3, 9, "'cinematic-5s'"),
    "resolution as a number": ("resolution: 720p", "resolution: 720", "not-a-choice", 4, 23, "720p"),
    "unknown aspect ratio": ("aspect_ratio: 16:9", "aspect_ratio: 4:3", "not-a-choice", 4, 43, "1:1"),
    "a list where a mapping belongs": ("motions:\n  sway: motions/handheld-sway.mp4", "motions: [sway]", "wrong-type", 10, 10, "mapping"),
    "seed too large": ("seed: 7", "seed: 99999999999", "out-of-range", 3, 7, "at most"),
    "seed in quotes": ("seed: 7", 'seed: "7"', "wrong-type", 3, 7, "whole number"),
    "half a frame": ("frame_rate: 24}\nbudget", "frame_rate: 23.976}\nbudget", "wrong-type", 4, 61, "whole number"),
    "budget as words": ("6.00", "lots", "wrong-type", 5, 13, "6.00"),
    "negative budget": ("6.00", "-1", "out-of-range", 5, 13, "at least 0"),
    "empty prompt": ("prompt: {action: a slow turn of the head}", "prompt:", None, 29, 5, "prompt"),
    "prompt that says nothing": ("{action: a slow turn of the head}", "{}", "wrong-value", 29, 13, "nothing"),
    "unknown part of a prompt": ("{action: a slow", "{acton: a slow", "unknown-key", 29, 14, "'action'"),
    "our field as a parameter": ("seconds: 4", "parameters: {num_frames: 96}", "not-a-parameter", 23, 30, "num_frames"),
    "tail of a wrong length": ("seed: 7", "tail_frames: 64", "wrong-value", 3, 14, "65"),
    "newer format": ("scenegraph: 1", "scenegraph: 2", "too-new", 1, 13, "format 2"),
    "tag": ("seed: 7", "seed: !!python/object/apply:os.system [ls]", "syntax", 3, 7, "tag"),
    "tab as indent": ("    keyframe: mara.front", "\tkeyframe: mara.front", "syntax", 18, 1, "tab"),
    "colon in a sentence": ("a woman of thirty", "mara: a woman", "syntax", 8, 15, "`:`"),
    "open quote": ("title: Night", 'title: "Night', "syntax", None, None, "quote"),
    "budget of no measure": ("seed: 7", "drift: {budgets: {saturatoin: 0.1}}", "unknown-measure", 3, 31, "'saturation'"),
    "a shot's budget of no measure": ("seconds: 4", "drift: {budgets: {hue_vs_parent: 4}}", "unknown-measure", 23, 38, "hue_vs_keyframe"),
    "terminal's own codes": ("title: Night train", 'title: "Night \\e[31mtrain"', "wrong-value", 2, 8, "U+001B"),
    "zero in a path": ("stills/mara-front.png", '"stills/m\\0.png"', "wrong-value", 9, 32, "U+0000"),
    "second document": ("shots:", "---\nshots:", "syntax", 12, 1, "second document"),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOILED)
def test_a_spoiled_file_says_what_and_where(case, write, good):
    """One slip, one sentence, at the place where the eye must go."""
    old, new, kind, line, column, word = SPOILED[case]
    file = write(good, (old, new))
    first = problems_of(file)[0]
    if kind is not None:
        assert first.kind == kind, first
    if line is not None:
        assert first.where.line == line, first
    if column is not None:
        assert first.where.column == column, first
    assert word in f"{first.message} {first.expected}", first
    assert first.where.file == str(file)
    assert first.message.endswith((".", "?")), first


@pytest.mark.parametrize("case", sorted(c for c, row in SPOILED.items() if row[2] and row[3]))
def test_one_slip_is_one_problem(case, write, good):
    """A slip must not set off a shower of complaints about what hangs on it."""
    old, new, *_ = SPOILED[case]
    several = {
        "id with a slash": 2,  # the reel names it too; that place is shown as well
        "id in capitals": 2,
        "two shots of one id": 2,  # … and the reel's name for the lost one points nowhere
    }
    assert len(problems_of(write(good, (old, new)))) <= several.get(case, 1)


# a whole file → kind, line, a word
WHOLE = {
    "empty file": (b"", "empty-file", 1, "empty"),
    "only a comment": (b"# nothing\n", "empty-file", 1, "empty"),
    "a word": (b"hello\n", "wrong-type", 1, "mapping"),
    "a list": (b"- a\n- b\n", "wrong-type", 1, "mapping"),
    "not UTF-8": (b"title: N\xe4cht\n", "not-utf8", 1, "UTF-8"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0", "not-utf8", 1, "UTF-8"),
    "a zero byte": (b"title: a\0b\nshots: {}\n", "syntax", 1, "character"),
    "no shots": (b"title: x\nshots: {}\n", "no-shots", 2, "no shots"),
    "empty shots": (b"title: x\nshots:\n", "no-shots", 2, "no shots"),
    "shots left out": (b"title: x\n", "missing-key", 1, "`shots`"),
    "shots as a word": (b"title: x\nshots: none\n", "wrong-type", 2, "mapping"),
    "shots as a list": (b"title: x\nshots: [{id: a, kind: t2v, prompt: x}]\n", "wrong-type", 2, "mapping"),
    "a shot as a word": (b"title: x\nshots: {a: rain}\n", "wrong-type", 2, "mapping"),
    "an empty shot": (b"title: x\nshots:\n  a:\n", "wrong-type", 3, "empty"),
    "an unknown alias": (b"title: *t\n", "syntax", 1, "anchor"),
    "an alias of itself": (b"a: &a [*a]\n", "syntax", 1, "anchor"),
    "deep nesting": (b"[" * 100_000, "syntax", 1, "deep"),
    "deep mappings": (b"{a: " * 100_000, "syntax", 1, "deep"),
    "unbalanced": (b"title: [x\n", "syntax", None, ""),
    "a list as a key": (b"[a, b]: c\n", "syntax", 1, "key"),
}  # fmt: skip


@pytest.mark.parametrize("case", WHOLE)
def test_a_file_that_is_no_scene(case, folder):
    """Whatever the bytes are: a sentence, never a traceback, and never a crash of the process."""
    data, kind, line, word = WHOLE[case]
    file = folder / "scene.yaml"
    file.write_bytes(data)
    first = problems_of(file)[0]
    assert first.kind == kind, first
    if line is not None:
        assert first.where.line == line, first
    assert word in f"{first.message} {first.expected}"


def test_a_yaml_bomb_is_refused_quickly(folder):
    """Nine lines of aliases would fill the memory of the machine."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    file = folder / "scene.yaml"
    file.write_text("\n".join(lines))
    started = time.thread_time()
    (problem,) = problems_of(file)
    assert problem.kind == "too-large"
    assert problem.where.line is not None
    assert time.thread_time() - started < 5


def test_a_prompt_of_two_megabytes_is_refused_with_its_place(write, good):
    """It can only be a slip, and no service would take it."""
    file = write(good, ("{action: a slow turn of the head}", "x" * 2_000_000))
    (problem,) = problems_of(file)
    assert (problem.kind, problem.where.line, problem.where.column) == ("too-long", 29, 13)
    assert "2,000,000" in problem.message
    assert len(problem.message) < 200


def test_all_problems_are_told_at_once(write, good):
    """Mending a file is one round, not five: values, names, loops and files together."""
    file = write(
        good,
        ("seed: 7", "seed: -7"),
        ("mara-front.png", "gone.png"),
        ("keyframe: mara.three_quarter", "keyframe: mara.three_quater"),
        ("seconds: 4", "seconds: -3"),
        ("motion: sway", "motion: swing"),
        ("parent: mara-waits", "parent: nobody"),
        ("mara-turns], frame", "ghost], frame"),
    )
    problems = problems_of(file)
    assert [(p.kind, p.where.line) for p in problems] == [
        ("out-of-range", 3),
        ("missing-file", 9),
        ("unknown-parent", 22),
        ("out-of-range", 23),
        ("unknown-keyframe", 27),
        ("unknown-motion", 28),
        ("unknown-shot", 30),
    ]


def test_a_longer_loop_is_told_as_one_problem(write, good):
    """The whole way round is shown, so that one can see where to cut it."""
    chain = "  a: {kind: extend, parent: c}\n  b: {kind: extend, parent: a}\n  c: {kind: extend, parent: b}\n"
    (problem,) = problems_of(
        write(
            good,
            ("shots:\n", f"shots:\n{chain}"),
            ("reel: {order: [platform, mara-waits, mara-listens, mara-turns], ", "reel: {"),
        )
    )
    assert problem.kind == "cycle"
    assert "a → c → b → a" in problem.message or "a → b → c → a" in problem.message


def test_a_frame_of_a_shot_is_an_edge_and_can_close_a_loop(write, good):
    """`keyframe: {from: …}` hangs on that shot as a hop does."""
    file = write(
        good, ("keyframe: mara.front_closeup", "keyframe: {from: mara-listens, frame: last}")
    )
    assert problems_of(file)[0].kind == "cycle"
    file = write(
        good, ("keyframe: mara.three_quarter", "keyframe: {from: mara-listens.2, frame: 12}")
    )
    graph = load_scene(file).graph()
    assert graph.parents("mara-turns") == ("mara-listens.2",)
    file = write(
        good, ("keyframe: mara.three_quarter", "keyframe: {from: mara-listens.4, frame: middle}")
    )
    assert [p.kind for p in problems_of(file)] == ["not-a-choice"]
    file = write(good, ("keyframe: mara.three_quarter", "keyframe: {from: mara-listens.4}"))
    (problem,) = problems_of(file)
    assert (problem.kind, problem.where.column) == ("unknown-parent", 22)
    assert "3 hops" in problem.message


def test_a_text_named_png_is_no_still(write, folder):
    """The name says nothing; the header does."""
    (folder / "stills" / "mara-front.png").write_text("I am not a picture")
    (problem,) = problems_of(write())
    assert (problem.kind, problem.where.line) == ("not-a-picture", 9)


def test_an_empty_still_and_a_giant_one(write, folder):
    """Zero bytes are a failed copy; hundreds of megapixels are a trap for the memory."""
    (folder / "stills" / "mara-front.png").write_bytes(b"")
    Image.new("1", (20_000, 20_000)).save(folder / "stills" / "mara-three-quarter.png")
    assert {p.kind for p in problems_of(write())} == {"empty-file", "not-a-picture"}


def test_a_link_out_of_the_folder_is_refused_unless_allowed(write, folder, tmp_path):
    """A scene file from a stranger must not read what lies beside it."""
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    still = folder / "stills" / "mara-front.png"
    still.rename(outside / "m.png")
    os.symlink(outside / "m.png", still)
    file = write()
    (problem,) = problems_of(file)
    assert problem.kind == "outside-folder"
    allowing = Settings(SCENEGRAPH_ALLOW_PATHS=str(outside))
    assert (
        load_scene(file, settings=allowing).still_of("mara.front_closeup")
        == (outside / "m.png").resolve()
    )


def test_a_link_inside_the_folder_is_fine(write, folder):
    """The harmless case of the same thing."""
    still = folder / "stills" / "mara-front.png"
    still.rename(folder / "real.png")
    os.symlink("../real.png", still)
    assert load_scene(write()).still_of("mara.front_closeup") == (folder / "real.png").resolve()


def test_a_missing_scene_file_and_a_folder(folder, write):
    """The commonest slip of all: a wrong name on the command line."""
    write()
    assert problems_of(folder / "scen.yaml")[0].kind == "missing-file"
    assert "scene.yaml" in problems_of(folder / "scen.yaml")[0].message
    assert problems_of(folder)[0].kind == "not-a-file"


@pytest.mark.parametrize(
    ("name", "text", "kind"),
    [
        ("shots.mara-turns.seconds", "-3", "out-of-range"),
        ("shots.mara-trns.seconds", "3", "unknown-key"),
        ("shots.mara-turns.secnds", "3", "unknown-key"),
        ("shots.mara-turns.seconds.deep", "3", "wrong-type"),
        ("seed.deep", "3", "wrong-type"),
        ("reel.order.9", "platform", "unknown-key"),
        ("shots.mara-listens.parent", "nobody", "unknown-parent"),
        ("shots.mara-turns.keyframe", "mara.side", "unknown-keyframe"),
        ("sede", "7", "unknown-key"),
    ],
)
def test_a_wrong_what_if_names_the_option_as_its_place(name, text, kind, write):
    """The file is right; what was typed is not, and its place is the option."""
    problem = problems_of(write(), overrides={name: text})[0]
    assert problem.kind == kind
    assert problem.where.file == f"--set {name}={text}"
    assert problem.where.line is None


@pytest.mark.skipif(sys.platform == "darwin", reason="its names are UTF-8")
def test_a_folder_whose_name_is_no_text_is_refused(write, good):
    """FFmpeg's command, the ledger and the page hold names as text: it would fail after paying."""
    there = write(good).parent / os.fsdecode(b"f\xff")
    there.mkdir()
    problem = problems_of(Path(shutil.copy(there.parent / "scene.yaml", there)))[0]
    assert problem.kind == "bad-path"
    assert "PYTHONUTF8" in problem.expected


def test_random_bytes_never_give_a_traceback(folder):
    """Anything may be handed to `check`; the only answer to nonsense is SceneInvalid."""
    from hypothesis import HealthCheck, example, given, settings
    from hypothesis import strategies as st

    file = folder / "scene.yaml"

    @settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.one_of(st.binary(max_size=200), st.text(":{}[]&*!|>'\"#-, \n\tabk1~", max_size=80)))
    @example("? a\n: b")
    @example("<<: [a]")
    @example("a: !!map [x]")
    def check(data):
        file.write_bytes(data if isinstance(data, bytes) else data.encode())
        with pytest.raises(SceneInvalid) as caught:
            load_scene(file)
        assert caught.value.problems

    check()
