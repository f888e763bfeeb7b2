"""Fields that changed, as people read them: short ones on a line, texts below each other."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from rich.text import Text

from scenegraph.cli.show import console

if TYPE_CHECKING:
    from scenegraph.plan import Change

#: A text longer than this has a line of its own.
LONG = 40


def show_changes(changes: Iterable[Change]) -> None:
    """Each field as `field: was → now`; in long texts the words that differ stand out."""
    for change in changes:
        was, now = change.was, change.now
        texts = isinstance(was, str) and isinstance(now, str)
        if texts and max(len(was), len(now)) > LONG:
            old, new = marked(was, now)
            console().print(Text(f"  {change.field}:"))
            console().print(Text.assemble("    was  ", old))
            console().print(Text.assemble("    now  ", new))
        else:
            console().print(Text(f"  {change.field}: {_plain(was)} → {_plain(now)}"))


def _plain(value: Any) -> str:
    return "–" if value is None else str(value)


def marked(was: str, now: str) -> tuple[Text, Text]:
    """Both texts whole, with the words in bold that only one of them has.

    >>> [text.plain for text in marked("slow rain", "slow snow")]
    ['slow rain', 'slow snow']
    """
    old, new = (re.findall(r"\s+|\S+", text) for text in (was, now))
    left, right = Text(), Text()
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        style = "" if tag == "equal" else "bold"
        left.append("".join(old[a:b]), style)
        right.append("".join(new[c:d]), style)
    return left, right
