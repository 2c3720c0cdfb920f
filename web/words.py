"""Texts of the pages, Chinese first: the shared catalogue (``schemas.words``), and beside it what only pages say."""

from __future__ import annotations

from typing import Final

from schemas import words

LANGUAGES: Final = ("zh", "en")

PAGE: Final[dict[str, tuple[str, str]]] = {
    "title": ("时限看板", "Deadline wall"),
    "tagline": ("客户触点与履约时限", "touchpoints and promises"),
    "all": ("全部", "All"),
    "open_group": ("进行中", "Open"),
    "settled_group": ("已办结", "Settled"),
    "wall.pending": ("待办", "Pending"),
    "wall.due_soon": ("即将到期", "Due soon"),
    "wall.breached": ("已超时", "Breached"),
    "wall.undated": ("待定", "Undated"),
    "wall.met": ("按时完成", "Met"),
    "wall.met_late": ("逾期完成", "Met late"),
    "wall.late_entry": ("补录达标", "Late entry"),
    "wall.retracted": ("已撤回", "Retracted"),
    "wall.cancelled": ("已取消", "Cancelled"),
    "wall.waived": ("已豁免", "Waived"),
    "wall.unreached": ("未触达", "Unreached"),
    "hint.pending": ("时限未到", "running, in time"),
    "hint.due_soon": ("已预警，请尽快处理", "warned; act now"),
    "hint.breached": ("已过时限，尚未完成", "past due and still open"),
    "hint.undated": ("日历未覆盖，时限待定", "no calendar yet, no due instant"),
    "hint.met": ("在时限内完成", "done in time"),
    "hint.met_late": ("完成，但已过时限", "done, but past due"),
    "hint.late_entry": ("按时完成，事后补录", "done in time, recorded late"),
    "hint.retracted": ("超时提醒已撤回", "the breach was taken back"),
    "col.state": ("状态", "State"),
    "col.left": ("倒计时", "Countdown"),
    "col.obligation": ("时限义务", "Obligation"),
    "col.owes": ("责任人", "Owed by"),
    "col.place": ("房屋 · 项目", "House · project"),
    "col.ladder": ("告警阶梯", "Alert ladder"),
    "col.act": ("操作", "Action"),
    "ack": ("确认", "Acknowledge"),
    "acked": ("已确认", "Acknowledged"),
    "ack.failed": ("未能确认", "Not acknowledged"),
    "step": ("第 {n} 级", "step {n}"),
    "step.none": ("未触发", "not reached"),
    "due": ("到期", "due"),
    "due.none": ("待定", "undated"),
    "left": ("剩余", "left"),
    "over": ("超时", "over by"),
    "early": ("提前", "early by"),
    "late": ("逾期", "late by"),
    "day": ("天", "d"),
    "nothing": ("此刻没有", "Nothing here"),
    "nothing.hint": ("有新的触点时，这里会自动更新。", "New touchpoints will appear here by themselves."),
    "more": ("还有 {n} 条，查看全部", "{n} more, show all"),
    "strip.now": ("服务器时间", "Server time"),
    "strip.engine": ("引擎进度", "Engine"),
    "strip.place": ("第 {n} 条", "place {n}"),
    "strip.lag": ("落后 {n} 条", "{n} behind"),
    "strip.abreast": ("已跟上", "abreast"),
    "strip.lateness": ("提醒迟到", "Alert lateness"),
    "strip.lateness.hint": (
        "最近 {n} 条提醒：发出时刻减到期时刻",
        "last {n} alerts: instant announced minus instant due",
    ),
    "strip.none": ("暂无提醒", "no alerts yet"),
    "strip.p99": ("p99", "p99"),
    "strip.max": ("最大", "max"),
    "strip.clock": ("时钟", "Clock"),
    "strip.clock.ok": ("正常", "sound"),
    "strip.clock.doubt": ("存疑，已停止判定", "in doubt, nothing is concluded"),
    "strip.stopped": ("引擎已停止", "engine stopped"),
    "strip.rebuild": ("正在重建", "rebuilding"),
    "live.on": ("实时", "Live"),
    "live.off": ("连接中断，正在重连", "Connection lost, trying again"),
    "panel.empty": ("选一行，看这个事项的来龙去脉", "Choose a row to see its case"),
    "panel.empty.hint": (
        "时间线、历史回放，以及每个时限为什么是这一刻。↑ ↓ 选行，Enter 打开，Esc 关闭。",
        "Time line, replay, and why each promise is due when it is. ↑ ↓ to move, Enter opens, Esc closes.",
    ),
    "panel.close": ("关闭", "Close"),
    "panel.page": ("单独打开", "Open as a page"),
    "back": ("返回看板", "Back to the wall"),
    "case": ("事项", "Case"),
    "case.open": ("办理中", "open"),
    "case.closed": ("已关闭", "closed"),
    "case.opened": ("受理", "opened"),
    "case.ticket": ("工单", "ticket"),
    "case.touchpoints": ("{n} 个触点", "{n} touchpoints"),
    "promises": ("履约时限", "Promises"),
    "why": ("为什么是这一刻？", "Why then?"),
    "history": ("时间线", "Time line"),
    "mode.now": ("现在", "Now"),
    "mode.as_of": ("当时发生了什么", "What had happened"),
    "mode.known_at": ("当时我们知道什么", "What did we know"),
    "mode.as_of.hint": (
        "按发生时间重算：更正与撤回计入，不论其自身时间。",
        "Recomputed by time of happening; corrections and withdrawals count whatever their own time.",
    ),
    "mode.known_at.hint": (
        "按记录时间原样重现：只含当时已记录的内容。",
        "As it was: only what had been recorded by then.",
    ),
    "mode.now.hint": ("截至目前的全部记录。", "Everything recorded so far."),
    "at": ("时刻", "At"),
    "order.time": ("按发生", "by happening"),
    "order.recorded": ("按记录", "by recording"),
    "happened": ("发生", "happened"),
    "recorded": ("记录", "recorded"),
    "delay": ("晚记 {d}", "recorded {d} later"),
    "stands.corrected": ("已更正", "corrected"),
    "stands.withdrawn": ("已撤回", "withdrawn"),
    "replaced": ("由此条取代", "replaced by"),
    "erased": ("（个人信息已删除）", "(personal data erased)"),
    "verdict": ("系统判定", "verdict"),
    "why.trigger": ("触发", "Trigger"),
    "why.policy": ("规则", "Policy"),
    "why.version": ("版本", "version"),
    "why.effective": ("自 {d} 起施行", "effective from {d}"),
    "why.published": ("由 {who} 发布", "published by {who}"),
    "why.calendar": ("日历", "Calendar"),
    "why.counted": ("计入的日子", "Days counted"),
    "why.skipped": ("跳过的日子", "Days skipped"),
    "why.rest": ("休息日", "rest day"),
    "why.pauses": ("暂停", "Paused"),
    "why.evidence": ("依据", "Evidence"),
    "why.cut": ("判定切点", "Cut"),
    "why.cut.at": ("第 {n} 条之后", "after place {n}"),
    "why.causes": ("因果链", "Chain of causes"),
    "why.elapsed": ("连续计时，节假日不停", "elapsed time; holidays do not stop it"),
    "voided": ("不再作数", "no longer counts"),
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
    "file": ("登记投诉", "File a complaint"),
    "file.what": ("投诉内容", "What happened"),
    "file.house": ("房屋编号", "House"),
    "file.name": ("客户姓名", "Customer's name"),
    "file.phone": ("联系电话", "Phone"),
    "file.send": ("登记", "File"),
    "file.cancel": ("取消", "Cancel"),
    "file.done": ("已登记", "Filed"),
    "missing": ("没有找到这个页面。", "There is no such page."),
    "missing.case": ("没有找到这个事项。", "There is no such case."),
    "demo": ("演示", "Demo"),
    "skip": ("跳到列表", "Skip to the list"),
    "hour_abbr": ("时", "h"),
    "minute_abbr": ("分", "min"),
    "second_abbr": ("秒", "s"),
    "told": ("通知", "told"),
    "step.word": ("阶梯级别", "ladder step"),
    "why.nth": ("第 {n} 天", "day {n}"),
    "file.failed": ("未能登记", "Not filed"),
    "rebuilding": (
        "读模型正在重建，看板稍后恢复；接收事件不受影响。",
        "The read models are being rebuilt; events are taken all the same.",
    ),
}
"""Code -> (Chinese, English)."""

FIELDS: Final[dict[str, tuple[str, str]]] = {
    "number": ("客户号", "customer no."),
    "name": ("客户", "customer"),
    "phone": ("电话", "phone"),
    "address": ("地址", "address"),
    "subject": ("对象", "subject"),
    "category": ("类别", "category"),
    "severity": ("级别", "severity"),
    "urgency": ("紧急程度", "urgency"),
    "cause": ("原因", "cause"),
    "location": ("部位", "location"),
    "item": ("项目", "item"),
    "trade": ("工种", "trade"),
    "responsible_department": ("责任部门", "responsible department"),
    "to_department": ("转交", "passed to"),
    "due_at": ("时限", "due"),
    "booked_for": ("预约", "booked for"),
    "scheduled_at": ("预约", "booked for"),
    "channel": ("渠道", "channel"),
    "outcome": ("结果", "outcome"),
    "result": ("结果", "result"),
    "satisfied": ("满意", "satisfied"),
    "reached": ("已联系上", "reached"),
    "purpose": ("目的", "purpose"),
    "close_reason": ("关闭原因", "closed because"),
    "reason": ("原因", "reason"),
    "by": ("经办", "by"),
    "repeat_no": ("来源计次", "count by sender"),
    "recording": ("录音", "recording"),
    "note": ("备注", "note"),
    "remark": ("备注", "remark"),
}
"""Field of an event's data -> (Chinese, English)."""


class Words:
    """The texts of one answer, in its reader's language. Called in templates: ``t("due")``, ``t("step", n=2)``."""

    def __init__(self, lang: str) -> None:
        self.lang = lang if lang in LANGUAGES else "zh"

    @property
    def other(self) -> str:
        return "en" if self.lang == "zh" else "zh"

    def __call__(self, code: str, **given: object) -> str:
        text = PAGE[code][self.lang == "en"]
        return text.format(**given) if given else text

    def label(self, code: str) -> str:
        """The label of a code of the language (role, channel, type …); the code itself where it has none."""
        return words.label(code, self.lang) if code else ""

    def field(self, name: str) -> str:
        """What a field of an event's data is called."""
        pair = FIELDS.get(name)
        return pair[self.lang == "en"] if pair else self.label(name).replace("_", " ")

    def spell(self, micros: int) -> str:
        """A length of time for people, its two greatest units: ``2 天 3 时``, ``41 秒``."""
        seconds = max(0, micros) // 1_000_000
        parts = [
            (seconds // 86_400, self("day")),
            (seconds // 3600 % 24, self("hour_abbr")),
            (seconds // 60 % 60, self("minute_abbr")),
            (seconds % 60, self("second_abbr")),
        ]
        while len(parts) > 1 and parts[0][0] == 0:
            parts.pop(0)
        return " ".join(f"{n} {unit}" for n, unit in parts[:2] if n or len(parts) == 1)
