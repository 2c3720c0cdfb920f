"""One kind of touchpoint that a row becomes: its type, its time, its attributes and its content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args, get_origin

from pydantic.fields import FieldInfo

from producers.mapping.columns import Column
from producers.mapping.expressions import Expression
from producers.mapping.problems import BadCell, Fault, Flaws
from producers.mapping.values import Hasher, Row, Value, Values
from schemas.catalogue import CATALOGUE
from schemas.envelope import WIRE, CloudEvent
from schemas.fields import Due
from schemas.model import Customer
from schemas.policy_yaml import Trail

ATTRIBUTES: Final[Mapping[str, str]] = {
    **{name: wire for wire, name in WIRE.items()},
    "ticket": "ticket",
    "case_id": "caseid",
    "customer_ref": "customerref",
}
"""Name in a mapping -> attribute on the wire."""
OWN: Final = ("when", "type", "time", "customer", "data")
CUSTOMER: Final = tuple(Customer.model_fields)


@dataclass(frozen=True, slots=True)
class Shape:
    """``name`` ends the touchpoint's source id. ``attributes`` by wire name; ``data`` by field."""

    name: str
    type: Value
    types: tuple[str, ...]
    time: Value
    when: Expression | None
    attributes: Mapping[str, Value]
    customer: Mapping[str, Value]
    data: Mapping[str, Value]
    fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """Data fields that a type has."""

    def event(self, row: Row, row_id: str, ticket: str | None, hasher: Hasher) -> dict[str, Any] | None:
        """A structured CloudEvent, or None where it has not happened. Raises BadCell."""
        if self.when is not None and not self.when.holds(row):
            return None
        time = self.time.of(row, hasher)
        if time is None:
            return None
        kind = self.type.of(row, hasher)
        if not isinstance(kind, str):
            raise BadCell("没有适用的事件类型", "fits none of the event types")
        made: dict[str, Any] = {
            "specversion": "1.0",
            "id": f"{row_id}/{self.name}",
            "type": kind,
            "time": time,
        }
        if ticket is not None:
            made["ticket"] = ticket
        for wire, value in self.attributes.items():
            if (found := value.of(row, hasher)) is not None:
                made[wire] = found
        has = self.fields.get(kind)
        data = {
            name: found
            for name, value in self.data.items()
            if (has is None or name in has) and (found := value.of(row, hasher)) is not None
        }
        customer = {n: found for n, v in self.customer.items() if (found := v.of(row, hasher)) is not None}
        if customer:
            data["customer"] = customer
        made["data"] = data
        return made

    def origin(self, place: str, columns: Mapping[str, Column]) -> str:
        """The headings that a field of the event came from; the field itself where it was fixed."""
        head, _, rest = place.partition(".")
        name = rest.partition(".")[0].partition("[")[0]
        if head == "data" and name == "customer":
            value = self.customer.get(rest.partition(".")[2])
        elif head == "data":
            value = self.data.get(name)
        else:
            value = {"time": self.time, "type": self.type}.get(head) or self.attributes.get(head)
        if value is None or not value.columns:
            return f"{self.name}.{place}"
        return "+".join(dict.fromkeys(columns[one].label for one in sorted(value.columns) if one in columns))


def shape(
    name: str,
    said: Mapping[str, Any],
    every: Mapping[str, Any],
    values: Values,
    columns: Mapping[str, Column],
    flaws: Flaws,
) -> Shape:
    """Compile one touchpoint; what is wrong goes to ``flaws``."""
    path: Trail = ("touchpoints", name)
    given = {
        **{n: (v, ("every", n)) for n, v in every.items()},
        **{n: (v, (*path, n)) for n, v in said.items()},
    }
    attributes: dict[str, Value] = {}
    for attribute, (value, at) in given.items():
        if attribute in OWN:
            continue
        if attribute not in ATTRIBUTES:
            near = _near(attribute, [*ATTRIBUTES, *OWN])
            flaws.add(at, f"没有这一项{near[0]}", f"no such attribute{near[1]}")
            continue
        attributes[ATTRIBUTES[attribute]] = made = values.value(value, at)
        _codes_fit(
            made, _literal(CloudEvent.model_fields[ATTRIBUTES[attribute]].annotation), at, columns, flaws
        )
    kind, types = _types(said.get("type"), (*path, "type"), values, columns, flaws)
    if "time" not in said:
        flaws.add(path, "缺少 time（发生时间）", "has no time")
    time = values.value(said.get("time", {"is": None}), (*path, "time"))
    if any(columns[one].kind != "time" for one in time.columns if one in columns):
        flaws.add((*path, "time"), "须为 as: time 的列", "is a column that is read as: time")
    when = values.expression(said["when"], (*path, "when")) if "when" in said else None
    return Shape(
        name=name,
        type=kind,
        types=types,
        time=time,
        when=when,
        attributes=attributes,
        customer=_customer(given.get("customer"), values, flaws),
        data=_data(said.get("data"), (*path, "data"), types, values, columns, flaws),
        fields={one: frozenset(CATALOGUE[one].model.model_fields) for one in types},
    )


def _types(
    said: Any, path: Trail, values: Values, columns: Mapping[str, Column], flaws: Flaws
) -> tuple[Value, tuple[str, ...]]:
    """The type's value, and every type that it can be."""
    if isinstance(said, str) and "." in said:
        made, names = Value(lambda *_: said, fixed=said), [said]
    elif isinstance(said, str):
        made = values.value(said, path)
        column = columns.get(said)
        names = (
            [code for _, code in column.codes.words if code is not None] if column and column.codes else []
        )
    elif isinstance(said, list):
        made = values.value(said, path)
        names = [item["is"] for item in said if isinstance(item, dict) and "is" in item]
    else:
        flaws.add(path, "缺少事件类型", "has no event type")
        return Value(lambda *_: None), ()
    if not names:
        flaws.add(
            path,
            "须为事件类型、带代码表的列或 {when, is} 的列表",
            "is a type, a column with codes, or a list of {when, is}",
        )
    known = []
    for name in names:
        kind = CATALOGUE.get(name) if isinstance(name, str) else None
        if kind is None or not kind.touchpoint:
            near = _near(str(name), [one for one, entry in CATALOGUE.items() if entry.touchpoint])
            flaws.add(path, f"没有触点类型 {name}{near[0]}", f"no touchpoint is called {name}{near[1]}")
        else:
            known.append(kind.name)
    return made, tuple(dict.fromkeys(known))


def _customer(given: tuple[Any, Trail] | None, values: Values, flaws: Flaws) -> dict[str, Value]:
    if given is None:
        return {}
    said, path = given
    if not isinstance(said, dict) or not said.keys() <= set(CUSTOMER):
        flaws.add(path, f"只有 {'、'.join(CUSTOMER)}", f"has {', '.join(CUSTOMER)}")
        return {}
    return {name: values.value(one, (*path, name)) for name, one in said.items()}


def _data(
    said: Any,
    path: Trail,
    types: tuple[str, ...],
    values: Values,
    columns: Mapping[str, Column],
    flaws: Flaws,
) -> dict[str, Value]:
    models = [CATALOGUE[one].model for one in types]
    said = said if said is not None else {}
    if not isinstance(said, dict):
        flaws.add(path, "须为字段与值", "is a mapping of fields to values")
        return {}
    made: dict[str, Value] = {}
    for name, one in said.items():
        at = (*path, name)
        having = [model.model_fields[name] for model in models if name in model.model_fields]
        if (models and not having) or name == "customer":
            near = _near(name, [n for model in models for n in model.model_fields])
            flaws.add(at, f"该类型没有这个字段{near[0]}", f"the type has no such field{near[1]}")
        made[name] = values.value(one, at)
        for known in having:
            column = columns.get(made[name].column)
            if column is not None and column.kind == "time" and _is_due(known):
                flaws.add(
                    at, "期限列请写 as: due（只有日期时指当天结束）", "is a due date: read its column as: due"
                )
            _codes_fit(made[name], _literal(known.annotation), at, columns, flaws)
    for kind, model in zip(types, models, strict=True):
        for name, known in model.model_fields.items():
            if known.is_required() and name not in made:
                flaws.add(path[:2], f"{kind} 必须有 data.{name}", f"{kind} needs data.{name}")
    return made


def _literal(annotation: Any) -> frozenset[str] | None:
    """The codes that a field takes; None where it takes any."""
    if get_origin(annotation) is Literal:
        return frozenset(get_args(annotation))
    return next((found for one in get_args(annotation) if (found := _literal(one)) is not None), None)


def _is_due(known: FieldInfo) -> bool:
    """Whether a bare date in the field means its end of day."""
    return Due in get_args(known.annotation) or get_args(Due)[1] in known.metadata


def _codes_fit(
    value: Value, allowed: frozenset[str] | None, path: Trail, columns: Mapping[str, Column], flaws: Flaws
) -> None:
    if allowed is None:
        return
    column = columns.get(value.column)
    said = [value.fixed] if value.fixed is not None else []
    if column is not None and column.codes is not None:
        said = [code for _, code in column.codes.words if code is not None]
    for code in said:
        if code not in allowed:
            near = _near(str(code), sorted(allowed))
            flaws.add(path, f"没有代码 {code}{near[0]}", f"there is no code {code} for it{near[1]}")


def _near(word: str, known: list[str]) -> tuple[str, str]:
    from difflib import get_close_matches

    found = get_close_matches(word, known, n=1)
    return (f"，是否为 {found[0]}", f"; did you mean {found[0]}?") if found else ("", "")


def faults_of(error: BadCell, name: str) -> Fault:
    """What a touchpoint says of a row, as a fault of the touchpoint."""
    return Fault(name, error.en, error.zh)
