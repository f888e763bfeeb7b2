"""Write the API reference from the docstrings: `python docs/api.py [FOLDER]`.

One Markdown page for each package, `docs/api/` by default, with an index. What a package promises
in `__all__` is on its page: signatures, fields, docstrings as they stand in the code.
"""

from __future__ import annotations

import inspect
import re
import sys
import textwrap
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from workflows import Recipe

#: Faces for users first, then the rooms.
PACKAGES = (
    "scenegraph", "workflows", "scenegraph.scene", "scenegraph.errors", "scenegraph.units",
    "scenegraph.settings", "scenegraph.catalog", "scenegraph.plan", "scenegraph.run",
    "scenegraph.ledger", "scenegraph.media", "scenegraph.review", "scenegraph.cut",
    "scenegraph.fal", "scenegraph.animatic", "scenegraph.report",
)  # fmt: skip
SECTIONS = ("Args", "Attributes", "Returns", "Raises", "Yields", "Source", "Note")


def promised(module: ModuleType) -> list[str]:
    """The public names of a package or module, sorted."""
    named = getattr(module, "__all__", None)
    if named is None:
        named = [
            name
            for name, thing in vars(module).items()
            if not name.startswith("_") and getattr(thing, "__module__", None) == module.__name__
        ]
    return sorted((name for name in named if not name.startswith("__")), key=str.casefold)


def write_reference(folder: Path) -> list[Path]:
    """All pages; returns their files."""
    folder.mkdir(parents=True, exist_ok=True)
    written, index = [], ["# API reference\n", "Written by `python docs/api.py`.\n"]
    for package in PACKAGES:
        module = import_module(package)
        file = folder / f"{package}.md"
        file.write_text("\n".join(page(module)), "utf-8")
        written.append(file)
        first = (inspect.getdoc(module) or "").partition("\n")[0]
        names = ", ".join(f"[`{n}`]({package}.md#{n.lower()})" for n in promised(module))
        index += [f"## [{package}]({package}.md)\n", f"{first}\n", f"{names}\n"]
    file = folder / "README.md"
    file.write_text("\n".join(index), "utf-8")
    return [*written, file]


def page(module: ModuleType) -> Iterator[str]:
    """One package, line by line."""
    yield f"# {module.__name__}\n"
    yield from _doc(inspect.getdoc(module) or "")
    for name in promised(module):
        thing = getattr(module, name)
        yield f"## {name}\n"
        if isinstance(thing, Recipe):
            yield from _recipe(thing)
        elif inspect.isclass(thing):
            yield from _class(name, thing)
        elif inspect.isroutine(thing):
            yield f"```python\n{_called(name, thing)}\n```\n"
            yield from _doc(inspect.getdoc(thing) or "")
        else:
            yield f"`{_short(thing)}`\n"


def _recipe(recipe: Recipe[Any]) -> Iterator[str]:
    own = [p for p in recipe.parameters if not p.common]
    yield f"`scenegraph new FILE --workflow {recipe.name} …`, in Python by keyword:\n"
    yield f"{recipe.summary}\n"
    if recipe.about:
        yield f"{recipe.about}\n"
    yield "| argument | default | |\n| --- | --- | --- |"
    for one in own:
        default = "needed" if one.required else f"`{one.default!r}`"
        yield f"| `{one.name}` | {default} | {one.help} |"
    yield "\nand what every recipe takes: `SceneOptions`.\n"


def _class(name: str, thing: type) -> Iterator[str]:
    bases = [base.__name__ for base in thing.__bases__ if base is not object]
    yield f"```python\nclass {name}{f'({chr(44).join(bases)})' if bases else ''}\n```\n"
    yield from _doc(inspect.getdoc(thing) or "")
    if issubclass(thing, BaseModel):
        yield "| field | type | default | |\n| --- | --- | --- | --- |"
        for field, info in thing.model_fields.items():
            kind = _cell(_type(info.annotation))
            default = "needed" if info.is_required() else f"`{_cell(_default(info))}`"
            yield f"| `{field}` | `{kind}` | {default} | {_cell(info.description or '')} |"
        yield ""
    elif not issubclass(thing, Exception) and "__init__" in vars(thing):
        yield f"```python\n{_called(name, thing)}\n```\n"
    for member, value in sorted(vars(thing).items()):
        if member.startswith("_") or member == "model_config":
            continue
        plain = value.__func__ if isinstance(value, classmethod | staticmethod) else value
        if isinstance(plain, property):
            yield f"**`.{member}`** {_first(plain.fget)}\n"
        elif inspect.isfunction(plain) and inspect.getdoc(plain):
            yield f"```python\n{_called(f'.{member}', plain)}\n```\n"
            yield from _doc(inspect.getdoc(plain) or "")


def _default(info: Any) -> str:
    value = info.get_default(call_default_factory=True)
    return "" if value is PydanticUndefined else _short(value)


def _first(function: Any) -> str:
    return (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ")


def _type(annotation: Any) -> str:
    """An annotation as one would write it, without what only a validator reads."""
    origin, inside = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(inside[0])
    if origin in (Union, UnionType):
        return " | ".join(dict.fromkeys(map(_type, inside)))
    if origin is Literal:
        return " | ".join(map(repr, inside))
    name = getattr(annotation, "__name__", str(annotation))
    if annotation in (type(None), ...):
        return "None" if annotation is type(None) else "…"
    return f"{name}[{', '.join(map(_type, inside))}]" if inside else name


def _called(name: str, thing: Any) -> str:
    """The call with its arguments, one on a line where it is long."""
    try:
        signature = str(inspect.signature(thing))
    except (TypeError, ValueError):
        return name
    signature = re.sub(r"\b(?:[a-z_]+\.)+([A-Z]\w*)", r"\1", signature).replace("'", "")
    signature = re.sub(r"\((self|cls)(, )?", "(", signature, count=1)
    signature = re.sub(r"<(?:function )?(\w+)[^<>]* at 0x\w+>", r"\1", signature)
    return "\n".join(textwrap.wrap(name + signature, 100, subsequent_indent="    "))


def _short(value: Any) -> str:
    return _short_text(re.sub(r" at 0x\w+", "", repr(value)))


def _short_text(text: str) -> str:
    return text if len(text) <= 120 else f"{text[:119]}…"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def _doc(text: str) -> Iterator[str]:
    """A docstring as Markdown: sections become lists, doctests become code."""
    inside, code = "", False
    for line in text.splitlines():
        head = re.fullmatch(rf"({'|'.join(SECTIONS)}):", line)
        is_code = line.lstrip().startswith((">>> ", "... ")) or (code and bool(line.strip()))
        if is_code != code:
            yield "```" if code else "\n```python"
            code = is_code
        if is_code:
            yield line.strip() if line.lstrip().startswith(">>>") else line
        elif head:
            inside = head[1]
            yield f"\n*{inside}*\n"
        elif inside and re.match(r"    (\*{0,2}[\w, .]+): ", line):
            name, _, told = line.strip().partition(": ")
            yield f"* `{name}`: {told}"
        elif inside:
            yield f"  {line.strip()}" if line.strip() else ""
        else:
            yield line
    yield "```\n" if code else ""


def main(words: list[str]) -> None:
    folder = Path(words[0]) if words else Path(__file__).parent / "api"
    written = write_reference(folder)
    kilobytes = sum(file.stat().st_size for file in written) / 1000
    print(f"{folder}: {len(written)} pages, {kilobytes:.0f} kB")


if __name__ == "__main__":
    main(sys.argv[1:])
