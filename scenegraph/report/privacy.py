"""Nothing of the machine leaves with the page: no absolute path, no key.

Every value that the template prints goes through `Scrub` (Jinja's `finalize`), so that no field can
be forgotten. What the template itself says is ours and needs none.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from markupsafe import Markup, escape

#: An absolute path somewhere in a sentence; its last part is what a reader needs.
ABSOLUTE = re.compile(
    r"""(?<![\w:/.~…<])(?:[A-Za-z]:)?[/\\](?:[^\s/\\'"<>:;,]+[/\\])+([^\s/\\'"<>:;,]+)"""
)

FIRST_WORD = re.compile(r"[a-z]+[ ,:]")


class DataUri(str):
    """A picture or a film as text. Never scrubbed: base64 has slashes of its own."""

    __slots__ = ()

    def __html__(self) -> str:
        return self


class AsSent(str):
    """Words that must show as they were sent: known folders are hidden, nothing else is touched."""

    __slots__ = ()


class Scrub:
    """Take folders of this machine and secrets out of text.

    Args:
        folder: the scene's own; paths in it become relative.
        others: further folders that may show up, such as the store.
        secrets: never to be seen, such as the key of the service.

    >>> scrub = Scrub(Path("/films/night"), secrets=["abc:very-secret"])
    >>> scrub("cannot read /films/night/stills/mara.png with abc:very-secret")
    'cannot read stills/mara.png with •••'
    >>> scrub("moov atom not found in /srv/volumes/7/clip.mp4.")
    'moov atom not found in …/clip.mp4.'
    >>> scrub(AsSent("/imagine/a/train"))
    '/imagine/a/train'
    """

    def __init__(
        self, folder: Path, others: Iterable[Path] = (), secrets: Iterable[str] = ()
    ) -> None:
        known = {str(folder): "", str(folder.absolute()): "", str(folder.resolve()): ""}
        for other in (*others, Path.cwd(), Path.home(), Path(tempfile.gettempdir())):
            for form in (str(other), str(other.absolute()), str(other.resolve())):
                known.setdefault(form, "…")
        roots = sorted((root for root in known if len(Path(root).parts) > 1), key=len, reverse=True)
        self._known = known
        forms = {re.escape(form) for root in roots for form in (root, str(escape(root)))}
        ordered = sorted(forms, key=len, reverse=True)
        self._roots = re.compile(rf"(?<![\w/.])({'|'.join(ordered)})([/\\]|(?![\w.-]))")
        self._secrets = tuple(secret for secret in secrets if len(secret) >= 6)

    def __call__(self, value: Any) -> Any:
        # Markup is what macros and drawings give back: their parts came through here already.
        if not isinstance(value, str) or isinstance(value, (DataUri, Markup)):
            return value
        text = self.known(str(value))
        return text if isinstance(value, AsSent) else ABSOLUTE.sub(r"…/\1", text)

    def sentence(self, text: str) -> Markup:
        """A message as a sentence: a capital first, and what stands in backticks as code.

        >>> str(Scrub(Path("/films/night")).sentence("not here: `run` <again>"))
        'Not here: <code>run</code> &lt;again&gt;'
        """
        shown = str(self(text))
        if FIRST_WORD.match(shown):  # a name such as `fal-ai/…` stays as it is
            shown = shown[0].upper() + shown[1:]
        parts = [escape(part) for part in shown.split("`")]
        if len(parts) % 2 == 0:  # one without its other: all of it is text
            return Markup("`").join(parts)
        return Markup("").join(
            Markup("<code>{}</code>").format(part) if n % 2 else part
            for n, part in enumerate(parts)
        )

    def known(self, text: str) -> str:
        """`text` without the folders and secrets that we know of."""
        text = self._roots.sub(self._hide, text)
        for secret in self._secrets:
            text = text.replace(secret, "•••")
        return text

    def _hide(self, found: re.Match[str]) -> str:
        root, slash = found.group(1), found.group(2)
        shown = self._known.get(root, "…")
        if shown:
            return shown + slash
        return "" if slash else "."
