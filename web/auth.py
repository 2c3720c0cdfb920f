"""Who is calling: an API key (``Authorization: Bearer``) or a signed-in session. A key writes as its source into
its tenant and reads that tenant, unless it was made write-only."""

from __future__ import annotations

import hashlib
import hmac
import time
from dataclasses import dataclass
from functools import partial
from typing import Annotated

from fastapi import Depends, Request, Security
from fastapi.concurrency import run_in_threadpool
from fastapi.security import APIKeyCookie, HTTPBearer

from ledger import access
from ledger.access import Access, Recent
from ledger.tenants import Tenant
from web import sessions
from web.asking import Asking
from web.problems import Refused
from web.services import Services

_bearer = HTTPBearer(
    scheme_name="key",
    auto_error=False,
    bearerFormat="tl_…",
    description="An API key (`touchline key create`). It writes as its source into its tenant and reads that "
    "tenant; a key made with `--write-only` only writes.",
)
_cookie = APIKeyCookie(
    name=sessions.COOKIE,
    scheme_name="session",
    auto_error=False,
    description="A signed-in browser session (`/sign-in`).",
)

LINK = "link-"
"""Key name of a session that began with a one-time link."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The tenant that the caller reads, the source as which he writes, and the name of his rate bucket."""

    tenant: Tenant
    source: str
    write_only: bool
    key: str
    admin: bool = False
    """An administrator's key; a session never is."""
    approver: bool = False
    """An approver's key (处罚审批人), or a session that began with one: who may see penalties and decide on them."""
    session: sessions.Session | None = None


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def _services(request: Request) -> Services:
    """As a dependency: a plain function would cost a thread."""
    return services_of(request)


def key_name(secret: str) -> str:
    """A short name for a key that says nothing about it."""
    return hashlib.sha256(b"touchline key name:" + secret.encode()).hexdigest()[:16]


def find_access(services: Services, secret: str) -> Access | None:
    with services.ledger.database.read() as conn:
        return access.find(conn, secret)


def challenge(detail: str, detail_zh: str) -> Refused:
    return Refused(
        401,
        "unauthorized",
        detail,
        detail_zh,
        headers={"WWW-Authenticate": 'Bearer realm="touchline"'},
    )


def same_origin(request: Request) -> bool:
    """Whether a form came from a page of ours: a browser says so in Origin, or in Sec-Fetch-Site."""
    origin = request.headers.get("origin")
    if origin is not None:
        public = services_of(request).settings.public_url
        ours = (f"{request.url.scheme}://{request.headers.get('host', '')}", *([public] if public else []))
        return origin in ours
    return request.headers.get("sec-fetch-site") == "same-origin"


def session_of(request: Request) -> sessions.Session | None:
    cookie = request.cookies.get(sessions.COOKIE, "")
    return sessions.read(services_of(request).settings.secret, cookie, int(time.time())) if cookie else None


async def caller(
    request: Request,
    _key: Annotated[object, Security(_bearer)] = None,
    _session: Annotated[object, Security(_cookie)] = None,
) -> Caller:
    """The caller by key, else by session. 401 where neither is good, 403 where a form comes from elsewhere."""
    services = services_of(request)
    header = request.headers.get("authorization")
    if header is not None:
        scheme, _, secret = header.partition(" ")
        secret = secret.strip()
        if scheme.lower() != "bearer" or not secret:
            raise challenge(
                "the Authorization header is not 'Bearer <key>'", "Authorization 须为 Bearer <密钥>"
            )
        recent: Recent = request.app.state.recent
        found = recent.find(secret)
        if found is None:
            look = partial(run_in_threadpool, find_access, services, secret)
            # Who was told to revoke it meanwhile believes no question that was asked before.
            asking: Asking[Access | None] = request.app.state.asking
            found = await (look() if access.was_revoked(secret) else asking(secret, look))
            if found is None:
                raise challenge("this key is not known", "密钥无效")
            recent.note(secret, found)
        return Caller(
            tenant=found.tenant,
            source=found.source,
            write_only=found.write_only,
            key=key_name(secret),
            admin=found.admin,
            approver=found.approver,
        )
    session = session_of(request)
    if session is None:
        raise challenge("an API key or a signed-in session is needed", "请提供密钥或先登录")
    if request.method not in ("GET", "HEAD") and not same_origin(request):
        raise Refused(403, "foreign_origin", "this form was sent from another site", "请求来自其他站点")
    return await run_in_threadpool(_caller_of_session, services, session)


def _caller_of_session(services: Services, session: sessions.Session) -> Caller:
    """Raises 401 where the source has no key any more: revoking it ends its sessions. A one-time link has none."""
    tenant = services.ledger.tenant(session.tenant)
    if not session.key.startswith(LINK):
        with services.ledger.database.read() as conn:
            if not any(a.tenant == tenant and a.source == session.source for a in access.listed(conn)):
                raise challenge("the key of this session was revoked", "该会话的密钥已停用")
            if session.approver and not access.stands(conn, session.approver):
                raise challenge("the key of this session was revoked", "该会话的密钥已停用")
    return Caller(
        tenant=tenant,
        source=session.source,
        write_only=session.write_only,
        key=session.key,
        approver=bool(session.approver),
        session=session,
    )


async def reader(who: Annotated[Caller, Depends(caller)]) -> Caller:
    """A caller who may read his tenant."""
    if who.write_only:
        raise Refused(403, "write_only", "this key only writes", "该密钥只可写入, 不可读取")
    return who


async def scraper(
    request: Request,
    _key: Annotated[object, Security(_bearer)] = None,
    _session: Annotated[object, Security(_cookie)] = None,
) -> Caller | None:
    """None for the operator, who shows the token that reads figures of all tenants; else a caller who may read his."""
    token = services_of(request).settings.metrics_token
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if token and scheme.lower() == "bearer" and hmac.compare_digest(secret.strip().encode(), token.encode()):
        return None
    return await reader(await caller(request))


AnyCaller = Annotated[Caller, Depends(caller)]
Reader = Annotated[Caller, Depends(reader)]
Scraper = Annotated[Caller | None, Depends(scraper)]
House = Annotated[Services, Depends(_services)]
