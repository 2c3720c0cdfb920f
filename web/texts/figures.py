"""指标: satisfaction and defects."""

from __future__ import annotations

from typing import Final

from web.texts.pair import Texts

TEXTS: Final[Texts] = {
    "figures.satisfaction": ("满意度", "Satisfaction"),
    "figures.satisfaction.hint": (
        "按回访当月（北京时间）；括号内为威尔逊区间；答复少于 {least} 条不公布。点数字看事项。",
        "By month of the visit (Asia/Shanghai); in brackets the Wilson interval; nothing from fewer than {least} answers. "
        "A figure opens its cases.",
    ),
    "figures.few": ("样本不足（{n}/{least}）", "too few answers ({n}/{least})"),
    "figures.defects": ("缺陷反馈", "Defects"),
    "figures.defects.hint": (
        "报修与缺陷登记分别计数，按报告当月（北京时间）；报修的原因以该事项最近一次责任方分析为准，未判定的记为“—”；"
        "户数为不同房屋。点数字看事项。",
        "Repairs reported and defects recorded, counted apart, by month (Asia/Shanghai); a repair's cause is the one last "
        "determined of its case, — where none is; houses are different ones. A figure opens its cases.",
    ),
    "figures.defects.line": ("{n} 次 · {houses} 户", "{n} in {houses} houses"),
    "figures.this_month": ("本月", "this month"),
    "figures.month": ("月份", "Month"),
    "figures.project": ("项目", "Project"),
    "figures.owners": ("业主类型", "Owners"),
    "figures.visits": ("回访", "Visits"),
    "figures.answers": ("答复", "Answers"),
    "figures.satisfied": ("满意", "Satisfied"),
    "figures.unsatisfied": ("不满意", "Not satisfied"),
    "figures.mean": ("均分", "Mean of marks"),
    "figures.origin": ("来源", "Origin"),
    "figures.component": ("构件", "Component"),
    "figures.cause": ("原因", "Cause"),
    "figures.reports": ("次数", "Reports"),
    "figures.houses": ("户数", "Houses"),
    "figures.total": ("合计", "Total"),
    "figures.none": ("暂无数据", "Nothing counted yet"),
    "figures.none.of": (
        "这个数字背后没有事项；返回汇总另选。",
        "No case is behind this figure; go back and choose another.",
    ),
    "figures.satisfaction.none": (
        "登记回访结果（今日待办，或触点 followup.…_completed）后，会自动列在这里。",
        "Filing what came of a visit (the list of today, or an event followup.…_completed) puts it here by itself.",
    ),
    "figures.defects.none": (
        "登记报修（repair.reported）或缺陷（defect.recorded）后，会自动列在这里。",
        "A repair reported (repair.reported) or a defect recorded (defect.recorded) puts it here by itself.",
    ),
    "figures.coverage": ("回访覆盖率", "Return visits made"),
    "figures.coverage.hint": (
        "按关闭或完工当月（北京时间）：到期应回访的事项中已回访的占比；未接通（已按规定次数拨打）与未到期的单列，不计入。点数字看事项，点比例看到期未回访的。",
        "By month of closing or completion (Asia/Shanghai): how many of those due for a visit were visited. Who was called as "
        "often as the policy asks and not reached, and who is not due yet, stands apart and is in no share. "
        "A figure opens its cases, the share those that were missed.",
    ),
    "figures.duty": ("义务", "Duty"),
    "figures.done": ("已回访", "Visited"),
    "figures.missed": ("到期未回访", "Missed"),
    "figures.ripe": ("应回访", "Due"),
    "figures.share": ("覆盖率", "Share"),
    "figures.unreached": ("未接通", "Not reached"),
    "figures.unripe": ("未到期", "Not due yet"),
    "figures.up": ("返回汇总", "Back to the figures"),
    "figures.happened": ("发生于", "Happened"),
    "figures.touchpoint": ("触点", "Touchpoint"),
    "figures.house": ("房号", "House"),
    "figures.told": ("内容", "Counted"),
    "figures.case": ("事项", "Case"),
    "figures.open": ("查看", "open"),
    "figures.most": (
        "只列最近 {n} 条；全部见接口或命令行。",
        "the latest {n}; all of them by the API or the command line.",
    ),
}
