"""Addresses: which may be followed, which may see the key, and how a lost one is built again."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Collection
from urllib.parse import quote, urlsplit

from scenegraph.ledger.takes import QueueUrls
from scenegraph.settings import LOOPBACK

#: fal's own domains; only these, and the bases that the settings name, may be sent credentials.
FAL_DOMAINS = ("fal.run", "fal.ai", "fal.media")
#: Owners whose addresses have one segment more before the app.
SHIFTED = ("workflows", "comfy")
_PLAIN_ID = re.compile(r"^[A-Za-z0-9_-]{1,200}$")


def origin(url: str) -> str:
    """Scheme, host and port, in one spelling; "" for what is no web address.

    >>> origin("https://Queue.fal.run:443/a/b"), origin("http://localhost:80/x"), origin("x:y")
    ('https://queue.fal.run', 'http://localhost', '')
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname:
        return ""
    usual = {"http": 80, "https": 443}[parts.scheme]
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}" + (f":{port}" if port not in (None, usual) else "")


def is_loopback(url: str) -> bool:
    """This machine by name: `localhost`, its addresses, and names under `.localhost` (RFC 6761)."""
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        return False
    return host in LOOPBACK or host.endswith(".localhost")


def may_follow(url: str, bases: Collection[str]) -> bool:
    """An answered address that may be asked: of a known base, or https to a named public host.

    >>> bases = ("https://queue.fal.run",)
    >>> [may_follow(u, bases) for u in ("https://queue.fal.run/a/requests/1", "https://v3b.fal.media/x",
    ...     "http://queue.fal.run/a", "https://10.0.0.1/x", "https://u:p@x.y/z", "file:///etc/passwd")]
    [True, True, False, False, False, False]
    """
    where = origin(url)
    if not where or "@" in urlsplit(url).netloc:
        return False
    if where in {origin(base) for base in bases}:
        return True
    if not where.startswith("https://") or is_loopback(url):
        return False
    return not is_private_literal(urlsplit(url).hostname or "")


def may_see_token(url: str, bases: Collection[str]) -> bool:
    """Whether an upload token may go to this address: our own bases, and fal's domains by https."""
    if not may_follow(url, bases):
        return False
    return origin(url) in {origin(base) for base in bases} or is_at_fal(url)


def is_of_queue(url: str, queue_url: str) -> bool:
    """Whether an answered job address belongs to the queue that was asked, so may be sent the key.

    fal may answer with another of its own queue hosts; any other host is not followed, and the
    address is rebuilt from the id instead.

    >>> [is_of_queue(u, "https://queue.fal.run") for u in ("https://queue.fal.run/a/b",
    ...     "https://eu.queue.fal.run/a/b", "https://fal.run.evil.io/a", "http://queue.fal.run/a")]
    [True, True, False, False]
    """
    where = origin(url)
    if not where or "@" in urlsplit(url).netloc:
        return False
    both = all(_is_under(one, "fal.run") and one.startswith("https:") for one in (url, queue_url))
    return where == origin(queue_url) or both


def is_at_fal(url: str) -> bool:
    """Whether this is one of fal's own hosts, so that a key is needed.

    >>> is_at_fal("https://queue.fal.run"), is_at_fal("https://animatic.invalid")
    (True, False)
    """
    return any(_is_under(url, domain) for domain in FAL_DOMAINS)


def _is_under(url: str, domain: str) -> bool:
    host = urlsplit(url).hostname or ""
    return host == domain or host.endswith(f".{domain}")


def is_private_literal(host: str) -> bool:
    """A host written as an address that is not on the public network."""
    try:
        return not ipaddress.ip_address(host.split("%")[0]).is_global
    except ValueError:
        return False


def resolve_host(host: str) -> tuple[str, ...]:
    """The addresses behind a name. Blocking; call it in a thread.

    Raises:
        OSError: the name is not known, or cannot be looked up now.
    """
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return tuple(str(entry[4][0]) for entry in found)


def rebuilt_urls(queue_url: str, endpoint: str, request_id: str) -> QueueUrls:
    """The three addresses of a job when only its id is known: owner and app, without the sub-path.

    >>> rebuilt_urls("https://queue.fal.run", "fal-ai/ltxv-13b-098-distilled/extend", "r1").status
    'https://queue.fal.run/fal-ai/ltxv-13b-098-distilled/requests/r1/status'
    >>> rebuilt_urls("https://queue.fal.run", "workflows/me/scene/sub", "r1").response
    'https://queue.fal.run/workflows/me/scene/requests/r1'

    Raises:
        ValueError: the endpoint has no owner and app.
    """
    segments = endpoint.strip("/").split("/")
    keep = 3 if segments[0] in SHIFTED else 2
    if len(segments) < keep or not all(segments):
        raise ValueError(f"an endpoint is owner/app, not {endpoint!r}")
    id = request_id if _PLAIN_ID.match(request_id) else quote(request_id, safe="")
    if id in (".", ".."):
        raise ValueError(f"{request_id!r} is no request id")
    base = f"{queue_url.rstrip('/')}/{'/'.join(segments[:keep])}/requests/{id}"
    return QueueUrls(status=f"{base}/status", response=base, cancel=f"{base}/cancel")
