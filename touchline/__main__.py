"""Where the process begins: ``touchline`` and ``python -m touchline``."""

from __future__ import annotations

import atexit
import gc
import os


def main() -> None:
    """The command line, in a process of its own.

    What a command imports lives as long as the process, so there is nothing for the garbage collector in it: searching it
    took 60 ms at the start and as much at the end. A server takes the usual rhythm again (``touchline.serving``).
    """
    os.environ.setdefault(
        "PYDANTIC_DISABLE_PLUGINS", "__all__"
    )  # we have none, and looking for them takes 10 ms
    gc.set_threshold(200_000, 20, 20)
    atexit.register(gc.freeze)
    from touchline.cli import main as run

    run()


if __name__ == "__main__":
    main()
