"""On labelled cases: overlaps of answers with their parents, and media that are broken."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

from scenegraph.review import find_overlap, watch
from scenegraph.review.prints import Prints

Case = dict[str, Any]

#: One file in a process of its own: what it was taken for, CPU seconds, and the most memory.
ALONE = """
import json, resource, sys
from pathlib import Path
from scenegraph.errors import SceneGraphError
from scenegraph.media import open_still
from scenegraph.review import look
path, found = Path(sys.argv[1]), {}
try:
    if path.suffix == ".png":
        open_still(path)
        found = {"is": "ok"}
    else:
        review = look(path)
        if review.clip is None:
            found = {"is": "error", "said": review.reasons[0]}
        else:
            odd = [*review.warnings, *(review.reasons if review.verdict == "broken" else ())]
            found = {"is": "warn" if odd else "ok", "said": "; ".join(odd), **review.clip}
except SceneGraphError as error:
    found = {"is": "error", "said": error.message}
used = resource.getrusage(resource.RUSAGE_SELF)
children = resource.getrusage(resource.RUSAGE_CHILDREN)
found["mb"] = max(used.ru_maxrss, children.ru_maxrss) // 1024
found["s"] = sum((used.ru_utime, used.ru_stime, children.ru_utime, children.ru_stime))
print(json.dumps(found))
"""


def prints_of(path: Path) -> Prints:
    return watch(path).prints


def print_overlaps(folder: Path, cases: list[Case], jobs: int) -> None:
    """How many overlaps are exact, on moving and on near-still pairs."""
    names = sorted({case[end] for case in cases for end in ("parent", "answer")})
    with ProcessPoolExecutor(jobs) as pool:
        seen = dict(zip(names, pool.map(prints_of, [folder / n for n in names]), strict=True))
    print("\n| overlaps | exact | within one | of | wrong |\n|---|---|---|---|---|")
    for still in (False, True):
        mine = [case for case in cases if bool(case["near_static"]) is still]
        off = {
            case["id"]: abs(
                find_overlap(seen[case["parent"]], seen[case["answer"]]).frames - case["overlap"]
            )
            - case["tol"]
            for case in mine
        }
        exact, near = sum(n <= 0 for n in off.values()), sum(n <= 1 for n in off.values())
        wrong = [name for name, by in off.items() if by > 0]
        kind = "near-still pairs" if still else "moving pairs"
        print(f"| {kind} | {exact} | {near} | {len(mine)} | {wrong or ''} |")


def is_as_labelled(case: Case, found: Case) -> bool:
    """The word is the label's; frames, and the size as it is shown, are too where it names them."""
    same = found["is"] == case["expect"]
    if same and found["is"] != "error" and "frames" in found:
        turned = int(found.get("rotation") or 0) % 180 != 0
        size = [found["width"], found["height"]]
        shown = {"frames": found["frames"], "size": size[::-1] if turned else size}
        wanted = {"frames": case.get("frames"), "size": [case.get("width"), case.get("height")]}
        same = wanted["frames"] in (None, shown["frames"])
        same = same and (wanted["size"][0] is None or wanted["size"] in (size, shown["size"]))
    return same


def print_broken(folder: Path, cases: list[Case]) -> None:
    """What broken media are taken for, and what looking at the worst of them costs."""
    wrong, seconds, memory = [], 0.0, 0
    for case in cases:
        done = subprocess.run(
            [sys.executable, "-c", ALONE, str(folder / case["file"])],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            wrong.append(f"{case['id']}: {done.stderr.strip().splitlines()[-1]}")
            continue
        found = json.loads(done.stdout.splitlines()[-1])
        seconds, memory = max(seconds, found["s"]), max(memory, found["mb"])
        if not is_as_labelled(case, found):
            wrong.append(f"{case['id']}: {found['is']}, labelled {case['expect']}")
    print("\n| broken media | as labelled | of | most CPU s | most MB | wrong |")
    print("|---|---|---|---|---|---|")
    right = len(cases) - len(wrong)
    print(f"| | {right} | {len(cases)} | {seconds:.1f} | {memory} | {'; '.join(wrong)} |")
