"""What a scene wants made of its reel, made; and what this FFmpeg could not make, told before."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from scenegraph.errors import SceneGraphError
from scenegraph.media import ffmpeg_exe
from scenegraph.run.events import Listener, ReelEvent
from scenegraph.scene import Deliverable, Scene
from scenegraph.settings import Settings

if TYPE_CHECKING:
    from scenegraph.cut import Delivery, Film, MasterSound
    from scenegraph.ledger import Ledger


def wishes(scene: Scene, *, small: bool = False, burn_in: bool = False) -> tuple[Deliverable, ...]:
    """What is to be made of a reel; of a small one nothing but the burn-in."""
    wanted = () if small else scene.reel.deliver
    if burn_in and not any(one.format == "burn-in" for one in wanted):
        wanted = (*wanted, Deliverable(format="burn-in"))
    return wanted


def delivery_keys(film: Film, wanted: Sequence[Deliverable], settings: Settings) -> list[str]:
    """The names of the notes that the store keeps for these."""
    from scenegraph.cut import delivery_key

    exe = ffmpeg_exe(settings)
    return [delivery_key(film, one, exe) for one in wanted if not one.is_the_reel]


async def delivered(
    film: Film,
    wanted: Sequence[Deliverable],
    ledger: Ledger,
    sound: MasterSound | None,
    *,
    settings: Settings,
    listener: Listener,
) -> tuple[Delivery, ...]:
    """Make them; one that fails is told in it, and costs neither the reel nor the others."""
    from scenegraph.cut import deliver

    def tell(what: str, done: int, total: int) -> None:
        listener(ReelEvent(done=done, total=total, what=what))

    made = await deliver(
        film,
        wanted,
        ledger.store.segments,
        sound=sound,
        settings=settings,
        on_progress=tell,
    )
    return tuple(made)


def cannot_deliver(wanted: Sequence[Deliverable], settings: Settings | None = None) -> list[str]:
    """Sentences about those that the FFmpeg in use has no encoder for."""
    from scenegraph.cut import must_be_makeable

    said = []
    for one in wanted:
        try:
            must_be_makeable(one, ffmpeg_exe(settings))
        except SceneGraphError as error:
            said.append(f"{error.message} {error.next}")
    return said
