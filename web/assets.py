"""Static files, read once and served from memory under a hash, so that browsers may keep them for ever.

htmx and its server-sent-events extension come out of the installed wheel ``django-htmx`` (docs/adr/0009): the
package is found, never imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType

from fastapi import APIRouter, Request
from fastapi.responses import Response

from web.problems import not_found

_OWN = Path(__file__).parent / "static"
_TYPES = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_FROM_WHEEL = {"htmx.js": "htmx-2.min.js", "htmx-sse.js": "ext/hx-sse-2.min.js"}


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as served; ``version`` is the head of its SHA-256."""

    name: str
    body: bytes
    media_type: str
    version: str

    @property
    def url(self) -> str:
        return f"/static/{self.name}?v={self.version}"


def htmx_folder() -> Path:
    """Where the installed django-htmx keeps its scripts. Raises ModuleNotFoundError with what to do."""
    spec = find_spec("django_htmx")
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(
            "django-htmx is not installed: the pages take htmx from it (pip install django-htmx)"
        )
    return Path(next(iter(spec.submodule_search_locations))) / "static" / "django_htmx"


@cache
def load() -> Mapping[str, Asset]:
    """All assets by name, read once."""
    files = {path.name: path for path in sorted(_OWN.iterdir()) if path.suffix in _TYPES}
    files |= {name: htmx_folder() / there for name, there in _FROM_WHEEL.items()}
    assets = {}
    for name, path in files.items():
        body = path.read_bytes()
        assets[name] = Asset(name, body, _TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])
    return MappingProxyType(assets)


def router(assets: Mapping[str, Asset]) -> APIRouter:
    """``/static/NAME``: kept for ever when asked for by its hash, else asked about each time."""
    routes = APIRouter(include_in_schema=False)

    @routes.get("/static/{name}")
    async def static(request: Request, name: str, v: str = "") -> Response:
        asset = assets.get(name)
        if asset is None:
            raise not_found("file", "文件")
        etag = f'"{asset.version}"'
        kept = "public, max-age=31536000, immutable" if v == asset.version else "no-cache"
        headers = {"Cache-Control": kept, "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return Response(asset.body, media_type=asset.media_type, headers=headers)

    @routes.get("/favicon.ico")
    async def icon() -> Response:
        mark = assets["mark.svg"]
        return Response(mark.body, media_type=mark.media_type, headers={"Cache-Control": "max-age=86400"})

    return routes
