"""Reading and writing scene files: YAML's traps are closed, and nothing is lost on the way."""

# ruff: noqa: E501 - a case is one row of its table, as a line of a scene file is one line
from __future__ import annotations

import json
import math
import pickle
import time
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scenegraph.errors import Place, SceneInvalid
from scenegraph.scene import (
    FIXES,
    Character,
    DriftOverride,
    DriftPolicy,
    ExtendShot,
    FrameOf,
    ImageShot,
    Lora,
    LoraUse,
    MotionShot,
    Picture,
    Prompt,
    Reel,
    Scene,
    SceneLora,
    TextShot,
    Transition,
    json_schema,
    load_scene,
    scene_text,
)
from scenegraph.scene.budgets import MEASURED
from scenegraph.scene.places import plain_value, read_yaml

ONE = "title: {title}\nshots:\n  a:\n    kind: t2v\n    prompt: rain\n"


def test_the_good_scene_loads(write, folder):
    """The floor that every other test stands on."""
    scene = load_scene(write())
    assert scene.name == "night-train"
    assert [shot.id for shot in scene.shots] == [
        "platform",
        "mara-waits",
        "mara-listens",
        "mara-turns",
    ]
    assert scene.budget_usd == Decimal("6")
    assert scene.folder == folder
    assert scene.still_of("mara.three_quarter") == folder / "stills" / "mara-three-quarter.png"
    assert scene.motion_of("sway").is_file()


def test_yaml_traps_are_closed(write, good):
    """In YAML 1.1 these are 969, false, true, a date and octal; a writer means words."""
    file = write(good, ("a slow turn of the head", "no, on"), ("title: Night train", "title: no"))
    scene = load_scene(file)
    assert scene.picture.aspect_ratio == "16:9"
    assert scene.title == "no"
    assert scene.shot("mara-turns").prompt.action == "no, on"


@pytest.mark.parametrize(
    "title", ["1984", "1.0", "1e3", "true", "007", "0x1F", "2026-01-01", "12:30:45"]
)
def test_a_title_may_look_like_anything(title, folder):
    """`title: 1984` is the book, and `007` keeps its zeros."""
    file = folder / "scene.yaml"
    file.write_text(ONE.format(title=title))
    assert load_scene(file).title == title


def test_words_after_a_comma_stay_in_their_sentence(write):
    """`{lighting: cold, high contrast}` means what it says; YAML alone reads a second key."""
    prompt = load_scene(write()).shot("platform").prompt
    assert prompt.lighting == "cold, high contrast"
    assert prompt.action == "rain drifts"


def test_words_without_a_colon_elsewhere_are_unknown_keys(write, good):
    """Only prompts hold prose; in `{kind, t2v}` a colon was forgotten."""
    file = write(good, ("frame_rate: 24}\nbudget", "frame_rate: 24, fast}\nbudget"))
    with pytest.raises(SceneInvalid) as caught:
        load_scene(file)
    assert caught.value.problems[0].kind == "unknown-key"


def test_json_is_a_scene_file_too(write, folder):
    """Programs write JSON, with tabs and with characters in two halves."""
    scene = load_scene(write())
    from scenegraph.scene.save import scene_data

    data = scene_data(scene)
    data["title"] = "Night 🚂 train"
    text = json.dumps(data, indent="\t", default=float)
    assert "\\ud83d" in text
    file = folder / "scene.json"
    file.write_text(text)
    loaded = load_scene(file)
    assert loaded.title == "Night 🚂 train"
    assert loaded.shots == scene.shots


def test_anchors_and_merges_are_fine(folder):
    """Shots that share half their lines may say so."""
    file = folder / "scene.yaml"
    file.write_text(
        "title: x\nshots:\n  a: &base\n    kind: t2v\n    prompt: &p {action: rain}\n    seconds: 2\n"
        "  b: {<<: *base, seconds: 3}\n  c:\n    <<: [*base]\n    prompt: *p\n"
    )
    a, b, c = load_scene(file).shots
    assert (a.seconds, b.seconds, c.seconds) == (2, 3, 2)
    assert a.prompt == b.prompt == c.prompt
    changed = load_scene(file, overrides={"shots.a.prompt.action": "snow"})
    assert [shot.prompt.action for shot in changed.shots] == ["snow", "rain", "rain"]


def test_windows_line_ends_and_a_byte_order_mark(write, good):
    """Editors on Windows add both, and nobody sees them."""
    file = write()
    plain = load_scene(file)
    file.write_bytes(b"\xef\xbb\xbf" + good.replace("\n", "\r\n").encode())
    assert load_scene(file) == plain


def test_what_if_values_leave_the_file_alone(write):
    """`plan --set` asks a question; it changes nothing."""
    file = write()
    before = file.read_bytes()
    overrides = {
        "shots.mara-turns.prompt.action": "she turns: slowly",
        "shots.mara-turns.seconds": "3",
        "drift.rerolls": "5",
        "reel.order.0": "platform",
        "title": "1984",
    }
    scene = load_scene(file, overrides=overrides)
    assert scene.shot("mara-turns").prompt.action == "she turns: slowly"
    assert scene.shot("mara-turns").seconds == 3
    assert (scene.drift.rerolls, scene.title) == (5, "1984")
    assert file.read_bytes() == before
    place = scene.where("shots", "mara-turns", "seconds")
    assert place == Place("--set shots.mara-turns.seconds=3")


def test_places_of_fields(write):
    """Every later message about a shot can point into the file."""
    file = write()
    scene = load_scene(file)
    assert scene.where("shots", "mara-turns", "keyframe") == Place(str(file), 27, 15)
    assert scene.where("shots", "mara-turns") == Place(str(file), 25, 3)
    assert scene.where("shots", "mara-listens.2", "parent") == Place(str(file), 22, 13)
    assert scene.where("shots", "mara-turns", "seed") == Place(str(file), 25, 3)
    assert pickle.loads(pickle.dumps(scene)).where("title") == Place(str(file), 2, 8)


@given(st.text("0123456789.eE+-_:~nultrafseTRUEFALS", max_size=8))
def test_a_plain_word_is_a_number_only_when_it_is_one(text):
    """The reader's own idea of a number agrees with Python's, and everything else is text."""
    value = plain_value(text)
    if isinstance(value, float) and math.isfinite(value):
        assert value == float(text)
    elif isinstance(value, float):
        assert text.lower().lstrip("+-") in (".nan", ".inf")
    elif isinstance(value, int) and not isinstance(value, bool):
        assert value == int(text)
    else:
        assert value in (text, None, True, False)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=12,
    )
)
def test_reading_json_gives_what_json_means(value):
    """JSON is the part of YAML whose meaning nobody disputes."""
    text = json.dumps({"k": value})
    reading = read_yaml(text, "x")
    if any(ord(c) in range(0x7F, 0xA0) or ord(c) in (0xFFFE, 0xFFFF) for c in text):
        return
    if "<<" in text or len(text.split("[")) > 30:
        return
    big = [n for n in _numbers(value) if len(str(abs(n))) > 40]
    assert not reading.problems
    assert big or reading.root == {"k": value}


def _numbers(value):
    if isinstance(value, bool):
        return []
    if isinstance(value, int):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [n for part in value for n in _numbers(part)] if isinstance(value, list) else []


# A scene built in Python equals the scene loaded from the file that it saves.

letters = st.characters(exclude_categories=["Cc", "Cs"], include_characters="\t\n")
words = st.text(letters, min_size=1, max_size=30).filter(lambda t: t.strip())
names = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True)
ids = st.from_regex(r"[a-z0-9][a-z0-9-]{0,8}", fullmatch=True)
numbers = st.floats(0.01, 1000, allow_nan=False) | st.integers(1, 1000)
json_values = st.recursive(
    st.booleans()
    | st.integers(-(2**40), 2**40)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
    max_leaves=4,
)
free_names = names.map(lambda name: f"x_{name}")  # no field that the engine fills in itself
prompts = words | st.builds(
    Prompt,
    action=words,
    **{
        part: st.none() | words
        for part in ("framing", "subject", "setting", "camera", "lighting", "continuity")
    },
)
kinds = st.sampled_from(["character", "style", "wardrobe", "object"])
scales = st.floats(0, 4)
scene_loras = st.builds(SceneLora, kind=kinds, path=words, scale=scales, everywhere=st.booleans())
written = st.builds(
    Lora, path=words, scale=scales, weight_name=st.none() | words, kind=st.none() | kinds
)


def loras_of(listed):
    """Adapters written out, or named from the scene's list, alone or at another scale."""
    if not listed:
        return written
    name = st.sampled_from(sorted(listed))
    return written | name | st.builds(LoraUse, name=name, scale=st.none() | scales)


@st.composite
def scenes(draw) -> Scene:
    listed = draw(st.dictionaries(names, scene_loras, max_size=2))
    loras = loras_of(listed)
    fixes = st.lists(st.sampled_from(list(FIXES)), max_size=2).map(tuple)
    cast = draw(
        st.dictionaries(
            names,
            st.builds(
                Character,
                look=st.none() | words,
                keyframes=st.dictionaries(names, words, min_size=1, max_size=3),
                loras=st.lists(loras, max_size=2).map(tuple),
            ),
            min_size=1,
            max_size=3,
        )
    )
    stills = [f"{who}.{frame}" for who, character in cast.items() for frame in character.keyframes]
    motions = draw(st.dictionaries(names, words, max_size=2))
    presets = draw(
        st.dictionaries(names, st.dictionaries(free_names, json_values, max_size=2), max_size=2)
    )
    shots = []
    for id in draw(st.lists(ids, min_size=1, max_size=6, unique=True)):
        earlier = [shot.id for shot in shots]
        common = {
            "id": id,
            "prompt": draw(prompts),
            "negative_prompt": draw(st.none() | words),
            "seconds": draw(st.none() | numbers),
            "seed": draw(st.none() | st.integers(0, 2**31 - 1)),
            "preset": draw(st.none() | st.sampled_from(["smooth-4s", *presets])),
            "loras": tuple(draw(st.lists(loras, max_size=1))),
            "parameters": draw(st.dictionaries(free_names, json_values, max_size=2)),
            "drift": draw(
                st.none() | st.builds(DriftOverride, rerolls=st.none() | st.integers(0, 20))
            ),
            "fixes": draw(fixes),
            "expects_face": draw(st.sampled_from([None, "always", "never"])),
            "allow": tuple(draw(st.lists(words, max_size=1))),
            "notes": draw(st.none() | words),
        }
        still = draw(st.sampled_from(stills))
        if earlier and draw(st.booleans()):
            still = draw(
                st.builds(
                    FrameOf,
                    shot=st.sampled_from(earlier),
                    frame=st.integers(0, 99) | st.just("last"),
                )
            )
        kind = draw(st.sampled_from(["t2v", "i2v", "extend", "multicondition"]))
        if kind == "extend" and earlier:
            shots.append(
                ExtendShot(
                    parent=draw(st.sampled_from(earlier)), hops=draw(st.integers(1, 4)), **common
                )
            )
        elif kind == "multicondition":
            motion = draw(st.sampled_from([None, *motions]))
            parent = draw(st.sampled_from([None, *earlier]))
            shots.append(MotionShot(keyframe=still, motion=motion, parent=parent, **common))
        elif kind == "i2v":
            shots.append(ImageShot(keyframe=still, **common))
        else:
            shots.append(TextShot(**common))
    all_ids = [shot.id for shot in shots]
    reel = Reel(
        order=draw(st.none() | st.permutations(all_ids).map(tuple)),
        frame_rate=draw(st.none() | st.integers(1, 60)),
        transitions=draw(
            st.dictionaries(
                st.sampled_from(all_ids),
                st.builds(Transition, kind=st.sampled_from(["cut", "dissolve"])),
                max_size=2,
            )
        ),
        audio=draw(st.none() | words),
    )
    return Scene(
        title=draw(words),
        seed=draw(st.integers(0, 2**31 - 1)),
        preset=draw(st.sampled_from(["cinematic-5s", "long-10s", "more-motion"])),
        picture=draw(st.builds(Picture) | st.builds(Picture, resolution=st.sampled_from(["480p", "720p"]), frame_rate=st.integers(1, 60))),
        budget_usd=draw(st.none() | st.decimals(0, 1000, places=2)),
        characters=cast,
        motions=motions,
        loras=listed,
        fixes=draw(fixes),
        presets=presets,
        shots=shots,
        drift=draw(st.builds(DriftPolicy, rerolls=st.integers(0, 9), budgets=st.dictionaries(st.sampled_from(MEASURED), st.floats(0.001, 9), max_size=2))),
        reel=reel,
        tail_frames=draw(st.sampled_from([65, 129])),
    )  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(scenes())
def test_a_scene_built_in_python_equals_the_one_it_saves(tmp_path_factory, scene):
    """Code and file are two spellings of one thing; going through a file loses nothing."""
    folder = tmp_path_factory.mktemp("saved")
    file = scene.save(folder / "scene.yaml")
    loaded = load_scene(file, check_media=False)
    assert loaded == scene
    again = loaded.save(folder / "again.yaml")
    assert again.read_bytes() == file.read_bytes()


def test_equality_ignores_where_the_file_lies(write, folder):
    """A scene moved to another disk wants the same pictures."""
    one = load_scene(write())
    other = folder / "renamed.yaml"
    other.write_bytes((folder / "scene.yaml").read_bytes() + b"# a comment\n")
    two = load_scene(other)
    assert one == two
    assert one.where("title") != two.where("title")
    assert one != load_scene(other, overrides={"seed": "8"})


def test_a_saved_file_names_a_schema_that_is_there(write, folder):
    """Editors complete a file only when its first line leads to a schema."""
    scene = load_scene(write())
    saved = scene.save(folder / "copy.yaml")
    first = saved.read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=./.scenegraph/scene.schema.json"
    assert json.loads((folder / ".scenegraph" / "scene.schema.json").read_text()) == json_schema()
    (folder.parent / "scene.schema.json").write_text("{}")
    assert (
        scene.save(folder / "copy.yaml")
        .read_text()
        .startswith("# yaml-language-server: $schema=../scene.schema.json\n")
    )
    assert (
        scene.save(folder / "copy.yaml", schema="x")
        .read_text()
        .startswith("# yaml-language-server: $schema=x\n")
    )


def test_the_saved_text_is_as_a_person_writes_it(write, golden):
    """People go on in the file that a recipe wrote."""
    golden("scene_saved.yaml", scene_text(load_scene(write()), schema="./scene.schema.json"))


def test_the_schema_describes_the_file(golden):
    """The schema is what editors know of the format; a change of it is reviewed here."""
    schema = json_schema()
    golden("scene_schema.json", json.dumps(schema, indent=1))
    shots = schema["properties"]["shots"]
    assert shots["type"] == "object"
    refs = {ref["$ref"].rsplit("/", 1)[1] for ref in shots["additionalProperties"]["oneOf"]}
    assert refs <= schema["$defs"].keys()
    for name in refs:
        assert "id" not in schema["$defs"][name]["properties"]
        assert schema["$defs"][name]["additionalProperties"] is False


def test_a_thousand_shots_load_fast(folder):
    """Planning answers while one types; reading the file may take a part of that."""
    shots = "\n".join(
        f"  shot-{n}:\n    kind: {'t2v' if n % 10 == 0 else 'extend'}\n"
        + (f"    parent: shot-{n - 1}\n" if n % 10 else "")
        + "    seconds: 4\n    prompt:\n      framing: close-up\n      action: she breathes\n"
        for n in range(1000)
    )
    file = folder / "scene.yaml"
    file.write_text(f"title: long\nshots:\n{shots}")
    load_scene(file)
    best = min(_timed(file) for _ in range(5))
    assert best < 0.4, f"{best:.3f} s"  # some 0.06 s


def _timed(file: Path) -> float:
    """Seconds of this thread's own work: others on the machine do not count."""
    started = time.thread_time()
    load_scene(file).graph()
    return time.thread_time() - started
