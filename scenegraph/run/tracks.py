"""The sound files of a scene: opened before anything is spent, placed once the reel is cut."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from scenegraph.errors import BrokenMedia, Problem, SceneInvalid
from scenegraph.ledger.timeline import Timeline

if TYPE_CHECKING:
    from scenegraph.cut import Cue
    from scenegraph.scene import Scene


def check_tracks(scene: Scene) -> None:
    """Open every sound file that the scene names.

    Raises:
        SceneInvalid: one is not a sound, is damaged, or is shorter than its offset.
    """
    if scene.reel.audio is None:
        return
    from scenegraph.media.sound import probe_sound  # a scene without sound need not load it

    problems = []
    for at, track in scene.reel.tracks:
        where = scene.where("reel", *at)
        try:
            sound = probe_sound(scene.path(track.file))
        except BrokenMedia as error:
            message = f"The track {track.file!r} cannot be used: {error.reason}."
            problems.append(Problem(message, where, error.next or "", "not-a-sound"))
            continue
        if track.offset >= sound.seconds:
            message = (
                f"The track {track.file!r} is {float(sound.seconds):.1f} s long, and "
                f"{track.offset:g} s of it are skipped."
            )
            problems.append(Problem(message, where, "Make `offset:` smaller.", "out-of-range"))
    if problems:
        raise SceneInvalid(problems)


def cues_of(scene: Scene, timeline: Timeline) -> tuple[list[Cue], list[str]]:
    """The tracks at their places in this reel, and what a person should know of it."""
    if scene.reel.audio is None:
        return [], []
    from scenegraph.cut import Cue
    from scenegraph.media.sound import probe_sound

    length = timeline.frames / timeline.format.rate
    places = places_of(timeline)
    cues, said = [], []
    for _, track in scene.reel.tracks:
        if isinstance(track.at, str) and track.at not in places:
            said.append(
                f"The track {track.file} is not heard: its shot {track.at} is not in the reel."
            )
            continue
        at, until, offset = Fraction(0), None, Fraction(str(track.offset))
        if isinstance(track.at, str):
            start, stop = places[track.at]
            at = start - Fraction(str(track.lead))
            until = None if track.trail is None else stop + Fraction(str(track.trail))
        else:
            at = Fraction(str(track.at))
        if at < 0:  # its beginning is lost, so that the rest stays in step with its shot
            said.append(
                f"The track {track.file} would begin {float(-at):.1f} s before the reel; that much "
                "of its beginning is not heard."
            )
            at, offset = Fraction(0), offset - at
        if at >= length:
            said.append(
                f"The track {track.file} is not heard: it begins at {float(at):.1f} s, and the "
                f"reel ends at {float(length):.1f} s."
            )
            continue
        cues.append(
            Cue(
                sound=probe_sound(scene.path(track.file)),
                role=track.role,
                at=at,
                offset=offset,
                until=until,
                gain_db=track.gain_db,
                fade_in=track.fade_in,
                fade_out=track.fade_out,
                duck=track.duck,
            )
        )
    if any(cue.duck for cue in cues) and not any(cue.role == "voice" for cue in cues):
        said.append("A track has `duck: true`, and there is no voice that it could go under.")
    return cues, said


def places_of(timeline: Timeline) -> dict[str, tuple[Fraction, Fraction]]:
    """When each shot's picture begins and ends in the reel, in seconds, at its first time.

    A shot with hops goes from its first to its last, with the anchors between them. Each hop has a
    place of its own as well.
    """
    places: dict[str, tuple[Fraction, Fraction]] = {}
    before: set[str] = set()
    frame = 0
    for event in timeline.events:
        start = frame / timeline.format.rate
        frame += timeline.event_frames(event)
        stop = frame / timeline.format.rate
        names = {event.shot, event.shot.partition(".")[0]}
        for name in names:
            if name not in places:
                places[name] = (start, stop)
            elif name in before:
                places[name] = (places[name][0], stop)
        before = names
    return places
