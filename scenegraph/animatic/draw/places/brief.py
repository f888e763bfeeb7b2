"""The words of an establishing shot, read as a production designer would."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scenegraph.animatic.draw.places.paint import Colour, mix, rgb

#: First match wins: the more particular place stands above the more general one.
PLACES: tuple[tuple[str, str], ...] = (
    (
        "carriage",
        r"(train|metro|subway|tram|bus)\s*(carriage|interior|car\b|cabin|compartment|window|seat)|"
        r"inside (a|the) (train|metro|subway|tram|bus)|\bcarriage|\bcompartment",
    ),
    ("platform", r"\bplatform|\bstation\b|railway|\btrain|\btracks\b|\bmetro\b|\bsubway"),
    (
        "sea",
        r"\bsea\b|ocean|\bbeach|\bshore|\bcoast|harbou?r|lighthouse|\bwaves?\b|\bcliff|"
        r"\bpier\b|\blake\b|\bbay\b|\bsail",
    ),
    ("hallway", r"hallway|corridor|passage|\btunnel|\baisle|\bhospital|\bhotel\b"),
    (
        "room",
        r"\broom\b|bedroom|kitchen|\bcaf[eé]|\bbar\b|\bdiner|interior|apartment|\boffice|"
        r"library|\bdesk|\btable|\blamp light|study\b|\bhouse\b|\bhome\b|cabin",
    ),
    ("forest", r"forest|\bwoods?\b|\btrees?\b|jungle|\bpines?\b|\bgrove"),
    ("desert", r"desert|\bdunes?\b|\bsand|sahara|\bmesa|canyon|wasteland"),
    (
        "street",
        r"\bstreets?\b|\balley|\broad\b|\bavenue|\bsidewalk|\bpavement|\blane\b|\bmarket",
    ),
    (
        "city",
        r"\bcity|skyline|rooftop|downtown|metropolis|skyscraper|\btown\b|\burban|\bbridge",
    ),
    (
        "mountains",
        r"mountain|\bpeaks?\b|valley|\bhills?\b|\bsnow(y|field)?\b|\bfields?\b|meadow|"
        r"countryside|landscape|\bplains?\b|\balps?\b|\bfarm",
    ),
)

TIMES: tuple[tuple[str, str], ...] = (
    ("dusk", r"dusk|sunset|twilight|golden hour|evening|blue hour|sundown"),
    ("dawn", r"dawn|sunrise|first light|early morning|daybreak"),
    ("night", r"\bnight|midnight|moon|starlit|neon|\bdark\b|lamplight|nocturnal"),
    ("day", r"\bday|noon|sunny|sunlit|bright|morning|afternoon|blue sky"),
)


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of an hour: sky from top to horizon, shapes far and near, lamps, and the key."""

    top: Colour
    middle: Colour
    horizon: Colour
    far: Colour
    near: Colour
    lamp: Colour
    key: Colour


def _palette(*colours: str) -> Palette:
    return Palette(*(rgb(colour) for colour in colours))


PALETTES = {
    "night": _palette("#060a1c", "#0f1d40", "#2b4270", "#1c2b50", "#05070f", "#ffb765", "#b4c8ff"),
    "dusk": _palette("#1d2050", "#6b3f78", "#f58a5b", "#6d4468", "#120d1e", "#ffc27a", "#ffb27a"),
    "dawn": _palette("#4f7fb0", "#c4a9b8", "#ffd3a4", "#93869f", "#252a42", "#ffd9a0", "#ffe2bf"),
    "day": _palette("#3b86cc", "#86bde6", "#d9e9f0", "#8fb0c4", "#27383a", "#fff0cf", "#fff6e2"),
    "storm": _palette("#12171f", "#2b343f", "#66727a", "#3a444c", "#0a0d12", "#ffcf8a", "#c6d6e4"),
}


@dataclass(frozen=True, slots=True)
class Brief:
    """What to build: the place, its hour, its weather, its colours."""

    place: str
    time: str
    palette: Palette
    rain: bool = False
    snow: bool = False
    fog: bool = False
    storm: bool = False
    neon: bool = False

    @property
    def dark(self) -> bool:
        return self.time in ("night", "dusk") or self.storm

    @property
    def wet(self) -> bool:
        return self.rain or self.storm


def read_brief(prompt: str) -> Brief:
    """A place for any words; a street at dusk when they name none.

    >>> brief = read_brief("an empty platform at night, rain drifts through the lamplight")
    >>> brief.place, brief.time, brief.rain
    ('platform', 'night', True)
    """

    def has(pattern: str) -> bool:
        return re.search(pattern, prompt, re.I) is not None

    storm = has(r"\bstorm|thunder|lightning|tempest|\bgale\b|hurricane")
    place = next((name for name, words in PLACES if has(words)), "sea" if storm else "city")
    time = next((name for name, words in TIMES if has(words)), "dusk")
    palette = PALETTES["storm" if storm and time != "night" else time]
    if storm and time == "night":
        palette = Palette(*(mix(a, b, 0.45) for a, b in zip(
            _values(PALETTES["night"]), _values(PALETTES["storm"]), strict=True)))  # fmt: skip
    if has(r"\bwarm\b|tungsten|golden|candle|amber"):
        palette = _leaning(palette, rgb("#ffb060"), 0.10)
    if has(r"\bcold\b|\bicy\b|\bblue\b|winter|steel"):
        palette = _leaning(palette, rgb("#6aa0ff"), 0.10)
    return Brief(
        place,
        time,
        palette,
        rain=storm or has(r"\brain|drizzl|downpour|\bwet\b"),
        snow=has(r"\bsnow(s|ing|fall|flakes?|storm)?\b|blizzard"),
        fog=has(r"\bfog|\bmist|\bhaz[ey]|steam|smoke"),
        storm=storm,
        neon=has(r"neon|cyberpunk|\bsigns?\b"),
    )


def _values(palette: Palette) -> tuple[Colour, ...]:
    p = palette
    return p.top, p.middle, p.horizon, p.far, p.near, p.lamp, p.key


def _leaning(palette: Palette, to: Colour, share: float) -> Palette:
    """The whole palette a little towards one colour, each as light as it was."""
    leaned: list[Colour] = []
    for colour in _values(palette):
        light = max(colour)
        leaned.append(mix(colour, (to[0] * light, to[1] * light, to[2] * light), share * 2.5))
    return Palette(*leaned)
