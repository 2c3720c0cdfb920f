"""What the exit codes of every command mean, in one place."""

from __future__ import annotations

from enum import IntEnum


class Exit(IntEnum):
    """``touchline`` and ``run.py`` end with one of these; 130 after Ctrl-C."""

    DONE = 0
    """已完成。It was done, and what was asked is so."""
    NOT_SO = 1
    """有问题。It ran to the end, and something is wrong: a refused line, a bad place, a difference, a faulty policy."""
    USAGE = 2
    """用法错误。The command line itself: an unknown option, a missing or ambiguous tenant or source, a bad time."""
    UNKNOWN = 3
    """找不到。No such data folder, tenant, case, promise, verdict, event type or file."""
    UNAVAILABLE = 4
    """暂不可用。The machine or the moment does not allow it: folder in use, port taken, clock behind, disk full."""
    FENCED = 75
    """已被接管。A worker whose tenants another one runs: start it again, to be assigned anew."""


class Refused(Exception):
    """A command ends here: one sentence in Chinese, one in English, and the code to end with."""

    def __init__(self, code: Exit, zh: str, en: str) -> None:
        super().__init__(f"{zh}\n{en}")
        self.code = code
        self.zh = zh
        self.en = en


OF_LEDGER = {
    "NoLedger": (
        Exit.UNKNOWN,
        "这个目录里没有台账（先用 touchline tenant add 建立，或用 --data 指明目录）。",
    ),
    "NotMigrated": (Exit.UNKNOWN, "这个数据库里还没有表：请由所有者执行 touchline database migrate。"),
    "BadUrl": (Exit.USAGE, "数据库地址须写成 postgresql://角色@主机/库名。"),
    "NoDriver": (Exit.UNAVAILABLE, "没有安装 PostgreSQL 驱动：pip install 'touchline[scale]'。"),
    "Unreachable": (Exit.UNAVAILABLE, "数据库连不上。"),
    "OwnerWrites": (Exit.USAGE, "这个角色能改台账（表的所有者或超级用户）：请改用应用角色。"),
    "NotOwner": (Exit.USAGE, "只有表的所有者能把台账复制或恢复到数据库里：请在 URL 中写属主的角色。"),
    "OutcomeUnknown": (Exit.UNAVAILABLE, "提交时连接中断，不知是否已写入；重发是安全的。"),
    "OtherFeed": (
        Exit.UNAVAILABLE,
        "这个数据库的引擎不由此供数（touchline feed show 查看，touchline feed use 切换）。",
    ),
    "HeldElsewhere": (Exit.UNAVAILABLE, "这个数据库上另有进程在运行：请先停下它，或由它来做。"),
    "UnknownTenant": (Exit.UNKNOWN, "没有这个租户。"),
    "TenantExists": (Exit.USAGE, "同名租户已经存在。"),
    "FolderInUse": (Exit.UNAVAILABLE, "数据目录正被另一个进程使用。"),
    "UnknownSchema": (Exit.UNAVAILABLE, "数据目录由本版本不认识的 Touchline 写成。"),
    "KeyStoreLost": (Exit.UNAVAILABLE, "有台账而没有 keys.db：请先恢复密钥库，否则密封内容无法打开。"),
    "KeyStoreForeign": (Exit.UNAVAILABLE, "keys.db 属于另一本台账。"),
    "KeyMissing": (Exit.UNAVAILABLE, "密钥库里既没有这把密钥也没有销毁记录：请恢复 keys.db。"),
    "HalfCopy": (Exit.UNAVAILABLE, "这里的复制或恢复被中断，请重新执行一次。"),
    "TargetTaken": (Exit.USAGE, "目标不是空的，不会覆盖。"),
    "CopyDiffers": (Exit.NOT_SO, "复制的内容核验不符，已撤销；请对来源执行 touchline verify。"),
    "CursorAhead": (
        Exit.NOT_SO,
        "通知已读到台账末位之后：各表并非出自同一备份，请用 touchline restore 恢复。",
    ),
    "IsBackup": (Exit.USAGE, "这是备份，不可写入；请用 touchline restore 恢复到另一目录。"),
    "NotKept": (Exit.UNAVAILABLE, "没有写入成功，可以重发。"),
    "Busy": (Exit.UNAVAILABLE, "等待写入的太多，请稍后再试。"),
}
"""The ledger's exceptions by name (so that nothing heavy is imported to know them): exit code and Chinese sentence."""

OTHER_FOLD = (
    "读表由另一版规则算出：服务或写入命令会自行重建；没有服务在运行时请执行 touchline rebuild。台账本身不受影响。",
    "The tables were folded by other rules: a server, or a command that writes, rebuilds them by itself; "
    "with no server running, run `touchline rebuild`. The record is untouched.",
)
"""Chinese and English sentence for who meets such tables."""

FOLD_FAILED = (
    "重算时规则出错，读表保持原样，台账不受影响：",
    "A rule fails on what is recorded; the tables stay as they were, the record is untouched: ",
)


DRIVERS = ("sqlalchemy", "psycopg", "sqlite3")
"""Whose errors a read raises as they are; of a write the ledger tells more."""
FAILS, BROKEN = "数据库或磁盘没有正常应答。", "数据库文件已损坏。"
"""Chinese sentences for storage that does not answer as it should, and for what no waiting mends."""


def of_error(error: Exception) -> Refused | None:
    """What the ledger refused, as a sentence and a code; None for an error that is a defect."""
    if isinstance(error, Refused):
        return error
    if type(error).__name__ == "OtherFold":
        return Refused(Exit.UNAVAILABLE, *OTHER_FOLD)
    if type(error).__name__ == "FoldFailed":
        return Refused(Exit.NOT_SO, *(f"{word}{error}." for word in FOLD_FAILED))
    if type(error).__name__ == "FolderInUse" and (pid := getattr(error, "pid", 0)):
        since = getattr(error, "since", "")
        return Refused(
            Exit.UNAVAILABLE,
            f"数据目录正被进程 {pid} 使用（自 {since}）。",
            f"The data folder is in use by process {pid}, since {since}.",
        )
    if type(error).__module__.partition(".")[0] in DRIVERS:
        from ledger.errors import DAMAGED, NO_DATABASE, trouble

        if not (plain := trouble(error)):
            return None
        code, zh = (Exit.NOT_SO, BROKEN) if plain in (DAMAGED, NO_DATABASE) else (Exit.UNAVAILABLE, FAILS)
        return Refused(code, zh, f"{plain[0].upper()}{plain[1:]}.")
    known = OF_LEDGER.get(type(error).__name__) if type(error).__module__ == "ledger.errors" else None
    return (
        Refused(known[0], known[1], f"{str(error) or 'Another process has this folder'}.") if known else None
    )
