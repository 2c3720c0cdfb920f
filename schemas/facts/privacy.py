"""个人信息: erasure and access (domain.md appendix A.3). They name a person by reference and nothing else."""

from __future__ import annotations

from schemas.fields import Code, Ref
from schemas.model import Content


class PrivacyErasureRequested(Content):
    """删除请求: T214. Somebody who may asked for it; the key store then destroys the keys, and `…executed` says so.

    ``basis``: customer_request, consent_withdrawn, purpose_reached, retention_expired, unlawful (个人信息保护法 art. 47).
    """

    TYPE = "privacy.erasure_requested"

    subject_ref: Ref
    basis: Code | None = None
    by: Ref | None = None


class PrivacyErasureExecuted(Content):
    """删除执行: T214. The person's keys are destroyed; what they sealed reads as erased. ``request``: event id of what
    asked for it; absent where the record was restored from before it and only the key store knew."""

    TYPE = "privacy.erasure_executed"

    subject_ref: Ref
    basis: Code | None = None
    request: Ref | None = None


class PrivacyAccessRecorded(Content):
    """个人信息查阅记录: T214. Who looked at whose data, what for, and how far."""

    TYPE = "privacy.access_recorded"

    subject_ref: Ref
    by: Ref
    purpose: Code
    basis: Code | None = None
    range: Ref | None = None
