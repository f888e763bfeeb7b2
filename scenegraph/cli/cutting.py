"""The command `cut`: a scene's kept takes, or any clips, joined into one film."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Annotated

import typer

from scenegraph.cli.options import AsJson, Export, Out, Store
from scenegraph.cli.results import show_result
from scenegraph.cli.show import cannot_write, say, show_json
from scenegraph.errors import SceneError
from scenegraph.units import exact_rate

#: Containers that a reel of H.264 is joined into.
REELS = (".mp4", ".mov", ".m4v", ".mkv")


def add_to(app: typer.Typer) -> None:
    app.command()(cut)


def cut(
    what: Annotated[
        list[Path], typer.Argument(metavar="SCENE|CLIP…", help="A scene file, or clips in order.")
    ],
    out: Out = None,
    store: Store = None,
    target: Annotated[
        int | None, typer.Option(min=1, metavar="FRAMES", help="Length of the film (clips only).")
    ] = None,
    rate: Annotated[
        str | None, typer.Option(metavar="FPS", help="Rate of the film (clips only).")
    ] = None,
    export: Export = None,
    timeline: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Cut as in this .otio file that you edited."),
    ] = None,
    preview: Annotated[
        bool, typer.Option("--preview", help="A quick look in a low size; the reel stays.")
    ] = False,
    burn_in: Annotated[
        bool,
        typer.Option("--burn-in", help="A copy with slate, time code and source frame as well."),
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Cut the circled takes of a scene again, or any clips, at low-motion points.

    What the scene's `reel.deliver` lists is made anew where the reel is another one.

    Example: `scenegraph cut scene.yaml`, or `scenegraph cut a.mp4 b.mp4 --out film.mp4`, or
    `scenegraph cut scene.yaml --export otio`, or `scenegraph cut scene.yaml --preview --burn-in`
    """
    if what[0].suffix.lower() not in (".yaml", ".yml", ".json"):
        if export is not None or timeline is not None or preview or burn_in:
            raise SceneError(
                "--export, --timeline, --preview and --burn-in are for scenes.",
                next="`scenegraph cut SCENE --export otio`",
            )
        return _cut_clips(what, out or Path("film.mp4"), target, rate, as_json)
    if len(what) > 1:
        raise SceneError("One scene is cut at a time.", next="`scenegraph cut SCENE`")
    if target is not None or rate is not None:
        raise SceneError(
            "--target and --rate are for clips; a scene says its own rate.",
            next="Set `reel.frame_rate` in the scene file.",
        )
    if export is None:
        return _cut_scene(what[0], out, store, timeline, preview, burn_in, as_json)
    if preview or burn_in:
        raise SceneError(
            "--export writes no picture, so --preview and --burn-in have no place in it.",
            next="Export and cut in two calls.",
        )
    from scenegraph.cli import exporting

    return exporting.export(
        what[0], export.value, out=out, store=store, edited=timeline, as_json=as_json
    )


def _cut_scene(
    scene: Path,
    out: Path | None,
    store: str | None,
    edited: Path | None,
    small: bool,
    burn_in: bool,
    as_json: bool,
) -> int:
    from scenegraph.cli.live import watching
    from scenegraph.run import cut_again

    must_take_a_reel(out)
    with watching([]) as listener:
        result = cut_again(
            scene,
            store=store,
            out=out,
            edited=edited,
            small=small,
            burn_in=burn_in,
            listener=listener,
        )
    if as_json:
        assert result.timeline is not None
        show_json({**result.to_json(), "timeline": result.timeline.to_json()})
    else:
        show_result(result)
    return result.exit_code


def _cut_clips(
    clips: list[Path], film: Path, target: int | None, rate: str | None, as_json: bool
) -> int:
    import tempfile

    from scenegraph.cli.live import watching
    from scenegraph.run.looking import cut_clips

    must_take_a_reel(film)
    wanted = _rate(rate)
    with (
        tempfile.TemporaryDirectory(prefix="scenegraph-") as folder,
        watching([]) as listener,
    ):
        reel = cut_clips(
            clips, film, target=target, rate=wanted, segments=Path(folder), listener=listener
        )
    made = reel.timeline
    if as_json:
        show_json(
            {
                "reel": str(reel.path),
                "reel_frames": made.frames,
                "reel_check": reel.check.to_json() if reel.check else None,
                "notices": list(reel.notices),
                "timeline": made.to_json(),
            }
        )
        return 0
    for notice in reel.notices:
        say(notice, "yellow")
    say(f"{reel.path}: {made.frames} frames, {made.duration_s:.1f} s")
    if made.left_out:
        say(f"Left out, for they show too little: {', '.join(made.left_out)}", "yellow")
    return 0


def must_take_a_reel(out: Path | None) -> None:
    """Told before anything is shot, not after.

    Raises:
        SceneError: no reel can be written to this file.
    """
    if out is None:
        return
    if out.suffix.lower() not in REELS:
        raise SceneError(
            f"{out} does not end like a film.", next=f"A reel ends in {' or '.join(REELS)}."
        )
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from error
    if out.is_dir() or not os.access(out.parent, os.W_OK):
        raise SceneError(f"{out} cannot be written.", next="Name another file with --out.")


def _rate(text: str | None) -> Fraction | None:
    if text is None:
        return None
    try:
        rate = exact_rate(text)
    except (ValueError, ZeroDivisionError):
        rate = Fraction(0)
    if not 1 <= rate <= 240:
        raise SceneError(
            f"{text!r} is not a rate from 1 to 240.", next="Write 24, 29.97 or 30000/1001."
        )
    return rate
