"""What a browser may do with the page: run our own script, use our own style, and nothing else.

Each is named by the hash of its text, so that no word of a scene can become a script, wherever in
the page it should get to.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256


def source_of(text: str) -> str:
    """An inline script or style as a policy names it.

    >>> source_of("")
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='"
    """
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode('ascii')}'"


def content_policy(scripts: Iterable[str], styles: Iterable[str], *, linked: bool) -> str:
    """The page's Content-Security-Policy.

    Args:
        scripts, styles: the texts between the tags, to the letter.
        linked: films lie beside the page instead of in it.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src {' '.join(map(source_of, scripts))}",
            f"style-src {' '.join(map(source_of, styles))}",
            "img-src data:",
            f"media-src data: blob:{' file: ' + chr(39) + 'self' + chr(39) if linked else ''}",
            "base-uri 'none'",
            "form-action 'none'",
        )
    )
