"""Scenes built in Python: the same rules, the same sentences, the same words and numbers."""

# ruff: noqa: E501 - a case is one row of its table, as a line of a scene file is one line
from __future__ import annotations

import pytest

from scenegraph.errors import SceneInvalid, UnknownShot
from scenegraph.scene import (
    NEGATIVE_PROMPT,
    Character,
    DriftOverride,
    ExtendShot,
    FrameOf,
    ImageShot,
    Lora,
    MotionShot,
    Picture,
    Prompt,
    Reel,
    Scene,
    TextShot,
    Transition,
    frame_rate,
    negative_prompt,
    new_frames,
    render_prompt,
    shot_loras,
    shot_parameters,
)

LOOK = "a woman of thirty in a red wool coat"
CAST = {"mara": Character(look=LOOK, keyframes={"front_closeup": "stills/m.png"})}


def a_scene(*shots, **more) -> Scene:
    return Scene(**{"title": "Night train", "characters": CAST, "shots": shots, **more})


def test_the_example_of_the_guide():
    """The shortest scene in Python."""
    scene = a_scene(
        ImageShot(id="a", keyframe="mara.front_closeup", prompt="…"),
        ExtendShot(id="b", parent="a", seconds=4),
    )
    assert scene.graph().order == ("a", "b")
    assert scene.file is None
    assert str(scene.where("shots", "b")) == "scene (in Python)"


@pytest.mark.parametrize(
    ("build", "kind", "word"),
    [
        (lambda: ExtendShot(id="a/b", parent="a"), "bad-id", "a-b"),
        (lambda: ExtendShot(id="b"), "missing-key", "'b'"),
        (lambda: ExtendShot(id="b", parent="a", secnds=3), "unknown-key", "'seconds'"),
        (lambda: ExtendShot(id="b", parent="a", keyframe="m.f"), "unknown-key", "'b'"),
        (lambda: ExtendShot(id="b", parent="a", seconds=1, frames=9), "wrong-value", "both"),
        (lambda: ExtendShot(id="b", parent="a", hops=True), "wrong-type", "true"),
        (lambda: Prompt(), "wrong-value", "nothing"),
        (lambda: Transition(kind="wipe"), "not-a-choice", "`kind` is"),
        (lambda: a_scene(), "no-shots", "no shots"),
        (lambda: a_scene(ExtendShot(id="b", parent="aa"), TextShot(id="a", prompt="x")), "unknown-parent", "'a'"),
        (lambda: a_scene(TextShot(id="a", prompt="x"), TextShot(id="a", prompt="y")), "given-twice", "'a'"),
        (lambda: a_scene(ExtendShot(id="b", parent="b")), "cycle", "itself"),
        (lambda: a_scene(ExtendShot(id="a", parent="b"), ExtendShot(id="b", parent="a")), "cycle", "→"),
        (lambda: a_scene(ImageShot(id="a", keyframe="mira.front_closeup", prompt="x")), "unknown-character", "mara"),
        (lambda: a_scene({"id": "a", "kind": "t2v"}), "missing-key", "`prompt`"),
        (lambda: a_scene(TextShot(id="a", prompt="x"), presets={"p": {"num_frames": "x"}}), "out-of-range", "num_frames"),
    ],
)  # fmt: skip
def test_a_wrong_part_raises_scene_invalid(build, kind, word):
    """A recipe's author sees the film-maker's sentence, not a validator's report."""
    with pytest.raises(SceneInvalid) as caught:
        build()
    problem = caught.value.problems[0]
    assert problem.kind == kind, problem
    assert word in f"{problem.message} {problem.expected}", problem
    assert problem.where.file == "scene (in Python)"


def test_parts_are_frozen():
    """A changed shot is another shot; nobody changes one under a running plan."""
    shot = TextShot(id="a", prompt="x")
    with pytest.raises(ValueError, match="frozen"):
        shot.prompt = "y"


def test_the_name_is_a_slug_whatever_the_title():
    """Slates and ledger rows need a name that a file system and a person can bear."""
    names = [
        a_scene(TextShot(id="a", prompt="x"), title=t).name
        for t in ("Night train!", "Café №1", "夜行列車")
    ]
    assert names[:2] == ["night-train", "cafe-no1"]
    assert names[2].startswith("scene-")


# Prompts


def test_a_structured_prompt_is_rendered_in_one_order():
    """Subject, setting, action, camera, lighting, continuity: what the models follow best."""
    scene = a_scene(
        ImageShot(
            id="a",
            keyframe="mara.front_closeup",
            prompt=Prompt(
                lighting="warm lamp light",
                camera="locked off",
                action="she breathes slowly",
                setting="a train carriage at night",
                subject="mara",
                framing="close-up",
            ),
        )
    )
    assert render_prompt(scene, scene.shots[0]) == (
        f"Close-up, {LOOK}, in a train carriage at night, she breathes slowly. Camera: locked off. "
        "Lighting: warm lamp light. "
        "Continuity: same face, same outfit, same location, no scene cut, no style change."
    )


def test_a_prompt_of_one_text_is_sent_as_it_is():
    """Whoever writes the whole prompt has the last word."""
    scene = a_scene(TextShot(id="a", prompt="mara.  Rain: everywhere"))
    assert render_prompt(scene, scene.shots[0]) == "mara.  Rain: everywhere"


def test_locks_are_not_said_twice():
    """The writer's own wording counts, in any part of the prompt."""
    prompt = Prompt(
        action="she breathes", continuity="same face and outfit, no sudden cut, no style change"
    )
    scene = a_scene(ImageShot(id="a", keyframe="mara.front_closeup", prompt=prompt))
    text = render_prompt(scene, scene.shots[0])
    assert text.endswith(
        "Continuity: same face and outfit, no sudden cut, no style change, same location."
    )


def test_continuity_none_leaves_the_locks_out():
    """There must be a way to mean it."""
    scene = a_scene(TextShot(id="a", prompt=Prompt(action="rain", continuity="none")))
    assert render_prompt(scene, scene.shots[0]) == "Rain."


@pytest.mark.parametrize("who", [True, False], ids=["a person", "a place"])
def test_a_hop_continues_and_fits_what_its_chain_shows(who):
    """A hop describes nothing anew; a chain of rain on a platform has no outfit to keep."""
    start = (
        ImageShot(id="a", keyframe="mara.front_closeup", prompt="x")
        if who
        else TextShot(id="a", prompt="rain")
    )
    scene = a_scene(
        start,
        ExtendShot(id="b", parent="a", hops=2),
        ExtendShot(id="c", parent="b.1", prompt=Prompt(action="a breath")),
    )
    hop = scene.graph().shots["b.2"]
    text = render_prompt(scene, hop)
    assert text.startswith("Continue the same shot seamlessly. ")
    assert ("outfit" in text) is who
    assert "A breath." in render_prompt(scene, scene.shot("c"))


def test_a_directed_shot_follows_its_reference():
    """MultiCondition prompts are short and say what comes from where."""
    scene = a_scene(
        MotionShot(
            id="a", keyframe="mara.front_closeup", motion="sway", prompt=Prompt(action="she turns")
        ),
        motions={"sway": "m.mp4"},
    )
    text = render_prompt(scene, scene.shots[0])
    assert text.startswith(
        "Follow the motion and camera pacing of the reference video. Keep identity"
    )
    assert len(text) < 300


def test_names_in_a_subject_become_looks():
    """The model knows no Mara."""
    cast = {**CAST, "ivo": Character(keyframes={"f": "i.png"})}
    prompt = Prompt(subject="Mara and ivo, marathon runners", action="they wait")
    scene = a_scene(TextShot(id="a", prompt=prompt), characters=cast)
    assert f"{LOOK} and ivo, marathon runners" in render_prompt(scene, scene.shots[0]).replace(
        "A woman", "a woman"
    )


def test_negative_prompts():
    """The default carries the helpers; a preset's and then the shot's own replace it."""
    scene = a_scene(
        TextShot(id="a", prompt="x"),
        TextShot(id="b", prompt="x", preset="mine"),
        TextShot(id="c", prompt="x", preset="mine", negative_prompt=""),
        presets={"mine": {"negative_prompt": "fog"}},
    )
    assert [negative_prompt(scene, shot) for shot in scene.shots] == [NEGATIVE_PROMPT, "fog", ""]


# Parameters and lengths


def test_what_is_more_particular_wins():
    """Scene preset < picture < shot preset < shot parameters."""
    scene = a_scene(
        TextShot(id="a", prompt="x"),
        TextShot(id="b", prompt="x", preset="fast-preview"),
        TextShot(
            id="c",
            prompt="x",
            preset="more-motion",
            parameters={"frame_rate": 12, "enable_detail_pass": True},
        ),
        ExtendShot(id="d", parent="b", preset="fast-preview"),
        preset="long-10s",
        picture=Picture(frame_rate=30),
    )
    assert (scene.picture.resolution, scene.picture.frame_rate) == ("480p", 30)
    a, b, c, d = (shot_parameters(scene, shot) for shot in scene.shots)
    assert (a["frame_rate"], a["resolution"], a["first_pass_num_inference_steps"]) == (
        30,
        "480p",
        9,
    )
    assert (b["frame_rate"], b["expand_prompt"], d["expand_prompt"]) == (24, True, False)
    assert (c["frame_rate"], c["first_pass_num_inference_steps"], c["enable_detail_pass"]) == (
        12,
        12,
        True,
    )
    assert [frame_rate(scene, shot) for shot in scene.shots] == [30, 24, 12, 24]
    assert not any("num_frames" in values or "loras" in values for values in (a, b, c, d))


def test_seconds_are_new_seconds_at_the_shots_own_rate():
    """Four seconds are four seconds more, whatever the endpoint counts."""
    scene = a_scene(
        TextShot(id="a", prompt="x"),
        ExtendShot(id="b", parent="a", seconds=4),
        ExtendShot(id="c", parent="a", seconds=4, preset="smooth-4s"),
        ExtendShot(id="d", parent="a", frames=57),
        ExtendShot(id="e", parent="a", preset="long-10s"),
    )
    assert [new_frames(scene, shot) for shot in scene.shots] == [121, 96, 120, 57, 161]


def test_loras_come_from_the_cast_of_the_chain():
    """A hop shows the person of its start; each adapter is asked for once."""
    cast = {"mara": CAST["mara"].model_copy(update={"loras": (Lora(path="u/mara", scale=0.6),)})}
    scene = a_scene(
        ImageShot(id="a", keyframe="mara.front_closeup", prompt="x"),
        ExtendShot(
            id="b",
            parent="a",
            loras=(Lora(path="u/style", scale=0.5), Lora(path="u/mara", scale=0.4)),
        ),
        TextShot(id="c", prompt="rain"),
        characters=cast,
    )
    assert [[(x.path, x.scale) for x in shot_loras(scene, shot)] for shot in scene.shots] == [
        [("u/mara", 0.6)],
        [("u/mara", 0.4), ("u/style", 0.5)],
        [],
    ]
    assert shot_parameters(scene, scene.shots[0])["loras"] == [{"path": "u/mara", "scale": 0.6}]


def test_a_shots_drift_words_lie_over_the_scenes():
    """What is not said is as the scene says."""
    shot = TextShot(id="a", prompt="x", drift=DriftOverride(rerolls=0, budgets={"cast": 9}))
    scene = a_scene(shot, drift={"on_drift": ["ask"], "budgets": {"hue": 3}})
    policy = scene.drift_of(shot)
    assert (policy.on_drift, policy.rerolls, policy.budgets) == (("ask",), 0, {"hue": 3, "cast": 9})


# The graph


def chainy() -> Scene:
    return a_scene(
        TextShot(id="city", prompt="x"),
        ImageShot(id="a", keyframe="mara.front_closeup", prompt="x"),
        ExtendShot(id="b", parent="a", hops=3),
        ExtendShot(id="other", parent="a"),
        MotionShot(id="anchor", keyframe=FrameOf(shot="a"), parent="b", prompt="x"),
        ExtendShot(id="c", parent="anchor"),
        reel=Reel(order=("city", "b", "c")),
    )


def test_hops_are_written_out():
    """A shot with hops is a chain of shots; to hang on it means to hang on its last."""
    graph = chainy().graph()
    assert list(graph.shots) == ["city", "a", "b.1", "b.2", "b.3", "other", "anchor", "c"]
    assert [graph.shots[id].parent for id in ("b.1", "b.2", "b.3")] == ["a", "b.1", "b.2"]
    assert all(graph.shots[id].hops == 1 for id in ("b.1", "b.2", "b.3"))
    assert graph.parents("anchor") == ("b.3", "a")
    assert graph.reel_order == ("city", "b.1", "b.2", "b.3", "c")


def test_walks_over_the_graph():
    """What hangs on what, how far, and in which lanes."""
    graph = chainy().graph()
    assert graph.chains() == (("city",), ("a", "b.1", "b.2", "b.3"), ("other",), ("anchor", "c"))
    assert graph.descendants("b.2") == {"b.3", "anchor", "c"}
    assert graph.ancestors(["c"]) == {"anchor", "b.3", "b.2", "b.1", "a"}
    assert [graph.remaining(id) for id in ("city", "a", "c")] == [1, 6, 1]
    assert graph.children("a") == ("b.1", "other", "anchor")
    assert set(graph.digraph.edges) == {
        ("a", "b.1"), ("b.1", "b.2"), ("b.2", "b.3"), ("a", "other"), ("b.3", "anchor"), ("a", "anchor"), ("anchor", "c"),
    }  # fmt: skip
    assert graph.digraph.edges["a", "anchor"]["role"] == "frame"


def test_selecting_shots():
    """By id, by the id of a chain of hops, by glob; a slip is told with the nearest name."""
    graph = chainy().graph()
    assert graph.select(["b"]) == {"b.1", "b.2", "b.3"}
    assert graph.select(["b.2", "c*"]) == {"b.2", "c", "city"}
    assert graph.select(["*"]) == set(graph.shots)
    with pytest.raises(UnknownShot) as caught:
        graph.select(["anchr"])
    assert "'anchor'" in caught.value.message
    with pytest.raises(UnknownShot):
        graph.parents("nobody")


def test_order_is_parents_first_even_when_the_story_is_not():
    """A film may show the end first; it is shot in another order."""
    scene = a_scene(
        ExtendShot(id="end", parent="start"),
        TextShot(id="start", prompt="x"),
        TextShot(id="rain", prompt="x"),
    )
    assert scene.graph().order == ("start", "end", "rain")
    assert scene.graph().reel_order == ("end", "start", "rain")


def test_a_copied_scene_has_its_own_graph():
    """Amendments plan a copy; the graph of the first one must not shine through."""
    scene = chainy()
    assert len(scene.graph().shots) == 8
    fewer = scene.model_copy(update={"shots": scene.shots[:2], "reel": Reel()})
    assert list(fewer.graph().shots) == ["city", "a"]
    assert len(scene.graph().shots) == 8
    with pytest.raises(UnknownShot):
        fewer.shot("c")


def test_paths_start_at_the_folder_and_stay_in_it(tmp_path):
    """Also a scene that has no file yet reads nothing outside its place."""
    scene = a_scene(TextShot(id="a", prompt="x")).in_folder(tmp_path)
    assert scene.still_of("mara.front_closeup") == (tmp_path / "stills" / "m.png").resolve()
    with pytest.raises(SceneInvalid):
        scene.path("../secret.png")
    with pytest.raises(SceneInvalid) as caught:
        scene.check_files()
    assert caught.value.problems[0].kind == "missing-file"
