"""``touchline policy``: is a profile of promises well written?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from touchline.exits import Exit, Refused
from touchline.options import DATA, JsonOption, NoDataOption, say, show, table

policy = typer.Typer(help="时限政策。Policies: promises as data.", no_args_is_help=True)


def add(app: typer.Typer) -> None:
    app.add_typer(policy, name="policy")


@policy.command("check")
def check(
    path: Annotated[
        Path, typer.Argument(metavar="FILE|DIR", help="政策文件或目录 a file or a folder of files")
    ],
    data: NoDataOption = DATA,
    as_json: JsonOption = False,
) -> None:
    """检查政策文件：写法、事件类型、键、循环。Check policy files: grammar, event types, keys, circles. Ends with 1 if
    something is wrong, naming file and line.

    \b
    Example:
      touchline policy check policies
    """
    from schemas.catalogue import CATALOGUE
    from schemas.policy_check import check_policy
    from schemas.policy_files import read_profile
    from schemas.policy_findings import PolicyFileError

    if not path.exists():
        raise Refused(Exit.UNKNOWN, f"没有这个文件或目录：{path}。", f"There is no file or folder {path}.")
    types = {name: {*kind.model.model_fields} for name, kind in CATALOGUE.items()}
    try:
        profile = read_profile(path)
        found = check_policy(profile.policy_file, types, places=profile.places)
        if any(one.level == "error" for one in found):
            raise PolicyFileError(found)
    except PolicyFileError as error:
        if as_json:
            show({"ok": False, "findings": [one.dump() for one in error.findings]})
        else:
            for one in error.findings:
                print(one)
            say(f"{len(error.findings)} 处有误。", f"{len(error.findings)} findings.")
        raise typer.Exit(Exit.NOT_SO) from None
    file = profile.policy_file
    if as_json:
        show(
            {
                "ok": True,
                "findings": [one.dump() for one in found],
                "profile": file.profile,
                "version": file.version,
                "policies": sorted(file.policies),
            }
        )
        return
    table(
        ("政策 policy", "行 row", "名称", "类别 kind"),
        ((key, one.row or "", one.zh, one.kind) for key, one in sorted(file.policies.items())),
    )
    for one in found:
        print(one)
    say(f"{file.profile} {file.version}：{len(file.policies)} 条，无误。", f"{len(found)} warnings.")
