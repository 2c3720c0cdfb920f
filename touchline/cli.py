"""``touchline``: the command line. Heavy modules are imported inside the commands, so that each starts at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import typer

from touchline.commands import (
    append,
    cases,
    clock,
    events,
    imports,
    keys,
    persons,
    policy,
    promises,
    rebuild,
    serve,
    tail,
    templates,
    tenants,
    verify,
)
from touchline.exits import Exit, of_error

app = typer.Typer(
    name="touchline",
    help="客户触点台账。The system of record for how a property developer treats its customers.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog="退出码 Exit codes: 0 完成 done; 1 有问题 something is wrong; 2 用法 usage; 3 找不到 not found; "
    "4 暂不可用 not now.",
)
serve.add(app)
tenants.add(app)
keys.add(app)
persons.add(app)
append.add(app)
imports.add(app)
tail.add(app)
templates.add(app)
cases.add(app)
promises.add(app)
verify.add(app)
rebuild.add(app)
policy.add(app)
events.add(app)
clock.add(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command and exits; a refusal ends with its sentence and code instead of a traceback."""
    try:
        app(args=arguments, prog_name="touchline")
    except BrokenPipeError:  # `touchline tail | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(Exit.DONE)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        refused = of_error(error)
        if refused is None:
            raise
        print(refused, file=sys.stderr)
        sys.exit(refused.code)
