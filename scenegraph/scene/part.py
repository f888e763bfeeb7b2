"""What every part of a scene is, and the plainest values in it."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from scenegraph.errors import SceneInvalid
from scenegraph.scene.problems import problems_in_python

#: A prompt longer than this is a mistake: the model reads some 256 tokens of it.
LONGEST_PROMPT = 5000
NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]*$"

#: What drives a terminal and says nothing to a reader; tabs and line breaks are words' own.
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def _is_plain(text: str) -> str:
    found = _CONTROL.search(text)
    if found:
        raise ValueError(f"holds a control character (U+{ord(found[0]):04X}); leave it out")
    return text


Whole = Annotated[int, Field(strict=True)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Plain = AfterValidator(_is_plain)
Words = Annotated[str, Field(min_length=1, max_length=LONGEST_PROMPT), Plain]
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=64)]
FilePath = Annotated[str, Field(min_length=1, max_length=1024), Plain]


class Part(BaseModel):
    """Anything that a scene is made of.

    Building one in Python with wrong values raises `SceneInvalid` with all problems, in the same
    words as a scene file's.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", populate_by_name=True, str_strip_whitespace=True
    )

    def __init__(self, /, **data: Any) -> None:
        try:
            super().__init__(**data)
        except ValidationError as error:
            raise SceneInvalid(problems_in_python(type(self), error, data)) from None

    # Without this mark pydantic would call __init__ for every part inside a scene, one by one.
    __init__.__pydantic_base_init__ = True  # type: ignore[attr-defined]
