"""Model files that the user brings: named by a path, checked by their hash, never fetched."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from scenegraph.errors import SceneError, did_you_mean

BLOCK = 1 << 20
_SHA = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Published:
    """A model file that its makers published, by the sha256 that their repository states."""

    name: str
    job: str
    licence: str


#: From the Git LFS pointers of opencv/opencv_zoo. The smaller ones are quantised.
PUBLISHED: Mapping[str, Published] = {
    "8f2383e4dd3cfbb4553ea8718107fc0423210dc964f9f4280604804ed2552fa4": Published(
        "yunet-2023mar", "detector", "MIT"
    ),
    "d0405ddda91a261af340e087219dfbac26cea1575aab2ccb7f2ed41e20708a82": Published(
        "yunet-2023mar-int8", "detector", "MIT"
    ),
    "49f000ec501fef24739071fc7e68267d32209045b6822c0c72dce1da25726f10": Published(
        "yunet-2023mar-int8bq", "detector", "MIT"
    ),
    "0ba9fbfa01b5270c96627c4ef784da859931e02f04419c829e83484087c34e79": Published(
        "sface-2021dec", "embedder", "Apache-2.0"
    ),
    "2b0e941e6f16cc048c20aee0c8e31f569118f65d702914540f7bfdc14048d78a": Published(
        "sface-2021dec-int8", "embedder", "Apache-2.0"
    ),
    "fb143eea07838aa532d1c95df5f69899974ea0140e1fba05e94204be13ed74ee": Published(
        "sface-2021dec-int8bq", "embedder", "Apache-2.0"
    ),
}


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A model file that is there and is what it was said to be.

    Attributes:
        sha256: of its bytes.
        published: what it is known as; None for a file that only the user knows.
        options: what was written behind `#`, but for the hash.
    """

    path: Path
    sha256: str
    published: Published | None
    options: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What it is called in reports: its published name, or its own and its hash's start."""
        if self.published is not None:
            return self.published.name
        return f"{self.path.stem}@{self.sha256[:12]}"


def model_file(
    told: str, setting: str, *, job: str, options: Collection[str] = (), any_file: bool = False
) -> ModelFile:
    """Read `PATH` or `PATH#sha256=…&option=…`, and check the file.

    Args:
        setting: the name of the setting, for messages.
        job: `detector` or `embedder`: what the file must be good for.
        options: what may stand behind `#` besides the hash.
        any_file: a file whose hash nobody stated is taken too (its hash is in its name).

    Raises:
        SceneError: no such file, another file than was stated, or one that nobody vouches for.
    """
    place, _, fragment = told.partition("#")
    path = Path(place).expanduser()
    wanted = _options(fragment, setting, {"sha256", *options})
    stated = wanted.pop("sha256", "").lower()
    if stated and not _SHA.fullmatch(stated):
        raise SceneError(
            f"{setting}: the sha256 {stated!r} is not 64 hexadecimal digits.",
            next=f"`sha256sum {path}` prints it.",
        )
    found = _hash(path, setting)
    if stated and stated != found:
        raise SceneError(
            f"{setting}: {path} is another file than its sha256 says: {found}.",
            next="Get the file again from where its hash was published, or state its own hash.",
        )
    published = PUBLISHED.get(found)
    if published is not None and published.job != job:
        raise SceneError(
            f"{setting}: {path} is {published.name}, a face {published.job}, not a face {job}.",
            next="Exchange SCENEGRAPH_FACE_DETECTOR and SCENEGRAPH_FACE_EMBEDDER.",
        )
    if published is None and not stated and not any_file:
        known = ", ".join(one.name for one in PUBLISHED.values() if one.job == job)
        raise SceneError(
            f"{setting}: {path} is none of the face {job}s known here ({known}); "
            f"its sha256 is {found}.",
            next=f"If it is the file you mean, say so: {setting}={place}#sha256={found}",
        )
    return ModelFile(path, found, published, wanted)


def _options(fragment: str, setting: str, known: Collection[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, fragment.split("&")):
        name, equals, value = part.partition("=")
        if name not in known or not equals or not value:
            raise SceneError(
                f"{setting}: {part!r} is nothing that may stand behind `#`."
                f"{did_you_mean(name, sorted(known))}",
                next=f"Known: {', '.join(sorted(known))}; such as PATH#sha256=…",
            )
        found[name] = value
    return found


def _hash(path: Path, setting: str) -> str:
    digest = sha256()
    try:
        with path.open("rb") as file:
            head = file.read(BLOCK)
            if head.startswith(b"version https://git-lfs"):
                raise SceneError(
                    f"{setting}: {path} is not the model but a note of Git LFS about it.",
                    next="`git lfs pull` in that repository fetches the file itself.",
                )
            digest.update(head)
            while block := file.read(BLOCK):
                digest.update(block)
    except OSError as error:
        raise SceneError(
            f"{setting}: {path} cannot be read: {error.strerror}.",
            next="Check the path. Model files are never fetched for you.",
        ) from error
    return digest.hexdigest()
