"""Files up and down: free to repeat, whole or not at all, and never with the key to strangers."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scenegraph.errors import AccountLocked, DownloadFailed
from scenegraph.fal import (
    DownloadLimits,
    KeyRefused,
    Remedy,
    UploadFailed,
    UploadLimits,
    remedy_of,
)

ACCESS = "https://v3b.fal.media/files/b/x/name.mp4"
CLIP = "https://v3b.fal.media/files/b/x/answer.mp4"
BODY = b"\0\0\0\x18ftypmp42" + bytes(range(256)) * 40


def token(until: str = "1970-01-12T14:06:40+00:00", **more: Any) -> httpx.Response:
    body = {
        "token": "cdn-token",
        "token_type": "Bearer",
        "base_url": "https://v3b.fal.media",
        "expires_at": until,  # 20 minutes after the fake clock's start
        **more,
    }
    return httpx.Response(200, json=body)


class Store:
    """Both upload protocols, with faults by path: a list of answers that come first."""

    def __init__(self, **faults: list[Any]) -> None:
        self.faults, self.seen, self.parts = faults, [], {}
        self.stored: dict[str, bytes] = {}
        self.completed: Any = None

    def __call__(self, request: httpx.Request) -> Any:
        path = request.url.path
        name = (
            "token" if path.endswith("/auth/token")
            else "initiate" if path.endswith("/initiate")
            else "begin" if path.endswith("/multipart")
            else "complete" if path.endswith("/complete")
            else "part" if "/multipart/" in path
            else "put" if request.url.host == "storage.googleapis.com"
            else "single"
        )  # fmt: skip
        self.seen.append(name)
        if self.faults.get(name):
            return self.faults[name].pop(0)
        if name == "token":
            return token()
        if name == "initiate":
            put_to = "https://storage.googleapis.com/bucket/x?sig=1"
            return httpx.Response(200, json={"upload_url": put_to, "file_url": ACCESS})
        if name == "begin":
            return httpx.Response(200, json={"access_url": ACCESS, "uploadId": "u1"})
        if name == "part":
            self.parts[int(path.rsplit("/", 1)[1])] = request.content
            return httpx.Response(200, headers={"etag": f'"{len(self.parts)}"'})
        if name == "complete":
            self.completed = json.loads(request.content)
            return httpx.Response(200, json={})
        self.stored[request.headers.get("x-fal-file-name", "put")] = request.content
        return httpx.Response(200, json={"access_url": ACCESS})


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "Mara secret project.mp4"
    path.write_bytes(BODY)
    return path


@pytest.mark.anyio
async def test_an_upload_goes_to_the_cdn_with_its_own_token(clip, serve, key):
    """The key buys the token and goes no further; the file's name stays at home."""
    store = Store()
    service = serve(store)
    up = await service.client().upload(clip, sha256=hashlib.sha256(BODY).hexdigest())
    assert up.url == ACCESS
    assert up.expires_at == service.clock.wall() + 7 * 86400 - 3600
    asked, sent = service.requests
    assert asked.url.host == "rest.fal.ai" and asked.headers["authorization"] == f"Key {key}"
    assert asked.url.params["storage_type"] == "fal-cdn-v3"
    assert sent.url == "https://v3.fal.media/files/upload" and sent.content == BODY
    assert sent.headers["authorization"] == "Bearer cdn-token"
    assert sent.headers["content-type"] == "video/mp4"
    assert "secret" not in sent.headers["x-fal-file-name"]
    assert sent.headers["x-fal-file-name"].endswith(".mp4")


@pytest.mark.anyio
async def test_a_token_is_kept_until_it_ends(clip, serve):
    """One token for many files; a new one when its time is over."""
    service = serve(store := Store())
    client = service.client()
    await client.upload(clip)
    await client.upload(clip)
    assert store.seen == ["token", "single", "single"]
    service.clock.time += 1200
    await client.upload(clip)
    assert store.seen[3:] == ["token", "single"]


@pytest.mark.anyio
@pytest.mark.parametrize("until", ["soon", None, "", "1970-01-01T00:00:00Z"])
async def test_a_token_without_a_readable_end_is_used_once(until, clip, serve):
    """Rather one question more than a file that is turned away."""
    service = serve(store := Store(token=[token(until), token(until)]))
    client = service.client()
    await client.upload(clip)
    await client.upload(clip)
    assert store.seen == ["token", "single"] * 2


@pytest.mark.anyio
@pytest.mark.parametrize("status", [401, 403])
async def test_a_token_that_is_turned_away_is_renewed_once(status, clip, serve):
    """Tokens end early when a key is rotated."""
    service = serve(store := Store(single=[httpx.Response(status)]))
    assert (await service.client().upload(clip)).url == ACCESS
    assert store.seen == ["token", "single", "token", "single"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault",
    [httpx.ReadTimeout("slow"), httpx.WriteError("pipe"), httpx.Response(503), httpx.Response(429)],
)
async def test_a_passing_fault_repeats_the_upload(fault, clip, serve):
    """Uploads are free."""
    service = serve(store := Store(single=[fault, fault]))
    assert (await service.client().upload(clip)).url == ACCESS
    assert store.seen == ["token", "single", "single", "single"]
    assert next(iter(store.stored.values())) == BODY


@pytest.mark.anyio
async def test_when_the_cdn_does_not_work_the_second_way_is_taken(clip, serve):
    """A signed address is for one PUT, and is told nothing of the key."""
    store = Store(single=[httpx.Response(500)] * 4)
    service = serve(store)
    up = await service.client().upload(clip, expire_s=3600)
    assert up.url == ACCESS and up.expires_at is not None
    assert store.seen == ["token", *["single"] * 4, "initiate", "put"]
    put = service.requests[-1]
    assert "authorization" not in put.headers and put.content == BODY
    body = json.loads(service.requests[-2].content)
    assert body["content_type"] == "video/mp4" and "Mara" not in body["file_name"]
    single = service.requests[1].headers
    assert json.loads(single["x-fal-object-lifecycle"]) == {"expiration_duration_seconds": 3600}


@pytest.mark.anyio
async def test_when_both_ways_fail_nothing_was_asked(clip, serve):
    """A lost upload is never a lost take."""
    service = serve(Store(single=[httpx.Response(500)] * 4, initiate=[httpx.Response(400)]))
    with pytest.raises(UploadFailed) as caught:
        await service.client().upload(clip)
    assert remedy_of(caught.value) is Remedy.RESEND and "nothing is billed" in caught.value.next


@pytest.mark.anyio
@pytest.mark.parametrize(
    "faults, ends_as",
    [
        ({"token": [httpx.Response(401, json={"detail": "no"})]}, KeyRefused),
        ({"token": [httpx.Response(403, json={"detail": "User is locked."})]}, AccountLocked),
        ({"single": [httpx.Response(403, json={"detail": "User is locked."})]}, AccountLocked),
        ({"begin": [httpx.Response(403, json={"detail": "User is locked."})]}, AccountLocked),
        ({"part": [httpx.Response(403, json={"detail": "User is locked."})]}, AccountLocked),
    ],
)
async def test_a_locked_account_pauses_at_the_upload_too(faults, ends_as, clip, serve):
    """The second way would be turned away as well."""
    limits = UploadLimits(one_piece_bytes=10**9 if "single" in faults else 1000)
    service = serve(store := Store(**faults))
    with pytest.raises(ends_as):
        await service.client(upload_limits=limits).upload(clip)
    assert "initiate" not in store.seen


@pytest.mark.anyio
async def test_a_large_file_goes_in_parts_and_each_part_is_repeated(clip, serve):
    """fal's own client gives the whole file up for one lost part."""
    faults = [httpx.ReadError("reset"), httpx.Response(503)]
    service = serve(store := Store(part=faults))
    limits = UploadLimits(one_piece_bytes=1000, part_bytes=4096)
    assert (await service.client(upload_limits=limits).upload(clip)).url == ACCESS
    assert b"".join(store.parts[number] for number in sorted(store.parts)) == BODY
    assert [part["partNumber"] for part in store.completed["parts"]] == [1, 2, 3]
    assert all(part["etag"] for part in store.completed["parts"])
    assert store.seen.count("part") == 5 and service.requests[1].url.host == "v3b.fal.media"


@pytest.mark.anyio
@pytest.mark.parametrize(
    "body",
    [
        {"access_url": "https://evil.io/x", "uploadId": "u1"},
        {"access_url": ACCESS},
        {"uploadId": "u1"},
        [],
    ],
)
async def test_parts_and_their_token_go_to_fal_alone(body, clip, serve):
    """An answer must not send the token to another host; the second way is taken instead."""
    service = serve(store := Store(begin=[httpx.Response(200, json=body)]))
    limits = UploadLimits(one_piece_bytes=1000)
    await service.client(upload_limits=limits).upload(clip)
    assert store.seen[-2:] == ["initiate", "put"]
    assert all(request.url.host != "evil.io" for request in service.requests)


@pytest.mark.anyio
async def test_a_tokens_base_at_another_host_is_not_used(clip, serve):
    """The token would go there."""
    service = serve(Store(token=[token(base_url="https://evil.io")]))
    limits = UploadLimits(one_piece_bytes=1000)
    await service.client(upload_limits=limits).upload(clip)
    assert all(request.url.host != "evil.io" for request in service.requests)


@pytest.mark.anyio
@pytest.mark.parametrize("url", ["file:///etc/passwd", "http://10.0.0.1/x", "https://127.0.0.1/x"])
async def test_an_uploads_address_must_be_one_that_the_service_can_read(url, clip, serve):
    """It is put into a paid request."""
    bad = httpx.Response(200, json={"access_url": url})
    service = serve(store := Store(single=[bad]))
    assert (await service.client().upload(clip)).url == ACCESS
    assert store.seen[-1] == "put"


@pytest.mark.anyio
async def test_a_file_that_changed_is_not_used(clip, serve):
    """The key was hashed from other bytes: the picture would be another."""
    service = serve(Store())
    with pytest.raises(UploadFailed, match="changed"):
        await service.client().upload(clip, sha256="0" * 64)
    assert service.requests == []


@pytest.mark.anyio
@pytest.mark.parametrize("what", ["missing", "folder", "empty"])
async def test_a_file_that_cannot_be_sent_is_a_sentence(what, tmp_path, serve):
    """No traceback, and no request."""
    path = tmp_path / "x.png"
    if what == "folder":
        path.mkdir()
    if what == "empty":
        path.touch()
    service = serve(Store())
    with pytest.raises(UploadFailed):
        await service.client().upload(path)
    assert service.requests == []


# Downloads.


def media(body: bytes = BODY, **headers: str) -> httpx.Response:
    return httpx.Response(200, content=body, headers={"content-type": "video/mp4", **headers})


@pytest.mark.anyio
async def test_a_download_comes_home_whole_hashed_and_without_the_key(tmp_path, serve):
    """The key is never shown to a download host, fal's own included."""
    service = serve(media())
    got = await service.client().download(CLIP, tmp_path / "a.mp4")
    assert got.path.read_bytes() == BODY and got.bytes == len(BODY)
    assert got.sha256 == hashlib.sha256(BODY).hexdigest() and got.content_type == "video/mp4"
    assert "authorization" not in service.requests[0].headers
    assert [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "fault",
    [
        httpx.ReadError("reset"),
        httpx.ReadTimeout("slow"),
        httpx.ConnectError("refused"),
        httpx.Response(500),
        httpx.Response(404),
        httpx.Response(429),
        media(b""),
        media(BODY[:100], **{"content-length": str(len(BODY))}),
        httpx.Response(200, html="<h1>nginx</h1>"),
        httpx.Response(200, json={"detail": "x"}),
    ],
    ids=["reset", "slow", "refused", "500", "404", "429", "empty", "truncated", "html", "json"],
)
async def test_a_failed_download_repeats_the_download(fault, tmp_path, serve):
    """The job is done and paid; only its file is missing."""
    service = serve(fault, fault, media())
    got = await service.client().download(CLIP, tmp_path / "a.mp4")
    assert got.path.read_bytes() == BODY and len(service.requests) == 3
    service = serve(fault)
    with pytest.raises(DownloadFailed) as caught:
        await service.client().download(CLIP, tmp_path / "b.mp4")
    assert len(service.requests) == 5 and remedy_of(caught.value) is Remedy.FETCH_AGAIN
    assert service.paid == [] and [path.name for path in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    [
        "http://v3b.fal.media/a.mp4",
        "ftp://v3b.fal.media/a.mp4",
        "file:///etc/passwd",
        "data:video/mp4;base64,AAAA",
        "https://10.0.0.1/a.mp4",
        "https://169.254.169.254/latest",
        "https://[::1]/a.mp4",
        "https://localhost/a.mp4",
        "https://user:pw@v3b.fal.media/a.mp4",
        "https://",
        "nonsense",
    ],
)
async def test_a_download_reaches_public_https_hosts_alone(url, tmp_path, serve):
    """An answer must not send us into our own network, or to a local file."""
    service = serve(media())
    with pytest.raises(DownloadFailed):
        await service.client().download(url, tmp_path / "a.mp4")
    assert service.requests == [] and list(tmp_path.iterdir()) == []


@pytest.mark.anyio
@pytest.mark.parametrize("address", ["10.1.2.3", "127.0.0.1", "::1", "fe80::1%eth0", "100.64.0.1"])
async def test_a_name_that_points_inside_is_refused(address, tmp_path, serve):
    """A public name with a private address is the oldest trick."""
    service = serve(media())
    client = service.client(resolve=lambda host: ("93.184.216.34", address))
    with pytest.raises(DownloadFailed, match="public network"):
        await client.download(CLIP, tmp_path / "a.mp4")
    assert service.requests == []


@pytest.mark.anyio
async def test_a_name_that_is_not_known_for_a_moment_is_only_a_delay(tmp_path, serve):
    """Name servers have bad minutes too."""
    answers = [OSError("try again"), ("93.184.216.34",)]

    def resolve(host: str) -> tuple[str, ...]:
        answer = answers.pop(0)
        if isinstance(answer, OSError):
            raise answer
        return answer

    service = serve(media())
    await service.client(resolve=resolve).download(CLIP, tmp_path / "a.mp4")
    assert answers == []


@pytest.mark.anyio
@pytest.mark.parametrize(
    "to, arrives",
    [
        ("https://cdn.example.com/a.mp4", True),
        ("/files/b/other.mp4", True),
        ("https://169.254.169.254/latest", False),
        ("http://cdn.example.com/a.mp4", False),
        ("file:///etc/passwd", False),
        (CLIP, False),
    ],
)
async def test_a_redirect_is_checked_like_an_address(to, arrives, tmp_path, serve):
    """Else the check is of the first hop alone."""
    moved = httpx.Response(302, headers={"location": to})
    service = serve(lambda request: moved if str(request.url) == CLIP else media())
    client = service.client()
    if arrives:
        assert (await client.download(CLIP, tmp_path / "a.mp4")).bytes == len(BODY)
    else:
        with pytest.raises(DownloadFailed):
            await client.download(CLIP, tmp_path / "a.mp4")


@pytest.mark.anyio
@pytest.mark.parametrize("said", [{}, {"content-length": "10000000"}], ids=["unsaid", "said"])
async def test_a_file_larger_than_allowed_is_not_kept(said, tmp_path, serve):
    """A disk is not filled by one answer."""
    service = serve(media(**said))
    client = service.client(download_limits=DownloadLimits(most_bytes=1000))
    with pytest.raises(DownloadFailed):
        await client.download(CLIP, tmp_path / "a.mp4")
    assert len(service.requests) == 1 and list(tmp_path.iterdir()) == []


@pytest.mark.anyio
async def test_a_packed_transfer_is_unpacked(tmp_path, serve):
    """Some gateways pack everything, asked or not."""
    packed = gzip.compress(BODY)
    headers = {"content-encoding": "gzip", "content-length": str(len(packed))}

    async def chunks() -> AsyncIterator[bytes]:
        yield packed[:50]
        yield packed[50:]

    def fresh(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=headers, content=chunks())

    got = await serve(fresh).client().download(CLIP, tmp_path / "a.mp4")
    assert got.sha256 == hashlib.sha256(BODY).hexdigest()


@pytest.mark.anyio
async def test_a_file_that_cannot_be_written_is_a_sentence(tmp_path, serve):
    """A full disk, or a folder that is gone."""
    with pytest.raises(DownloadFailed, match="cannot be written"):
        await serve(media()).client().download(CLIP, tmp_path / "none" / "a.mp4")


@pytest.mark.anyio
async def test_the_wrong_bytes_are_fetched_again(tmp_path, serve):
    """When the hash is known from before, other bytes are no file."""
    right = hashlib.sha256(BODY).hexdigest()
    service = serve(media(b"other"), media())
    got = await service.client().download(CLIP, tmp_path / "a.mp4", sha256=right)
    assert got.sha256 == right and len(service.requests) == 2


@pytest.mark.anyio
async def test_an_expired_address_is_said_at_once(tmp_path, serve):
    """403 and 410 do not pass; the result may be asked for a new address."""
    service = serve(httpx.Response(410))
    with pytest.raises(DownloadFailed, match="410"):
        await service.client().download(CLIP, tmp_path / "a.mp4")
    assert len(service.requests) == 1
