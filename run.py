# -*- coding: utf-8 -*-
# ruff: noqa: UP009, UP031, UP036
"""`python3 run.py` = `make run`, `python3 run.py test` = `make test`, for machines without make.

Written so that any Python, however old, can read it and be told in one sentence that it is too old.
"""

import sys

if sys.version_info < (3, 11):
    sys.stderr.write(
        "Touchline 需要 Python 3.11 或更高版本，当前是 %d.%d；请安装后用 make PYTHON=python3.11 run 重试。\n"
        "Touchline needs Python 3.11 or newer, this is %d.%d; install one, then: make PYTHON=python3.11 run\n"
        % (sys.version_info[:2] * 2)
    )
    sys.exit(4)

from touchline.bootstrap import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
