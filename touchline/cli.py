"""``touchline``: the command line. Only the command that is asked for is imported, and what is heavy inside of it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Final

import typer
from typer.exceptions import TyperException

from touchline.exits import Exit, of_error
from touchline.options import refuse

COMMANDS: Final[Mapping[str, str]] = {
    "up": "serve",
    "demo": "serve",
    "tenant": "tenants",
    "key": "keys",
    "person": "persons",
    "append": "append",
    "import": "imports",
    "export": "exports",
    "template": "templates",
    "tail": "tail",
    "case": "cases",
    "promises": "promises",
    "explain": "promises",
    "today": "today",
    "satisfaction": "satisfaction",
    "defects": "defects",
    "penalties": "penalties",
    "report": "reports",
    "verify": "verify",
    "rebuild": "rebuild",
    "recheck": "rebuild",
    "parked": "parked",
    "dead": "dead",
    "inbox": "inboxes",
    "backup": "backup",
    "restore": "backup",
    "ledger": "backup",
    "policy": "policy",
    "calendar": "calendars",
    "source": "sources",
    "events": "events",
    "clock": "clock",
    "database": "database",
    "kafka": "kafka",
    "subscribe": "subscribe",
    "feed": "feeds",
    "worker": "worker",
    "alerts": "alerting",
    "relay": "kafka",
}
"""First word of a command -> the module of ``touchline.commands`` that adds it, in the order of the help."""


def application(word: str = "") -> typer.Typer:
    """The command line; for a known first word with the commands of its module alone, since reading the options of all of
    them takes 20 ms."""
    app = typer.Typer(
        name="touchline",
        help="客户触点台账。The system of record for how a property developer treats its customers.",
        no_args_is_help=True,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
        epilog="退出码 Exit codes: 0 完成 done; 1 有问题 something is wrong; 2 用法 usage; 3 找不到 not found; "
        "4 暂不可用 not now; 75 已被接管 taken over: start again.",
    )
    app.callback()(_whole)
    for module in [COMMANDS[word]] if word in COMMANDS else dict.fromkeys(COMMANDS.values()):
        import_module(f"touchline.commands.{module}").add(app)
    return app


def _whole() -> None:
    """With this a single command, too, is called by its name."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and exits; a refusal ends with its sentence and code instead of a traceback."""
    words = sys.argv[1:] if arguments is None else arguments
    try:
        command = application(words[0] if words else "")
        ended = command(args=words, prog_name="touchline", standalone_mode=False)
        sys.exit(ended if isinstance(ended, int) else Exit.DONE)
    except TyperException as error:
        from touchline.usage import tell

        tell(error, words)
        sys.exit(error.exit_code)
    except BrokenPipeError:  # `touchline tail | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        refused = of_error(error)
        if refused is None:
            raise
        refuse(refused)
        sys.exit(refused.code)
