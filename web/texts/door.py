"""登录: signing in and out."""

from __future__ import annotations

from typing import Final

from web.texts.pair import Texts

TEXTS: Final[Texts] = {
    "sign_in": ("登录", "Sign in"),
    "sign_in.key": ("密钥", "API key"),
    "sign_in.hint": (
        "用 touchline key create 生成的密钥登录；密钥决定您看到哪个租户、以哪个来源记录。",
        "Enter a key made with touchline key create: it says which tenant you see and as which source you write.",
    ),
    "sign_in.bad": ("这个密钥无效。", "This key is not known."),
    "sign_in.write_only": ("这个密钥只可写入，不能查看。", "This key only writes; it cannot read."),
    "sign_in.spent": ("这个登录链接已经用过或已失效。", "This sign-in link has been used or has ended."),
    "sign_in.slow": ("尝试过于频繁，请稍后再试。", "Too many tries; wait a little."),
    "sign_in.going": ("正在登录…", "Signing in…"),
    "sign_out": ("退出", "Sign out"),
    "signed_as": ("以 {source} 登录", "signed in as {source}"),
}
