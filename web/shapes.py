"""Shapes of what the API answers, for OpenAPI; the readers make them, this says what to expect.

Instants are RFC 3339 text in Asia/Shanghai, or null where there is none.
"""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

State = Literal["open", "met", "late", "cancelled", "waived", "unreached", "superseded"]
Wall = Literal[
    "pending", "due_soon", "breached", "unconfirmed", "undated", "worklist", "met", "met_late", "late_entry", "retracted",
    "cancelled",
    "waived", "unreached", "superseded",
]  # fmt: skip
_ID = "0b8f6c1e-4a53-5f0e-9d6a-6f1f1c2f7a11"
_AT = "2026-11-22T10:00:00+08:00"


class Shape(BaseModel):
    model_config = ConfigDict(extra="allow")


class Accepted(Shape):
    """The event is kept, with full durability."""

    event_id: str = Field(examples=[_ID])
    case_id: str | None = Field(description="the case it opened or belongs to; null for none", examples=[_ID])
    place: int = Field(description="its position in the tenant's fact lane: 1, 2, 3 …", examples=[42])


class BatchItem(Shape):
    """One event of a batch, in the order sent: the answer it would have got alone."""

    status: int = Field(examples=[202])
    event_id: str | None = None
    case_id: str | None = None
    place: int | None = None
    problem: dict[str, Any] | None = None


class CaseBody(Shape):
    """事项"""

    id: str = Field(examples=[_ID])
    kind: str = Field(examples=["complaint"])
    state: str = Field(examples=["open"])
    opened: str | None = Field(default=None, examples=[_AT])
    last: str | None = None
    closed: str | None = None
    project_id: str | None = None
    house_id: str | None = None
    customer_ref: str | None = None
    touchpoints: int = 0
    place: int = Field(
        default=0, description="fact place of the last event of the case; not in lists", examples=[42]
    )
    source: str | None = None
    ticket: str | None = None
    channel: str | None = None
    owner: str | None = Field(
        default=None,
        description="who has the case: the first contact (首问负责人) until a hand-over is accepted",
        examples=["kf-012"],
    )
    repetition: dict[str, Any] | None = Field(
        default=None,
        description="the repetition ladder (投诉上移制): level reached, the role that owns it there, which reports counted, "
        "and the linked complaint; null where nothing was reported in it; not in lists",
    )


class PromiseBody(Shape):
    """时限: one running instance of an obligation."""

    id: str = Field(examples=[_ID])
    obligation: str = Field(examples=["complaint.first_contact"])
    row: str = Field(default="", description="row of the domain reference", examples=["O30"])
    zh: str = ""
    en: str = ""
    kind: str = ""
    state: str = Field(examples=["open"])
    flags: list[str] = []
    wall: str = Field(description="state as the wall shows it", examples=["due_soon"])
    opened: str | None = None
    due: str | None = Field(default=None, description="null while undated (待定)", examples=[_AT])
    warn: str | None = None
    settled: str | None = None
    case_id: str | None = None
    house_id: str | None = None
    project_id: str | None = None
    owes: list[str] = []
    person: str | None = Field(default=None, description="who is in charge of it, where that is known")
    policy_version: str | None = None
    calendar_version: str | None = None
    trigger: str | None = None
    discharged_by: list[str] = Field(default=[], description="event ids of what settled it")
    entered_by: str | None = None
    step: int = 0


class WorkItem(Shape):
    """今日待办: a customer to call or visit, by a running promise."""

    id: str = Field(description="of the promise", examples=[_ID])
    obligation: str = Field(examples=["complaint.close_return_visit"])
    row: str = Field(examples=["O30"])
    zh: str
    en: str
    when: Literal["overdue", "today", "tomorrow", "later", "undated", "no_limit"]
    opened: str | None
    due: str | None = Field(
        description="null where there is no limit, or none can be told yet", examples=[_AT]
    )
    owes: list[str] = Field(examples=[["cs_front_desk"]])
    person: str = Field(
        description="whom the policy names, else who has the case; empty: nobody", examples=["kf-012"]
    )
    case_id: str
    case_kind: str = Field(examples=["complaint"])
    house_id: str
    project_id: str
    customer_ref: str
    visit: str = Field(
        description="event type that says it was made", examples=["followup.complaint_close_completed"]
    )
    asks: bool = Field(description="whether it asks if the customer is satisfied")
    attempts: int = Field(description="days on which nobody was reached")
    tries: int = Field(
        description="so many, and it counts as unreached; 0: the policy does not say", examples=[3]
    )
    last_attempt: str | None


class HistoryBody(Shape):
    """A case's touchpoints, verdicts and promises at one of two times."""

    case: CaseBody | None = Field(description="null where nothing of it had happened or was known yet")
    mode: str = Field(examples=["known_at"])
    at: str | None = None
    touchpoints: list[dict[str, Any]]
    verdicts: list[dict[str, Any]]
    ownership: dict[str, Any] | None = Field(
        description="who had the case, from whom and since when; null where nobody asked, complained or reported"
    )
    repetition: dict[str, Any] | None = Field(
        description="how far the matter had moved up (投诉上移制), and by which reports; null where nothing was reported in it"
    )
    promises: list[PromiseBody]


class Obligations(Shape):
    """义务覆盖: which published obligations the sources seen can open and settle."""

    states: dict[str, int] = Field(description="how many are covered, never_opened, never_settled")
    obligations: list[dict[str, Any]] = Field(
        description="by row: names in Chinese and English, state, sources, missing types"
    )


class PenaltyBody(Shape):
    """处罚: a proposal; money in fen. Nothing is booked by it."""

    id: str = Field(examples=[_ID])
    problem: str = Field(description="whose repetition it is about")
    state: str = Field(
        description="waiting for the cause (待责任判定), proposed, confirmed, waived, or unfounded: decided, but its ground "
        "was taken back",
        examples=["proposed"],
    )
    rule: str = Field(examples=["rule1"])
    zh: str = ""
    en: str = ""
    bearer_role: str = Field(default="", examples=["contractor"])
    bearer_ref: str | None = None
    amount_fen: int = Field(description="as it stands, doubled where it was", examples=[20000])
    min_fen: int = 0
    max_fen: int = 0
    outside: bool = Field(default=False, description="confirmed outside of the range")
    review: bool = False
    level: int = 0
    opened: str | None = None
    doubled: str | None = None
    case_id: str | None = None
    decided: str | None = None
    decided_by: str | None = None
    reason: str | None = None
    objection: str | None = None


class LateEntries(Shape):
    """补录明细: promises kept in time whose proof was entered late, by who entered it."""

    count: int = Field(description="of all, also where `entries` are fewer", examples=[3])
    by: list[dict[str, Any]] = Field(examples=[[{"department": "crc", "person": "kf-007", "count": 3}]])
    entries: list[dict[str, Any]] = Field(description="the latest entered first, each with its case")


class SatisfactionBody(Shape):
    """满意度: of completed return visits. Shares are thousandths, null below the minimum sample."""

    minimum_sample: int = Field(description="answers below which nothing is published", examples=[30])
    z_permille: int = Field(examples=[1960])
    zone: str = Field(examples=["Asia/Shanghai"])
    total: dict[str, Any]
    figures: list[dict[str, Any]] = Field(
        description="by project, owner type and month, the latest month first",
        examples=[
            [
                {
                    "project_id": "riverside",
                    "owner_type": "break_in",
                    "month": "2026-11",
                    "visits": 52,
                    "answered": 45,
                    "satisfied": 39,
                    "share": 867,
                    "interval": [738, 938],
                    "scored": 12,
                    "mean": None,
                    "scores": None,
                }
            ]
        ],
    )
    coverage: list[dict[str, Any]] | None = Field(
        description="of each duty that is a share, by period and project, the latest period first: `done` of `ripe`; who was "
        "not reached, and who is not due yet, is in no share",
        examples=[
            [
                {
                    "obligation": "repair.return_visit_coverage",
                    "row": "O20",
                    "zh": "维修100%回访",
                    "en": "Return visits to 100 % of the closed repairs",
                    "period": "2026-11",
                    "project_id": "riverside",
                    "keys": {"project": "riverside"},
                    "done": 47,
                    "ripe": 52,
                    "share": 904,
                    "unreached": 1,
                    "unripe": 3,
                }
            ]
        ],
    )


class DefectsBody(Shape):
    """缺陷: as reported."""

    zone: str = Field(examples=["Asia/Shanghai"])
    total: dict[str, int] = Field(examples=[{"reports": 12, "houses": 9}])
    figures: list[dict[str, Any]] = Field(
        description="by project, origin, component, cause and month, the latest month first; `cause` empty: not determined",
        examples=[
            [
                {
                    "project_id": "riverside",
                    "origin": "repair",
                    "component": "外窗",
                    "cause": "construction_quality",
                    "month": "2026-11",
                    "reports": 7,
                    "houses": 5,
                }
            ]
        ],
    )


class Counted(Shape):
    """One event that a figure counts."""

    event_id: str = Field(examples=[_ID])
    case_id: str | None = None
    type: str = Field(examples=["followup.repair_first_completed"])
    time: str = Field(examples=[_AT])
    project_id: str = ""
    house_id: str = ""
    owner_type: str = ""
    data: dict[str, Any] = Field(
        description="what was counted of it, or determined of its case; no free text"
    )


class Member(Shape):
    """One case that counts in a share of return visits, or stands apart from it."""

    promise_id: str = Field(examples=[_ID])
    case_id: str | None = None
    obligation: str = Field(examples=["repair.return_visit_coverage"])
    zh: str = Field(examples=["维修100%回访"])
    en: str = Field(examples=["Return visits to 100 % of the closed repairs"])
    standing: str = Field(examples=["missed"])
    period: str = Field(examples=["2026-11"])
    project_id: str = ""
    house_id: str = ""
    keys: dict[str, str] = Field(examples=[{"project": "riverside"}])
    opened: str = Field(examples=[_AT], description="when it began to count")
    due: str | None = Field(None, description="when it is ripe")
    settled: str | None = None


class AlertBody(Shape):
    """提醒: what a person receives of a verdict."""

    verdict_id: str = Field(examples=[_ID])
    place: int = Field(examples=[7])
    type: str = Field(examples=["obligation.breached"])
    state: str = Field(examples=["sent"])
    promise_id: str | None = None
    case_id: str | None = None
    due: str | None = None
    recorded: str | None = None
    acknowledged_at: str | None = None
    acknowledged_by: str | None = None
    deliveries: list[dict[str, Any]] = []
