"""What the documents say is true: blocks run, scenes load, links lead somewhere."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

import scenegraph
from scenegraph.animatic import FaultPlan
from scenegraph.catalog import load_catalog
from scenegraph.cli.main import run_command
from scenegraph.plan.presets import price_presets
from scenegraph.scene import (
    FIXES,
    RULES,
    AnimaticSettings,
    Character,
    DriftPolicy,
    ExtendShot,
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
    load_scene,
)
from scenegraph.scene.presets import BUILT_IN, DEFAULT_FRAMES, DEFAULT_PRESET
from scenegraph.units import usd_text

HOME = Path(__file__).parents[2]
STILLS = HOME / "samples" / "night-train" / "stills"
PAGES = [
    *(HOME / name for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md")),
    HOME / "benchmarks" / "README.md",
    *sorted((HOME / "docs").rglob("*.md")),
]
#: What a fragment may lean on.
AROUND: dict[str, Any] = {
    "title": "Night train",
    "characters": {"mara": {"keyframes": {"front_closeup": "a.jpg", "three_quarter": "b.jpg"}}},
    "motions": {"sway": "motions/sway.mp4"},
    "shots": {
        "platform": {"kind": "t2v", "prompt": "Rain."},
        "mara-waits": {"kind": "i2v", "keyframe": "mara.front_closeup", "prompt": "She waits."},
        "mara-listens": {"kind": "extend", "parent": "mara-waits", "prompt": "She listens."},
        "mara-turns": {
            "kind": "multicondition",
            "keyframe": "mara.three_quarter",
            "motion": "sway",
            "prompt": "She turns.",
        },
    },
}


def blocks(language: str, *pages: Path) -> list[Any]:
    """Every block of a language, named by its page and line."""
    found = []
    for page in pages or PAGES:
        text = page.read_text(encoding="utf-8")
        for block in re.finditer(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
            line = text.count("\n", 0, block.start()) + 1
            found.append(pytest.param(block[1], id=f"{page.name}:{line}"))
    return found


def calls(*pages: Path) -> list[list[str]]:
    """Every `scenegraph …` of the shell blocks, in words."""
    texts = [block.values[0].replace("\\\n", " ") for block in blocks("bash", *pages)]
    lines = [line for text in texts for line in text.splitlines()]
    parts = [part for line in lines for part in line.partition("#")[0].split("&&")]
    return [shlex.split(part) for part in parts if part.strip().startswith("scenegraph ")]


def without_blocks(page: Path) -> str:
    return re.sub(r"^```.*?^```$", "", page.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)


def tiny(scene: Scene) -> Scene:
    """The same scene with shots of a second or less, in the small size."""
    shots = [shot.model_copy(update={"seconds": None, "frames": 17}) for shot in scene.shots]
    update = {"shots": tuple(shots), "picture": Picture(resolution="480p")}
    return scene.model_copy(update=update)


@pytest.mark.ffmpeg
@pytest.mark.parametrize("code", blocks("python", HOME / "README.md"))
def test_the_python_of_the_readme_runs(code, tmp_path, monkeypatch):
    """A stranger copies it beside a still of that name and gets a reel (here: a very short one)."""
    (tmp_path / "stills").mkdir()
    for still in STILLS.glob("*.jpg"):
        shutil.copy(still, tmp_path / "stills")
    monkeypatch.chdir(tmp_path)
    shoot = scenegraph.run
    monkeypatch.setattr(scenegraph, "run", lambda scene: shoot(tiny(scene)))
    told: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), told)
    assert told["result"].exit_code == 0
    assert told["result"].reel.is_file()
    assert Scene.load(tmp_path / "scene.yaml") == told["scene"]


@pytest.mark.ffmpeg
def test_the_python_of_its_page_runs_and_answers_a_mistake(tmp_path, monkeypatch, capsys):
    """The one page that a developer copies from: a reel, or what is wrong and the exit code."""
    (block,) = blocks("python", HOME / "docs" / "python.md")
    (code,) = block.values
    (tmp_path / "stills").mkdir()
    shutil.copy(STILLS / "mara-front.jpg", tmp_path / "stills")
    monkeypatch.chdir(tmp_path)
    told: dict[str, Any] = {}
    exec(compile(code, "python.md", "exec"), told)
    assert told["code"] == 0
    assert Path("night-train.preview.mp4").is_file()
    capsys.readouterr()
    assert told["shoot"]("stills/nobody.jpg") == 2
    assert "'stills/nobody.jpg'" in capsys.readouterr().out


@pytest.mark.parametrize("text", blocks("yaml"))
def test_every_file_in_the_documents_loads(text, tmp_path):
    """A whole scene, a fragment that only needs the rest of one around it, or a fault plan."""
    data = yaml.safe_load(text) or {}
    if "faults" in data:
        (tmp_path / "faults.yaml").write_text(text, encoding="utf-8")
        assert len(FaultPlan.load(tmp_path / "faults.yaml").faults) == len(data["faults"])
        return
    if not {"title", "shots"} <= data.keys():
        text = yaml.safe_dump({**AROUND, **data}, sort_keys=False)
    (tmp_path / "scene.yaml").write_text(text, encoding="utf-8")
    assert load_scene(tmp_path / "scene.yaml", check_media=False).shots


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_relative_link_leads_somewhere(page):
    """Pictures and pages that a reader clicks on are there."""
    links = re.findall(r"\]\(([^)\s]+)\)", without_blocks(page))
    near = [link.partition("#")[0] for link in links if "://" not in link]
    assert [link for link in near if link and not (page.parent / link).exists()] == []


def test_every_command_that_the_documents_name_exists(capsys):
    """Each `scenegraph WORD` of a shell block has a help page, and each option is on it."""
    assert len(calls()) >= 8
    for words in calls():
        assert run_command([words[1], "--help"]) == 0, words
        page = capsys.readouterr().out
        if words[1] == "new":
            continue  # a recipe's own arguments are not on its page; the next test calls it
        options = [word for word in words[2:] if word.startswith("--")]
        assert [option for option in options if option not in page] == [], words


def test_the_recipe_of_the_readme_writes_a_scene(tmp_path, monkeypatch):
    """Beside a still of that name, the command gives a file that loads."""
    shutil.copytree(STILLS, tmp_path / "stills")
    monkeypatch.chdir(tmp_path)
    (words,) = [words for words in calls(HOME / "README.md") if words[1] == "new"]
    assert run_command(words[1:]) == 0
    assert len(load_scene(tmp_path / words[2]).graph().shots) > 1


FIELDS: list[tuple[type[BaseModel], set[str]]] = [
    (Scene, set()),
    (Picture, set()),
    (Character, set()),
    (DriftPolicy, set()),
    (Reel, set()),
    (Transition, set()),
    (AnimaticSettings, set()),
    (Lora, set()),
    (LoraUse, set()),
    (SceneLora, set()),
    (Prompt, set()),
    *((kind, {"id", "kind"}) for kind in (TextShot, ImageShot, ExtendShot, MotionShot)),
]


@pytest.mark.parametrize(("model", "but"), FIELDS, ids=lambda one: getattr(one, "__name__", ""))
def test_every_field_of_a_scene_file_is_explained(model, but):
    """A field that is added to the format is added to its page."""
    page = without_blocks(HOME / "docs" / "scene-files.md")
    said = set(re.findall(r"[a-z_]+", " ".join(re.findall(r"`[^`]+`", page))))
    assert set(model.model_fields) - but - said == set()


def test_the_page_of_scene_files_has_the_presets_as_they_are():
    """Names, lengths and steps in the table are those of the code."""
    page = (HOME / "docs" / "scene-files.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `([a-z0-9-]+)` \| (.+) \|$", page, re.MULTILINE))
    for name, preset in BUILT_IN.items():
        first, second = (preset[f"{n}_pass_num_inference_steps"] for n in ("first", "second"))
        assert f"{first}, {second}" in rows[name]
        assert str(preset.get("num_frames", "–")) in rows[name]
        assert preset.get("resolution", "–") in rows[name]
    assert f"| `preset` | `{DEFAULT_PRESET}` |" in page


def test_the_page_of_scene_files_has_the_fixes_as_they_are():
    """The words in the table are those that are sent."""
    page = (HOME / "docs" / "scene-files.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `([a-z-]+)` \| [^|]+ \| (.+) \|$", page, re.MULTILINE))
    assert {(name, " ".join(fix.phrases)) for name, fix in FIXES.items()} - rows == set()


def test_the_page_on_the_craft_has_the_prices_as_they_are():
    """What a look costs on each model is what the command says."""
    page = (HOME / "docs" / "craft.md").read_text(encoding="utf-8")
    found = {(row.preset, row.model): row for row in price_presets(load_catalog())}
    looks = ("cinematic-5s", "smooth-4s", "long-10s", "fast-preview")
    for name in looks:
        told = []
        for model, kinds in (
            ("ltxv-13b-098-distilled", ("i2v", "extend")),
            ("ltx-video-13b-distilled", ("i2v", "multicondition")),
            ("ltx-video-13b-dev", ("i2v",)),
        ):
            price = {kind.kind: kind for kind in found[name, model].kinds}
            told += [
                f"{'' if price[k].known else 'at most '}{usd_text(price[k].usd)}" for k in kinds
            ]
        assert f"| `{name}` | {' | '.join(told)} |" in page
    for name in BUILT_IN.keys() - set(looks):
        assert f"`{name}`" in page
        assert found[name, "ltxv-13b-098-distilled"].kinds[0].num_frames == DEFAULT_FRAMES


def test_the_page_on_the_craft_has_the_rules_as_they_are():
    """Every number, its name and how grave it is."""
    page = (HOME / "docs" / "craft.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| (SG\d+) \| `([a-z0-9-]+)` \| (\w+) \|", page, re.MULTILINE))
    assert rows == {(rule.number, rule.name, rule.severity) for rule in RULES}


def test_the_page_about_fal_has_the_prices_of_the_catalog():
    """A price that changes in the catalog changes here."""
    page = (HOME / "docs" / "fal.md").read_text(encoding="utf-8")
    for name, family in load_catalog().families.items():
        row = re.search(rf"^\| `{name}` \| (.+) \|$", page, re.MULTILINE)
        assert row is not None, name
        prices = [
            family.endpoint(kind).price for kind in ("t2v", "i2v", "extend", "multicondition")
        ]
        told = [f"${p.usd} per {p.unit}" if p.known else "not known" for p in prices]
        assert row[1].split(" | ") == told


def test_the_samples_name_the_schema_of_this_version():
    """Editors complete by the file that lies beside the samples."""
    kept = json.loads((HOME / "samples" / "scene.schema.json").read_text(encoding="utf-8"))
    assert kept == scenegraph.scene.json_schema()
