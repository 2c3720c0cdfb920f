"""Which tenant, which source: what may be left out where there is only one."""

from __future__ import annotations

from ledger import access
from ledger.ledger import Ledger
from ledger.tenants import Tenant
from touchline.exits import Exit, Refused

NAME_MARKS = "0123456789-_."
"""What may stand in a name besides letters."""


def good_name(text: str, zh: str, en: str) -> str:
    """The text, where it will do as a name that people read and ids are made of. Raises Refused."""
    if not 1 <= len(text) <= 64 or not all(one.isalpha() or one in NAME_MARKS for one in text):
        raise Refused(
            Exit.USAGE,
            f"{zh}名称须为 1 到 64 个字母（含汉字）、数字或 - _ .，不能有空格和斜杠。",
            f"A {en}'s name has 1 to 64 letters (Chinese too), digits, '-', '_' or '.', no spaces or slashes.",
        )
    return text


def only_tenant(ledger: Ledger, name: str) -> Tenant:
    """The tenant of that name, or the only one where no name is given. Raises Refused, UnknownTenant."""
    if name:
        return ledger.tenant(name)
    found = ledger.tenants()
    if not found:
        raise Refused(
            Exit.UNKNOWN,
            "还没有租户：先用 touchline tenant add。",
            "There is no tenant yet: touchline tenant add NAME.",
        )
    if len(found) > 1:
        names = ", ".join(tenant.name for tenant in found[:10])
        raise Refused(
            Exit.USAGE,
            f"有多个租户，请用 --tenant 指明：{names}。",
            f"Several tenants, name one with --tenant: {names}.",
        )
    return found[0]


def only_source(ledger: Ledger, tenant: Tenant, name: str) -> str:
    """The source given, or the only one that the tenant has a key for. Raises Refused."""
    if name:
        return good_name(name, "来源", "source")
    with ledger.database.read() as conn:
        found = sorted({a.source for a in access.listed(conn) if a.tenant == tenant})
    if len(found) != 1:
        zh = f"租户 {tenant.name} 有 {len(found)} 个来源，请用 --source 指明"
        en = f"{tenant.name} has {len(found)} sources, name one with --source"
        names = f"：{', '.join(found[:10])}" if found else ""
        raise Refused(Exit.USAGE, f"{zh}{names}。", f"{en}.")
    return found[0]
