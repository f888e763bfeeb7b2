"""The live page: made anew when something has happened, and closed to everybody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from scenegraph.animatic import animatic_transport
from scenegraph.errors import SceneError
from scenegraph.report.studio import Studio, create_studio, signs_of

ME = "http://127.0.0.1:8323"


@asynccontextmanager
async def opened(source: Path, page: Path) -> AsyncIterator[tuple[Studio, httpx.AsyncClient]]:
    """A studio whose page is a copy of `source`; a source that says `wrong` cannot be shown."""

    def make(file: Path) -> None:
        text = source.read_text()
        if "wrong" in text:
            raise SceneError("It is wrong.", next="Mend it.")
        file.write_text(text)

    studio = Studio(make, lambda: signs_of([source]), page)
    app = create_studio(studio, "Rain & <b>")
    transport = animatic_transport(app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url=ME) as client,
    ):
        yield studio, client


async def news_of(client: httpx.AsyncClient, version: int) -> Any:
    """The first news with this version or a later one."""
    for _ in range(1000):
        news = (await client.get("/news")).json()
        if news["version"] >= version:
            return news
        await asyncio.sleep(0.02)
    raise AssertionError(news)


@pytest.mark.anyio
async def test_the_page_is_made_anew_when_a_file_has_changed(tmp_path: Path) -> None:
    """And only then: a page that is being read is not turned over for nothing."""
    source = tmp_path / "scene.yaml"
    source.write_text("one")
    async with opened(source, tmp_path / "page.html") as (studio, client):
        assert (await news_of(client, 1)) == {"version": 1, "error": None}
        assert (await client.get("/page")).text == "one"
        await asyncio.sleep(1.2)
        assert studio.version == 1
        source.write_text("the second")
        await news_of(client, 2)
        assert (await client.get("/page")).text == "the second"


@pytest.mark.anyio
async def test_a_page_that_cannot_be_made_leaves_the_old_one_and_says_why(tmp_path: Path) -> None:
    """A scene file is wrong in the middle of every edit."""
    source = tmp_path / "scene.yaml"
    source.write_text("one")
    async with opened(source, tmp_path / "page.html") as (_studio, client):
        await news_of(client, 1)
        source.write_text("wrong")
        news = await news_of(client, 2)
        assert (news["error"]["message"], news["error"]["next"]) == ("It is wrong.", "Mend it.")
        assert (await client.get("/page")).text == "one"
        source.write_text("mended")
        assert (await news_of(client, 3))["error"] is None


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("host", "status"),
    [("127.0.0.1:8323", 200), ("localhost:8323", 200), ("evil.example", 400)],
)
async def test_a_name_that_was_pointed_here_is_refused(
    tmp_path: Path, host: str, status: int
) -> None:
    """Another site's page may let its own name lead to this machine, and would read all."""
    source = tmp_path / "scene.yaml"
    source.write_text("one")
    async with opened(source, tmp_path / "page.html") as (_studio, client):
        for path in ("/", "/news"):
            assert (await client.get(path, headers={"host": host})).status_code == status


@pytest.mark.anyio
async def test_a_title_is_text_in_the_shell(tmp_path: Path) -> None:
    """What a person wrote never becomes a tag; the policy lets the shell's own script run alone."""
    source = tmp_path / "scene.yaml"
    source.write_text("one")
    async with opened(source, tmp_path / "page.html") as (_studio, client):
        front = await client.get("/")
    assert "<title>Rain &amp; &lt;b&gt; – studio</title>" in front.text
    policy = front.headers["content-security-policy"]
    assert "'unsafe-inline'" not in policy and policy.startswith("default-src 'none'")
