"""A body as rows for a mapping: JSON, a form, or the fields of the URL, in whatever encoding it came."""

from __future__ import annotations

from contextlib import suppress
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any, Final
from urllib.parse import parse_qsl

from producers.inbox.letter import Content
from producers.inbox.media import essence_of
from producers.mapping.problems import BadRow, Fault
from schemas.canonical import NotStrict, read_json

FIELDS: Final = 2000
"""Of a form."""
_EXACT: Final = 10**15
_DECLARED: Final = frozenset(
    ("gbk", "gb2312", "gb18030", "big5", "big5hkscs", "utf-16", "utf-16le", "utf-16be")
)


def rows(content: Content) -> list[Any]:
    """Every row of a delivery: of a JSON array its items. Raises BadRow, which says nothing of the content."""
    essence = essence_of(content.media)
    if not content.body.strip():
        if not content.query:
            raise _bad("is empty", "是空的")
        return [
            _fields(
                [(n.encode("utf-8", "replace"), v.encode("utf-8", "replace")) for n, v in content.query], ""
            )
        ]
    charset = _charset(content.media)
    if essence == "multipart/form-data":
        return [_multipart(content)]
    form = essence == "application/x-www-form-urlencoded"
    if form and content.body.lstrip()[:1] not in (b"{", b"["):
        return [_form(content.body, charset)]
    text = decoded(content.body, charset)
    if text.lstrip()[:1] in ("{", "["):  # also where it is said to be a form, as curl and others do
        return _json(text)
    if essence.endswith("json"):
        raise _bad("is not JSON", "不是合法的 JSON")
    if "=" in text.partition("&")[0] and not text.lstrip().startswith("<"):
        return [_form(content.body.strip(), charset)]
    raise _bad("is neither JSON nor a form", "既不是 JSON 也不是表单")


def decoded(body: bytes, charset: str = "") -> str:
    """UTF-8 if it is that, whatever was declared; else as declared, else GB18030. Raises BadRow."""
    wide = charset.startswith("utf-16")
    for name in (charset, "utf-8-sig") if wide else ("utf-8-sig", charset, "gb18030"):
        if name:
            try:
                return body.decode(name)
            except UnicodeDecodeError:
                pass
    raise _bad("is text in neither UTF-8 nor GB18030", "不是 UTF-8 或 GB18030 文本")


def _charset(media: str) -> str:
    message = Message()
    message["content-type"] = media.encode("ascii", "ignore").decode().replace("\r", " ").replace("\n", " ")
    found = message.get_param("charset")
    named = found.strip().lower() if isinstance(found, str) else ""
    return named if named in _DECLARED else ""


def _json(text: str) -> list[Any]:
    try:
        found = _whole_numbers(read_json(text))
    except NotStrict:
        raise _bad("is not JSON", "不是合法的 JSON") from None
    except RecursionError:
        raise _bad("is nested too deep", "嵌套过深") from None
    items = found if isinstance(found, list) else [found]
    if not items:
        raise _bad("holds nothing", "没有任何内容")
    return items


def _whole_numbers(value: Any) -> Any:
    """A long whole number is exact in JSON, and an id: as text, since a spreadsheet's would have lost its last digits."""
    if isinstance(value, dict):
        return {name: _whole_numbers(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_whole_numbers(inner) for inner in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT:
        return str(value)
    return value


def _form(body: bytes, charset: str) -> dict[str, Any]:
    try:
        pairs = parse_qsl(
            body.decode("latin-1"), keep_blank_values=True, encoding="latin-1", max_num_fields=FIELDS
        )
    except ValueError:
        raise _bad(f"has more than {FIELDS} fields", f"字段超过 {FIELDS} 个") from None
    if not pairs:
        raise _bad("holds no field", "没有任何字段")
    return _fields([(n.encode("latin-1"), v.encode("latin-1")) for n, v in pairs], charset)


def _multipart(content: Content) -> dict[str, Any]:
    head = b"Content-Type: " + content.media.encode("latin-1", "replace").replace(b"\r", b" ").replace(
        b"\n", b" "
    )
    message = BytesParser(policy=HTTP).parsebytes(head + b"\r\n\r\n" + content.body)
    pairs = []
    for part in message.iter_parts() if message.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and part.get_filename() is None:  # files are not read
            value = part.get_payload(decode=True)
            pairs.append(
                (name.encode("utf-8", "surrogateescape"), value if isinstance(value, bytes) else b"")
            )
    if not pairs or len(pairs) > FIELDS:
        raise _bad("is no form that can be read", "不是可读的表单")
    return _fields(pairs, "")


def _fields(pairs: list[tuple[bytes, bytes]], charset: str) -> dict[str, Any]:
    """By name; of a name that stands several times all values. A field that holds a JSON object is read as one."""
    whole = decoded(b"\n".join(part.replace(b"\n", b" ") for pair in pairs for part in pair), charset)
    texts = whole.split("\n")
    made: dict[str, Any] = {}
    for (_, raw), name, text in zip(pairs, texts[::2], texts[1::2], strict=True):
        value: Any = decoded(raw, charset) if b"\n" in raw else text
        if value.lstrip().startswith("{"):
            with suppress(NotStrict, RecursionError):
                value = _whole_numbers(read_json(value))
        made[name] = [*_listed(made[name]), value] if name in made else value
    return made


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _bad(reason: str, reason_zh: str) -> BadRow:
    return BadRow([Fault("", reason, reason_zh)])
