"""What every page says."""

from __future__ import annotations

from typing import Final

from web.texts.pair import Texts

TEXTS: Final[Texts] = {
    "title": ("时限看板", "Deadline wall"),
    "tagline": ("客户触点与履约时限", "touchpoints and promises"),
    "day": ("天", "d"),
    "live.on": ("实时", "Live"),
    "live.off": ("连接中断，正在重连", "Connection lost, trying again"),
    "back": ("返回看板", "Back to the wall"),
    "colon": ("：", ": "),
    "failed": (
        "没有成功，请再试一次；仍不行请联系管理员",
        "That did not work; try again, or ask who runs this",
    ),
    "lost": (
        "连不上服务器，没有成功；恢复后请再试一次",
        "The server cannot be reached, so that did not work; try again later",
    ),
    "fault": (
        "服务器出错，没有显示成功；请稍后再试。",
        "A fault of the server; please try again in a while.",
    ),
    "fault.id": (
        "仍不行时请把这个编号告诉管理员：{id}",
        "If it stays, tell this number to who runs this: {id}",
    ),
    "missing": ("没有找到这个页面。", "There is no such page."),
    "demo": ("演示", "Demo"),
    "skip": ("跳到列表", "Skip to the list"),
    "hour_abbr": ("时", "h"),
    "minute_abbr": ("分", "min"),
    "second_abbr": ("秒", "s"),
    "unavailable": (
        "存储暂不可用，页面会自行重试；已确认收下的数据不受影响。",
        "The storage is not available for the moment; this page looks again by itself. What was acknowledged is safe.",
    ),
    "rebuilding": (
        "读模型正在重建，看板稍后恢复；接收事件不受影响。",
        "The read models are being rebuilt; events are taken all the same.",
    ),
}
