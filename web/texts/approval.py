"""处罚审批: penalties, for the approver."""

from __future__ import annotations

from typing import Final

from web.texts.pair import Texts

TEXTS: Final[Texts] = {
    "penalties": ("处罚（仅审批人可见）", "Penalties (the approver alone sees them)"),
    "penalty.waiting": ("待责任判定", "waiting for the cause"),
    "penalty.proposed": ("待审批", "proposed"),
    "penalty.confirmed": ("已确认", "confirmed"),
    "penalty.waived": ("已免除", "waived"),
    "penalty.unfounded": ("依据已撤回", "its ground was taken back"),
    "penalty.doubled": ("已翻倍", "doubled"),
    "penalty.outside": ("超出现行范围", "outside of the range"),
    "penalty.review": (
        "质保期外但属施工质量，请复核",
        "out of warranty, yet construction quality: look again",
    ),
    "penalty.proposed.hint": (
        "系统按下限提议，金额由审批人定",
        "proposed at the policy's sum; the approver sets it",
    ),
    "penalty.waiting.hint": (
        "维修责任判定登记后再审批",
        "to be decided once the cause of the repair is recorded",
    ),
    "penalty.confirmed.hint": ("只作记录，不入账", "on the record; nothing is booked"),
    "penalty.waived.hint": ("不罚", "nobody pays"),
    "penalty.unfounded.hint": (
        "审批之后依据被撤回，请撤回审批",
        "decided, then its ground went: take the decision back",
    ),
    "penalty.range": ("{low} 至 {high}", "{low} to {high}"),
    "penalty.amount": ("金额（元）", "Sum (yuan)"),
    "penalty.rule": ("处罚规则", "Rule"),
    "penalty.bearer": ("承担", "Borne by"),
    "penalty.reason": ("理由", "Reason"),
    "penalty.objection": ("申辩", "Objection"),
    "penalty.decided": ("{who} 审批于 {at}", "decided by {who}, {at}"),
    "approval": ("处罚审批", "Penalties"),
    "approval.hint": (
        "累计处罚只是提议：审批人确认金额或免除，写明理由和当事人申辩；系统不入账。只有审批人看得到本页。",
        "Proposals only: the approver sets the sum or waives it, with the reason and what the bearer objected. Nothing is "
        "booked. Nobody else sees this page.",
    ),
    "approval.decide": ("审批", "Decide"),
    "approval.again": ("改判", "Decide again"),
    "approval.by": ("审批人代码", "Who decides"),
    "approval.bearer": ("承担人代码", "Who bears it"),
    "approval.confirm": ("确认处罚", "Confirm"),
    "approval.waive": ("免除", "Waive"),
    "approval.undo": ("撤回审批", "Take it back"),
    "approval.done.confirm": ("已记录：确认处罚", "Recorded: confirmed"),
    "approval.done.waive": ("已记录：免除", "Recorded: waived"),
    "approval.done.undo": ("已记录：撤回审批", "Recorded: taken back"),
    "approval.taken": ("已有新的审批结果，请看过再改", "It was decided meanwhile; look at it first"),
    "approval.by.missing": ("请填写审批人代码", "Say who decides"),
    "approval.sum": ("金额请写成元，如 300 或 300.50", "Write the sum in yuan, such as 300 or 300.50"),
    "approval.range": ("金额须在 {low} 至 {high} 之间", "The sum is from {low} to {high}"),
    "approval.more": (
        "只列最近 {n} 条；全部见 touchline penalties list",
        "the latest {n}; touchline penalties list has all",
    ),
    "approval.nothing": ("没有处罚提议", "No penalty is proposed"),
    "approval.nothing.hint": (
        "投诉上移后会自动列在这里；须在政策中写 penalties: {enabled: true} 并发布（touchline policy publish）。",
        "A matter that moves up puts it here by itself, once a published policy says penalties: {enabled: true}.",
    ),
    "approval.closed": ("此页仅限处罚审批人。", "This page is the approver's alone."),
    "approval.closed.hint": (
        "请退出后用审批人密钥登录（touchline key create --approver）。",
        "Sign out and enter an approver's key (touchline key create --approver).",
    ),
}
