"""Scene files of chains of shots: a start from words, and hops behind it, each with its words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

_CAMERA = ("locked off", "slow push-in", "handheld, close", "a slow pan to the left")
_LIGHT = ("cold, high contrast", "soft window light", "one lamp from the side", "first daylight")


def write_scene(
    folder: Path,
    lengths: Sequence[int],
    *,
    seconds: Callable[[str], float] | None = None,
    **more: object,
) -> Path:
    """A scene of chains of these many shots as a person would write it, nothing shortened.

    Prompts are in parts, so that words are rendered for each shot. `seconds` gives each shot its
    length; `more` are further fields of the scene.
    """
    written: dict[str, dict[str, object]] = {}
    for chain, shots in enumerate(lengths):
        for hop in range(shots):
            prompt = {
                "action": f"she counts to {hop + 1} and looks at door {chain + 1}",
                "camera": _CAMERA[(chain + hop) % 4],
                "lighting": _LIGHT[(chain + 2 * hop) % 4],
            }
            if hop == 0:
                first = {"framing": "wide shot", "setting": f"an empty platform {chain + 1}"}
                written[name(chain, 0)] = {"kind": "t2v", "prompt": {**first, **prompt}}
            else:
                parent = name(chain, hop - 1)
                written[name(chain, hop)] = {"kind": "extend", "parent": parent, "prompt": prompt}
    for id, shot in written.items() if seconds is not None else ():
        shot["seconds"] = seconds(id)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "scene.yaml"
    text = yaml.safe_dump({"title": "Many shots", **more, "shots": written}, sort_keys=False)
    file.write_text(text, encoding="utf-8")
    return file


def name(chain: int, hop: int) -> str:
    """The id of one shot."""
    return f"c{chain}-{hop}"
