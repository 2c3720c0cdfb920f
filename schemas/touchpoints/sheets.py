"""工作联系单: a department is asked in writing to put something right within a set time (domain.md 2.8)."""

from __future__ import annotations

from schemas.fields import Code, Due, Personal, Ref
from schemas.model import Touchpoint


class ContactSheetIssued(Touchpoint):
    """《工作联系单》发出: T197. ``due_at`` is the set time (限期), without which a sheet is none.
    Opens a case of its own unless it names one."""

    TYPE = "contact_sheet.issued"

    to_department: Code
    due_at: Due
    sheet_id: Ref | None = None
    item: Personal | None = None


class ContactSheetCompleted(Touchpoint):
    """《工作联系单》整改完成: T197."""

    TYPE = "contact_sheet.completed"

    sheet_id: Ref
    result: Personal | None = None


class ContactSheetVerified(Touchpoint):
    """《工作联系单》跟踪验证: T197."""

    TYPE = "contact_sheet.verified"

    sheet_id: Ref
    passed: bool | None = None
    result: Personal | None = None
