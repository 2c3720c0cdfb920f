"""Operational tables of alerts: never rebuilt, because what people were told cannot be folded again.

Instants are microseconds UTC, 0 for "never happened" in the columns that say so; roles are canonical JSON arrays.
"""

from __future__ import annotations

from sqlalchemy import Index, MetaData, Table

from ledger.columns import KEYED, int64, text

metadata = MetaData()

cursors = Table(
    "alert_cursors",
    metadata,
    int64("tenant", key=True),
    int64("verdict_place"),  # read up to here
    int64("fact_place"),  # acknowledgements read up to here
    int64("past_verdicts"),  # where both lanes stood at the first start, and when: listed, never sent
    int64("past_facts"),
    int64("past_time"),
    **KEYED,
)

alerts = Table(
    "alerts",
    metadata,
    int64("tenant", key=True),
    int64("place", key=True),  # in the verdict lane
    text("verdict_id"),
    text("type"),
    text("kind"),  # due_soon | breached | step1 … | retracted:breached …
    text("obligation"),  # policy key, e.g. repair.close_visit
    text("row"),  # O30
    text("zh"),
    text("en"),
    text("promise_id"),
    text("case_id"),
    text("project_id"),
    text("house_id"),
    int64("due"),
    int64("time"),  # the instant the verdict bears: due, warning or step
    int64("recorded"),
    int64("since"),  # from when it could have been known: lateness = recorded - since
    int64("born_late"),
    text("owes"),
    text("to"),
    text("silent"),  # "" = to be sent; else why not: history | age | nothing_sent
    text("retracts"),  # verdict id of the alert this one takes back
    text("retracted_by"),  # verdict id of the retraction
    text("acknowledged_by"),
    int64("acknowledged_at"),
    text("acknowledged_event"),  # event id of the fact alert.acknowledged
    Index("alerts_verdict", "tenant", "verdict_id", unique=True),
    Index("alerts_promise", "tenant", "promise_id", "place"),
    **KEYED,
)

deliveries = Table(
    "alert_deliveries",
    metadata,
    int64("tenant", key=True),
    text("verdict_id", key=True),
    text("channel", key=True),
    int64("place"),
    text("state"),  # pending | delivered | failed | dropped
    int64("attempts"),
    int64("next_attempt"),
    int64("maybe"),  # 1 = may have arrived although nobody confirmed it (killed or timed out on the way)
    int64("delivered_at"),
    text("last_error"),
    Index("alert_deliveries_due", "channel", "state", "next_attempt"),
    **KEYED,
)

calls = Table(
    "alert_calls",
    metadata,
    text("channel", key=True),
    int64("at", key=True),
    int64("number", key=True),  # several calls in one microsecond
    **KEYED,
)
"""Calls to rate-limited channels within the last minute, kept so that a restart does not double the rate."""
