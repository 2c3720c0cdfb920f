"""What came of an import, said to a person or to a program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from touchline.options import say, show

if TYPE_CHECKING:
    from producers.mapping.aliases import Aliases
    from producers.sheets.blanks import Blank
    from producers.sheets.importing import Import
    from producers.sheets.remarks import Remarks
    from producers.sheets.trial import Repeat

LISTED = 200
"""Bad rows told on a terminal; --json and --rejects have the rest."""
SHOWN_NAMES = 20


def tell(
    work: Import,
    aliases: Aliases | None,
    begun: dict[str, Any],
    repeats: Sequence[Repeat],
    remarks: Remarks,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    """``begun``: what the desk answered, empty of a dry run; ``repeats``: of a dry run alone; ``aliases``: which names they
    did not have; ``remarks``: settled."""
    report, source = work.report, work.table.source
    unknown = {
        kind: dict(counted) for kind, counted in (aliases.unknown if aliases else {}).items() if counted
    }
    rejected = sorted(report.rejected, key=lambda one: one.line)
    if as_json:
        show(
            {
                "mapping": work.mapping.name,
                "tenant": begun.get("tenant"),
                "source": begun.get("source"),
                "dry_run": dry_run,
                "encoding": source.encoding or None,
                "header_line": work.table.header_line,
                "rows": report.rows,
                "skipped": report.skipped,
                "bad": report.bad,
                "events": report.kept,
                "again": report.again,
                "rejected": [
                    {"line": r.line, "field": f.field, "reason": f.reason, "reason_zh": f.reason_zh}
                    for r in rejected
                    for f in r.faults
                ],
                "unknown_names": unknown,
                "remarks": [{"line": one.line, **asdict(one.fault)} for one in remarks.listed],
                "remarked": remarks.count,
                "unchecked_cases": remarks.unchecked,
                "blank": [asdict(one) for one in remarks.blanks.told()],
                **({"repeats": [asdict(one) for one in repeats]} if dry_run else {}),
            }
        )
        return
    collides = {again.line: again.first for again in repeats if not again.same}
    for one in rejected[:LISTED]:
        first = collides.get(one.line)
        beside = f"（与第 {first} 行同号 bears the number of row {first}）" if first else ""
        for fault in one.faults:
            where = f"{fault.field}: " if fault.field else ""
            print(f"{one.line}: {where}{fault.reason_zh} {fault.reason}{beside}")
    if report.bad > LISTED:
        print(
            f"… 另有 {report.bad - LISTED} 行，见 --rejects and {report.bad - LISTED} more rows (--rejects FILE)"
        )
    same = [again for again in repeats if again.same]  # the others are bad rows, and listed as such
    for again in same[:LISTED]:
        print(
            f"{again.line}: {again.field + ': ' if again.field else ''}与第 {again.first} 行同号，内容相同，只写入一次 "
            f"bears the number of row {again.first}, with the same content: it is kept once"
        )
    if (more := len(same) - LISTED) > 0:
        print(f"… 另有 {more} 行同号，见 --json and {more} more such rows (--json)")
    blank = remarks.blanks.told()
    _print_remarks(remarks, blank)
    for kind, counted in unknown.items():
        names = "、".join(list(counted)[:SHOWN_NAMES]) + (" …" if len(counted) > SHOWN_NAMES else "")
        what = {"projects": "项目 estates", "houses": "房号 houses"}[kind]
        print(f"别名表中没有的{what} not in the alias file ({len(counted)}): {names}")
    told = remarks.count + len(blank) + bool(remarks.unchecked)
    if dry_run:
        kept = (
            f"可写入 {report.kept} 个触点，文件内重复 {report.again} 个（不查已有的）",
            f"{report.kept} touchpoints could be kept, {report.again} are repeated (not compared with the record)",
        )
    else:
        kept = (
            f"写入 {report.kept} 个触点，已有 {report.again} 个",
            f"{report.kept} touchpoints kept, {report.again} there already",
        )
    say(
        f"{report.rows} 行：{kept[0]}，跳过 {report.skipped} 行，有误 {report.bad} 行，提示 {told} 条。",
        f"{report.rows} rows: {kept[1]}, {report.skipped} rows skipped, {report.bad} bad, {told} remarks.",
    )


def _print_remarks(remarks: Remarks, blanks: Sequence[Blank]) -> None:
    for one in remarks.listed[:LISTED]:
        fault = one.fault
        print(f"{one.line}: 提示 {fault.field}: {fault.reason_zh} {fault.reason}")
    if (more := remarks.count - LISTED) > 0:
        print(f"… 另有提示 {more} 条，见 --json and {more} more remarks (--json)")
    if remarks.unchecked:
        print(
            f"提示 {remarks.unchecked} 行的事项不是本文件受理的，暂不能与台账比对 "
            f"{remarks.unchecked} rows are of cases that this file does not take in, and could not be looked up"
        )
    for blank in blanks:
        print(
            f"提示 {blank.field}（{blank.of} 行中 {blank.rows} 行）{blank.reason_zh} "
            f"{blank.field} ({blank.rows} of {blank.of} rows) {blank.reason}"
        )
