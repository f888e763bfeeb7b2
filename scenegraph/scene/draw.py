"""The graph as mermaid and as dot. Everything that a person wrote is escaped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from scenegraph.scene.graph import ShotGraph
from scenegraph.scene.shots import ExtendShot

#: What a state of a shot looks like: fill and line, readable on light and on dark paper.
TONES: Mapping[str, tuple[str, str]] = {
    "good": ("#d9f2e3", "#1f7a4a"),
    "work": ("#dbe9fb", "#2b62b3"),
    "wait": ("#ececf1", "#6b6b7b"),
    "warn": ("#fdebc8", "#a8690a"),
    "bad": ("#fbdcda", "#b3261e"),
    "ask": ("#ecdffb", "#6f3fb5"),
}
#: Words of plan, ledger and run, by how they look.
TONE_OF: Mapping[str, str] = {
    **dict.fromkeys(("keep", "kept", "circled", "good", "reviewed"), "good"),
    **dict.fromkeys(("shoot", "intended", "submitted", "running", "answered", "fetched"), "work"),
    **dict.fromkeys(("wait", "reattach", "queued", "blocked"), "wait"),
    **dict.fromkeys(("stale", "drifted", "pinned"), "warn"),
    **dict.fromkeys(("lost", "refused", "rejected", "broken"), "bad"),
    **dict.fromkeys(("ask", "unknown"), "ask"),
}
KIND_WORDS: Mapping[str, str] = {
    "t2v": "from words",
    "i2v": "from a still",
    "extend": "goes on",
    "multicondition": "directed",
}


def _lines(
    graph: ShotGraph, id: str, state: Mapping[str, str], labels: Mapping[str, str]
) -> Iterator[str]:
    yield id
    yield graph.shots[id].kind
    if id in state:
        yield state[id]
    if id in labels:
        yield labels[id]


def _clean(text: str, most: int = 120) -> str:
    """One line without control characters, not too long."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return text if len(text) <= most else text[: most - 1] + "…"


def _numbered(graph: ShotGraph) -> dict[str, str]:
    return {id: f"s{n}" for n, id in enumerate(graph.shots)}


def draw_mermaid(
    graph: ShotGraph,
    *,
    state: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> str:
    """A mermaid flowchart: chains as lanes, dotted edges for frames used as keyframes.

    Args:
        graph: the shots.
        state: a word for each shot, such as a plan's action; it sets the colour.
        labels: one more line for each shot, such as its price.
    """
    state, labels = state or {}, labels or {}
    names = _numbered(graph)
    lines = ["flowchart LR"]
    for n, chain in enumerate(graph.chains()):
        nodes = []
        for id in chain:
            words = "<br/>".join(
                _mermaid(_clean(line)) for line in _lines(graph, id, state, labels)
            )
            tone = TONE_OF.get(state.get(id, ""))
            nodes.append(f'{names[id]}["{words}"]' + (f":::{tone}" if tone else ""))
        if len(nodes) > 1:
            lines += [f'  subgraph lane{n}[" "]', "    direction LR"]
            lines += [f"    {node}" for node in nodes]
            lines.append("  end")
        else:
            lines.append(f"  {nodes[0]}")
    for id, shot in graph.shots.items():
        for parent in shot.parents:
            arrow = (
                "-->"
                if isinstance(shot, ExtendShot)
                else "==>"
                if parent == shot.tail_of
                else "-.->"
            )
            lines.append(f"  {names[parent]} {arrow} {names[id]}")
    used = dict.fromkeys(TONE_OF[word] for word in state.values() if word in TONE_OF)
    for tone in used:
        fill, line = TONES[tone]
        lines.append(f"  classDef {tone} fill:{fill},stroke:{line},color:#16161d")
    return "\n".join(lines) + "\n"


def _mermaid(text: str) -> str:
    return "".join(c if c.isalnum() or c in " .-_,:/$…×" else f"#{ord(c)};" for c in text)


def draw_dot(
    graph: ShotGraph,
    *,
    state: Mapping[str, str] | None = None,
    labels: Mapping[str, str] | None = None,
) -> str:
    """Graphviz dot: chains as clusters, dashed edges for frames used as keyframes."""
    state, labels = state or {}, labels or {}
    names = _numbered(graph)
    lines = [
        "digraph scene {",
        "  rankdir=LR;",
        '  bgcolor="transparent";',
        '  node [shape=box, style="rounded,filled", fillcolor="#f4f4f7", color="#6b6b7b",'
        ' fontname="sans-serif"];',
    ]
    for n, chain in enumerate(graph.chains()):
        indent = "  "
        if len(chain) > 1:
            lines.append(f'  subgraph cluster_{n} {{ label=""; color="#c9c9d2"; style=rounded;')
            indent = "    "
        for id in chain:
            words = "\\n".join(_dot(_clean(line)) for line in _lines(graph, id, state, labels))
            tone = TONE_OF.get(state.get(id, ""))
            look = f', fillcolor="{TONES[tone][0]}", color="{TONES[tone][1]}"' if tone else ""
            lines.append(f'{indent}{names[id]} [label="{words}"{look}];')
        if len(chain) > 1:
            lines.append("  }")
    for id, shot in graph.shots.items():
        for parent in shot.parents:
            look = "" if parent == shot.tail_of else " [style=dashed]"
            lines.append(f"  {names[parent]} -> {names[id]}{look};")
    return "\n".join([*lines, "}"]) + "\n"


def _dot(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
