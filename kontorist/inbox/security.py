"""What protects every page: headers, the name it is asked for under, the origin of forms, their size."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from fastapi import Request
from starlette.responses import PlainTextResponse, Response

from kontorist.core.errors import NotAllowed
from kontorist.inbox import names
from kontorist.inbox.problems import PREFIX, problem

MAX_FORM = 2 * 1024 * 1024
MAX_FILES = 50 * 2**20
"""Bytes of files that are taken in one go."""
_DIGITS = 18
"""Of the largest number that every database compares."""
_POLICY = (
    "default-src 'self'; img-src 'self' data:; frame-src 'self'; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
    "Cache-Control": "no-store",
}


class Form:
    """The fields of a form, text only."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        self.pairs = pairs

    def text(self, name: str) -> str:
        """The last value of a field, or empty."""
        return next((v for k, v in reversed(self.pairs) if k == name), "")

    def every(self, name: str) -> list[str]:
        """All values of a field."""
        return [v for k, v in self.pairs if k == name]

    def has(self, name: str) -> bool:
        """Whether the form has this field."""
        return any(k == name for k, _ in self.pairs)


def number_in(text: str, digits: int = 9) -> int | None:
    """A number that an address or a form has in it; None for anything else, and for digits of other alphabets."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= digits else None


async def form_of(request: Request) -> Form:
    """The fields of a plain HTML form. Raises NotAllowed for anything else, or for more than a form can be."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            raise NotAllowed("This form is larger than 2 MB, so it was not read.")
    if body and kind != "application/x-www-form-urlencoded":
        raise NotAllowed("This is not a form of this page.")
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=5000)
    except ValueError as error:
        raise NotAllowed("This is not a form of this page.") from error
    return Form([(k, v.replace("\r\n", "\n").replace("\0", "")) for k, v in pairs])


async def guard(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Refuse requests under a name that is not ours, and forms of other sites; give every answer its headers."""
    if not names.is_asked_by_name(request):
        response = _refused(request, 421, names.refusal(request))
    elif request.method not in ("GET", "HEAD") and not _from_here(request):
        response = _refused(request, 403, "This form comes from another site, so nothing was done.")
    elif request.url.path.startswith("/api/") and _too_large(request):
        most = _most(request) // 2**20
        response = problem(413, f"This is larger than {most} MB, or does not say how large it is, so it was not read.")
    elif any(len(part) > _DIGITS and part.isdigit() for part in request.url.path.split("/")):
        response = _refused(request, 404, "There is no such page.")  # no database has a number as large as this
    else:
        response = await call_next(request)
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    return response


def _refused(request: Request, status: int, said: str) -> Response:
    return problem(status, said) if request.url.path.startswith("/api/") else PlainTextResponse(said, status)


def _too_large(request: Request) -> bool:
    """Whether the body is larger than a form can be, or comes in pieces without end."""
    length = request.headers.get("content-length", "0")
    return "transfer-encoding" in request.headers or not length.isdigit() or int(length) > _most(request)


def _most(request: Request) -> int:
    """How many bytes a program may send: a file that is handed in is read only after its sender is known."""
    return MAX_FILES if request.url.path.startswith(f"{PREFIX}/hand-in/") else MAX_FORM


def _from_here(request: Request) -> bool:
    """What browsers say about where a form comes from; the token in the form decides where they say nothing."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == request.headers.get("host")
