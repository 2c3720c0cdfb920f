# Without make: `python3 run.py` for `make run`, `python3 run.py test` for `make test`.
PYTHON ?= python3

.PHONY: run test lint bench chaos install locks

run:
	@$(PYTHON) run.py demo $(ARGS)

test:
	@$(PYTHON) run.py test $(ARGS)

lint:
	@$(PYTHON) run.py lint

bench:
	@$(PYTHON) run.py bench $(ARGS)

# Ten minutes of faults under load; the figures go to docs/chaos.md. A minute of it: ARGS="--minutes 1".
chaos:
	@$(PYTHON) run.py chaos $(ARGS)

install:
	@$(PYTHON) run.py install

# Writes all lock files anew, for every platform, with hashes and without download addresses. The pins that stand
# are kept where they still fit; delete a lock first to move to the newest versions.
UV = build/lock-tools/bin/uv
COMPILE = $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header --no-annotate \
	--no-emit-package django --no-emit-package asgiref --no-emit-package sqlparse

locks: $(UV)
	$(COMPILE) pyproject.toml requirements/run.in -o requirements/run.lock
	$(COMPILE) --extra scale -c requirements/run.lock pyproject.toml requirements/run.in -o requirements/image.lock
	$(COMPILE) --extra dev --extra scale -c requirements/run.lock pyproject.toml requirements/run.in -o requirements/test.lock
	$(COMPILE) requirements/quix.in -o requirements/quix.lock

$(UV):
	$(PYTHON) -m venv build/lock-tools
	build/lock-tools/bin/python -m pip install --quiet uv
