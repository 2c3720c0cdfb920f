"""``make bench`` is heavy and runs by itself; here, that its parts still fit together and its results say what was missed."""

from __future__ import annotations

import inspect
from importlib import import_module

import pytest

from benchmarks.__main__ import main
from benchmarks.suite import GOALS, SUITE, Benchmark, Goal


@pytest.mark.parametrize("name", SUITE)
def test_what_is_called_is_there_and_takes_what_it_is_given(name: str) -> None:
    one = SUITE[name]
    function = getattr(import_module(f"benchmarks.{one.module}"), one.function)
    for how in (*one.quick, *one.whole):
        inspect.signature(function).bind(**how)
    assert len(one.says()) > 40


def test_a_goal_belongs_to_a_module_that_is_run() -> None:
    for name in GOALS:
        assert name.replace(":", ",").partition(",")[0] in SUITE, name
    assert Goal(50, at_most=True).met(50)
    assert not Goal(50, at_most=True).met(50.1)
    assert Goal(0.7).met(0.7)
    assert not Goal(0.7).met(0.69)


def test_a_module_that_is_run_twice_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    module = import_module("benchmarks.startup")
    monkeypatch.setattr(module, "double", lambda of, on: {"x": 2 * of, "startup: y": of}, raising=False)
    one = Benchmark(
        "startup", [{"of": 1, "on": True}], [{"of": 1000, "on": True}, {"of": 2, "on": False}], "double"
    )
    assert one.run(quick=True) == {"startup: x": 2, "startup: y": 1}
    assert one.run(quick=False) == {
        "startup, of 1,000, on True: x": 2000, "startup, of 2, on False: x": 4, "startup: y": 2,
    }  # fmt: skip


def test_a_run_that_takes_long_says_its_size_and_is_left_out_of_a_short_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = import_module("benchmarks.startup")
    monkeypatch.setattr(module, "double", lambda of: {"x": 2 * of}, raising=False)
    assert Benchmark("startup", [], [{"of": 1000}], "double", long=True).run(False) == {
        "startup, of 1,000: x": 2000
    }
    ran: list[str] = []

    def measured(name: str, quick: bool) -> dict[str, float]:
        ran.append(name)
        return {}

    monkeypatch.setattr("benchmarks.__main__._measured", measured)
    assert main(["--quick"]) == main(["--quick", "--short"]) == main(["--quick", "memory_1m"]) == 0
    short = [name for name in SUITE if not name.endswith(("_1m", "_5m"))]
    assert ran == [*SUITE, *short, "memory_1m"]
    assert len(SUITE) == len(short) + 3


def test_an_unknown_name_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["nothing"])
    assert ended.value.code == 2
    assert "nothing" in capsys.readouterr().err
