"""义务覆盖: which duties the sources can open and settle."""

from __future__ import annotations

from typing import Final

from web.texts.pair import Texts

TEXTS: Final[Texts] = {
    "duties": ("义务覆盖", "Duties covered"),
    "duties.hint": (
        "已发布的每项义务，看接入的来源报过的触点能否触发它、能否办结它。来源从未报过的触点列为缺少。",
        "Of each published obligation, whether what the sources have ever sent can open it and settle it. What no source has "
        "sent is listed as lacking.",
    ),
    "duties.never_settled": ("无法办结", "Never settled"),
    "duties.never_settled.hint": (
        "会触发，但没有来源报过办结它的触点：必然超时",
        "opened, but no source has sent what settles it: always breached",
    ),
    "duties.never_opened": ("不会触发", "Never opened"),
    "duties.never_opened.hint": (
        "没有来源报过触发它的触点：做没做都看不见",
        "no source has sent what opens it: done or not, nobody sees it",
    ),
    "duties.covered": ("已覆盖", "Covered"),
    "duties.covered.hint": ("能触发，也能办结", "can be opened and settled"),
    "duties.row": ("编号", "Row"),
    "duties.opened_by": ("触发来源", "Opened by"),
    "duties.settled_by": ("办结来源", "Settled by"),
    "duties.missing": ("缺少的触点", "Lacking"),
    "duties.none": ("没有", "none"),
}
