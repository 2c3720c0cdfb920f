"""Why something was refused, in English and Chinese: for a program a code and a field path, for people a sentence.

No refusal repeats a value: what was sent may be somebody's name or number. Field paths show only names of the shape
of ours; any other key that a sender made up is shown as ``?``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from schemas.fields import (
    CLOCK_FORM,
    CODE_FORM,
    ID_FORM,
    KEY_FORM,
    MONTH_FORM,
    NAME_FORM,
    VERSION_FORM,
    YEAR_FORM,
)


@dataclass(frozen=True, slots=True)
class Refusal:
    """``code`` is stable. ``field`` is "" for the whole, else ``time`` or ``data.scores[2].points``."""

    code: str
    field: str
    reason: str
    reason_zh: str


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}|[0-9]{1,4}", re.ASCII)

REASONS: Final[Mapping[str, tuple[str, str, str]]] = {
    # kind: (code, English, Chinese); {…} are filled from the rule, never from what was sent
    "missing": ("missing", "is required", "必填"),
    "extra_forbidden": ("unknown_field", "no such field", "没有这个字段"),
    "extra_near": ("unknown_field", "no such field; did you mean {near}?", "没有这个字段，是否为 {near}"),
    "string_type": ("wrong_type", "must be text", "必须是文本"),
    "int_type": ("wrong_type", "must be a whole number", "必须是整数"),
    "bool_type": ("wrong_type", "must be true or false", "必须是 true 或 false"),
    "list_type": ("wrong_type", "must be a list", "必须是列表"),
    "dict_type": ("wrong_type", "must be an object", "必须是对象"),
    "model_type": ("wrong_type", "must be an object", "必须是对象"),
    "model_attributes_type": ("wrong_type", "must be an object", "必须是对象"),
    "literal_error": ("not_a_code", "must be one of: {expected}", "只能取：{expected}"),
    "empty": ("too_short", "may not be empty", "不能为空"),
    "string_too_short": ("too_short", "needs at least {min_length} character(s)", "至少 {min_length} 个字符"),
    "string_too_long": ("too_long", "has more than {max_length} characters", "超过 {max_length} 个字符"),
    "too_short": ("too_short", "needs at least {min_length} item(s)", "至少 {min_length} 项"),
    "too_long": ("too_long", "has more than {max_length} items", "超过 {max_length} 项"),
    "string_pattern_mismatch": ("wrong_form", "must be {form}", "必须是{form_zh}"),
    "greater_than_equal": ("out_of_range", "must be at least {ge}", "不得小于 {ge}"),
    "less_than_equal": ("out_of_range", "must be at most {le}", "不得大于 {le}"),
    "float": (
        "float",
        "holds a number with a fraction; write it as text",
        "含有小数，请写成文本",
    ),
    "bad_time": (
        "bad_time",
        "must be an RFC 3339 time with an offset and at most six fractional digits"
        " (2026-11-22T10:00:00+08:00)",
        "必须是带时区偏移的 RFC 3339 时间，小数秒最多六位（如 2026-11-22T10:00:00+08:00）",
    ),
    "bad_date": ("bad_date", "must be a date (2026-11-22)", "必须是日期（如 2026-11-22）"),
    "time_ahead": (
        "time_ahead",
        "tells of the past, yet is more than five minutes ahead of now",
        "表示已发生的时间，却比当前时间晚五分钟以上",
    ),
    "control_character": ("wrong_form", "holds a control character", "含有控制字符"),
    "personal_in_id": (
        "personal_in_id",
        "looks like a mobile phone or identity card number, and identifiers are kept in clear;"
        " send another identifier, or a keyed hash (HMAC) of this one",
        "疑似手机号或身份证号，而标识符以明文保存；请改用其他标识，或先对其做带密钥的哈希（HMAC）",
    ),
    "not_an_object": ("wrong_type", "an event must be a JSON object", "事件必须是 JSON 对象"),
    "unknown_type": (
        "unknown_type",
        "no such event type; `touchline events list` shows them all",
        "没有这个事件类型；用 touchline events list 查看全部类型",
    ),
    "unknown_type_near": (
        "unknown_type",
        "no such event type; did you mean {near}? `touchline events list` shows them all",
        "没有这个事件类型，是否为 {near}；用 touchline events list 查看全部类型",
    ),
    "unknown_version": (
        "unknown_version",
        "this version of the type is not known; the newest known is {version}",
        "未知的版本；已知的最新版本为 {version}",
    ),
    "engine_only": (
        "not_writable",
        "only Touchline's own engine writes this type",
        "该类型只能由系统引擎写入",
    ),
    "system_only": (
        "not_writable",
        "only Touchline itself writes this type",
        "该类型只能由系统自身写入",
    ),
    "admin_only": (
        "not_writable",
        "only an administrator may write this type: with the key of `touchline key create --admin`",
        "该类型只能由管理员写入：用 touchline key create --admin 的密钥",
    ),
    "approver_only": (
        "not_writable",
        "only the approver of penalties may write this type: with the key of `touchline key create --approver`",
        "该类型只能由处罚审批人写入：用 touchline key create --approver 的密钥",
    ),
    "two_corrections": (
        "ambiguous",
        "give correctsid or correctssourceid, not both",
        "correctsid 与 correctssourceid 只能给一个",
    ),
    "withdraws_nothing": (
        "missing",
        "name the withdrawn event by correctsid or correctssourceid",
        "请用 correctsid 或 correctssourceid 指明被撤回的事件",
    ),
    "not_correcting": (
        "not_correctable",
        "this type corrects nothing; publish a newer version instead",
        "该类型不能用作更正；请发布新版本",
    ),
    "two_customers": (
        "ambiguous",
        "give customerref or data.customer, not both",
        "customerref 与 data.customer 只能给一个",
    ),
    "flaw_doubled": ("not_strict", "this key stands twice", "键重复"),
    "flaw_constant": ("not_strict", "NaN and Infinity are no JSON values", "NaN 和 Infinity 不是 JSON 值"),
    "flaw_null": ("not_strict", "holds the character U+0000", "含有字符 U+0000"),
    "flaw_surrogate": ("not_strict", "holds half of a surrogate pair", "含有不成对的代理字符"),
    "flaw_deep": ("not_strict", "nested deeper than 32 levels", "嵌套超过 32 层"),
    "flaw_big": ("not_strict", "an integer beyond 64 bits", "整数超出 64 位"),
    "other": ("invalid", "is not valid", "无效"),
}

FORMS: Final[Mapping[str, tuple[str, str]]] = {
    NAME_FORM: (
        "a type's name: lower-case words joined by dots (complaint.received)",
        "以点相连的小写类型名（如 complaint.received）",
    ),
    CODE_FORM: ("a code: a-z, 0-9 and _, beginning with a letter", "代码：小写字母开头，由 a-z、0-9、_ 组成"),
    KEY_FORM: ("a policy key (complaint.close_return_visit)", "政策键（如 complaint.close_return_visit）"),
    ID_FORM: ("an id that Touchline gave: a UUID in lower case", "本系统给出的标识：小写 UUID"),
    VERSION_FORM: ("a version number (1)", "版本号（如 1）"),
    CLOCK_FORM: ("a time of day (09:00)", "时刻（如 09:00）"),
    MONTH_FORM: ("a month (2026-11)", "月份（如 2026-11）"),
    YEAR_FORM: ("365 or 366 letters W or H, one for each day", "365 或 366 个 W 或 H，每天一个"),
}


def refusal(kind: str, field: str = "", **rule: object) -> Refusal:
    """A refusal of one of the kinds of ``REASONS``; ``rule`` fills the braces."""
    code, en, zh = REASONS.get(kind, REASONS["other"])
    return Refusal(code, field, _fill(en, rule), _fill(zh, rule))


def _fill(text: str, rule: Mapping[str, object]) -> str:
    for name, value in rule.items():
        text = text.replace("{" + name + "}", str(value))
    return text


def field_path(steps: Iterable[str | int], prefix: str = "") -> str:
    """``("scores", 2, "points")`` -> ``scores[2].points``; a name that is not of our shape -> ``?``."""
    path = prefix
    for step in steps:
        if isinstance(step, int):
            path += f"[{step}]"
        else:
            name = step if _NAME.fullmatch(step) else "?"
            path += f".{name}" if path else name
    return path


_HINTS: Final = 3
"""So many unknown fields of an event are told what they may have meant: who sends thousands is not answered for hours."""


def nearest(word: str, known: Iterable[str]) -> str:
    """Which of ``known`` somebody who wrote ``word`` may have meant; "" where none is near."""
    from difflib import get_close_matches  # only who errs pays for it

    return next(iter(get_close_matches(word.lower(), sorted(known), n=1, cutoff=0.7)), "")


def translated(error: ValidationError, prefix: str = "", known: Iterable[str] = ()) -> list[Refusal]:
    """Each complaint of a model, in our words. Of a union only the first branch's complaint is told. ``known``: the fields
    that the model has, for who wrote one of them wrong."""
    found: dict[str, Refusal] = {}
    hints = 0
    for detail in error.errors(include_url=False, include_input=False):
        rule: dict[str, Any] = {k: v for k, v in detail.get("ctx", {}).items() if k in _RULE}
        steps = [step for step in detail["loc"] if not (isinstance(step, str) and step in _BRANCH)]
        field = field_path(steps, prefix)
        kind = detail["type"]
        if "expected" in rule:
            rule["expected"] = str(rule["expected"]).replace("'", "").replace(" or ", ", ")
        if "pattern" in rule:
            rule["form"], rule["form_zh"] = FORMS.get(
                rule["pattern"], (f"of the form {rule['pattern']}",) * 2
            )
        if kind == "string_too_short" and rule.get("min_length") == 1:
            kind = "empty"
        if (
            kind == "extra_forbidden"
            and len(steps) == 1
            and hints < _HINTS
            and _NAME.fullmatch(str(steps[0]))
        ):
            hints += 1
            if near := nearest(str(steps[0]), known):
                kind, rule = "extra_near", {"near": near}
        found.setdefault(field, refusal(kind, field, **rule))
    return list(found.values())


_RULE: Final = frozenset({"expected", "min_length", "max_length", "pattern", "ge", "le"})
_BRANCH: Final = frozenset({"constrained-int", "constrained-str", "int", "str", "[key]"})
