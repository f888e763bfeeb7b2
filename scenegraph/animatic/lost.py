"""An answer that never comes whole: the connection ends after the request was read."""

from __future__ import annotations

from starlette.responses import Response
from starlette.types import Receive, Scope, Send


class Lost(Response):
    """Promises a body and ends without it.

    A server then has to cut the connection (uvicorn does), and the client sees a transport error:
    it cannot tell whether the request was accepted. `animatic_transport` behaves in the same way.
    """

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive  # ASGI passes them; this answer is the same for all
        headers = [(b"content-length", b"512"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
