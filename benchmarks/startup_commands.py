"""Every command of the command line as `python -m benchmarks.startup` runs it, and the small folder that it runs on."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Final

LEDGER, MAPPING, INBOX = "tests/data/boston311-100.csv", "examples/boston311.yaml", "examples/pbx.yaml"
TYPES = ("complaint.received", "repair.reported", "inquiry.received", "repair.completed")
ROWS = 3
"""Of a ledger that is imported."""
POLICY = "profile: small\nversion: '{n}'\nextends: default\neffective_from: 2026-01-01T00:00:00+08:00\n"

ELSEWHERE: Final = "--help"
"""What serves without end, or needs a Kafka or a PostgreSQL, is timed by its help."""

COMMANDS: Final[Mapping[str, str]] = {
    "": "--help",
    "up": ELSEWHERE,
    "demo": ELSEWHERE,
    "tenant add (makes the folder)": "acme --data {place}/new-{n}",
    "tenant list": "{data}",
    "key create": "--source x {data}",
    "append": "- --source call-centre {data}",
    "import": f"{{place}}/{{n}}.csv -m {MAPPING} -s boston {{data}}",
    "export": "complaints -o {place}/e.csv {data}",
    "template": "complaints -o {place}/t.xlsx",
    "tail": "{data}",
    "case show": "{case} {data}",
    "promises": "{data}",
    "explain": "{promise} {data}",
    "today": "--when all {data}",
    "today done": "{visit} --visited --by kf-012 --source call-centre {data}",
    "satisfaction": "{data}",
    "defects": "{data}",
    "penalties list": "{data}",
    "penalties confirm": "{event} --amount 300 --by gm-1 --source call-centre {data}",
    "penalties waive": "{event} --by gm-1 --source call-centre {data}",
    "penalties undo": "{event} --source call-centre {data}",
    "report late-entries": "{data}",
    "verify": "{data}",
    "rebuild": "{data}",
    "recheck": "{data}",
    "parked list": "{data}",
    "parked show": "{event} {data}",
    "parked resume": "--all --by it-007 {data}",
    "dead list": "{data}",
    "dead show": "{letter} {data}",
    "dead replay": "{letter} --by it-007 {data}",
    "dead discard": "{letter} --reason test_data --by it-007 {data}",
    "inbox add": f"--source door-{{n}} --mapping {INBOX} --verify token {{data}}",
    "inbox list": "{data}",
    "inbox unknown": "--source pbx {data}",
    "inbox remove": "--source door-{n} {data}",
    "person find": "--phone {phone} {data}",
    "person export": "{person} {data}",
    "person erase": "{person} --reason customer_request --yes {data}",
    "backup": "{place}/kept-{n}.tar {data}",
    "restore": "{place}/kept-{n}.tar --data {place}/restored-{n}",
    "ledger copy": "{place}/data {place}/copy-{n}",
    "policy check": "policies",
    "policy explain": "repair.contact_24h",
    "policy diff": "shipped policies",
    "policy whatif": "policies {data}",
    "policy publish": "{place}/{n}.yaml {data}",
    "calendar publish": "--year 2025 --region r-{n} {data}",
    "calendar show": "--year 2026 {data}",
    "source declare": "--source call-centre --reports-within 1{n}h {data}",
    "source list": "{data}",
    "events list": "",
    "events example": "complaint.received",
    "clock accept": "{data}",
    "database migrate": ELSEWHERE,
    "database scrub": ELSEWHERE,
    "kafka init": ELSEWHERE,
    "kafka check": ELSEWHERE,
    "subscribe": ELSEWHERE,
    "feed show": "{data}",
    "feed use": ELSEWHERE,
    "worker": ELSEWHERE,
    "alerts": ELSEWHERE,
    "relay": ELSEWHERE,
    "tenant add": "another-{n} {data}",
}
"""Command -> its words, in the order in which they are run. ``{n}`` is the number of the run: who was erased is not erased
again. What would give the others more to do comes last."""

CODES: Final[Mapping[str, int]] = {
    "penalties confirm": 3, "penalties waive": 3, "penalties undo": 3,
    "parked show": 3, "dead replay": 1, "clock accept": 4,
}  # fmt: skip
"""With which a command ends here, where it is not 0: nothing is proposed or parked, the mapping was not mended, and no server
runs."""

Run = Callable[..., str]
"""(words, stdin="") -> what the command printed."""


@dataclass(frozen=True, slots=True)
class Small:
    """A folder with one tenant, a key, and for each run some cases, a person, and a letter that nobody could map."""

    place: Path
    runs: int

    @property
    def data(self) -> str:
        return f"--data {self.place / 'data'}"

    def make(self, run: Run) -> Sequence[Mapping[str, str]]:
        """What stands in braces, for each run. ``run`` runs a command."""

        def told(words: str, stdin: str = "") -> Any:
            return json.loads(run(f"{words} --json {self.data}".split(), stdin))

        told("tenant add acme")
        told("key create --source call-centre")
        answers = told("append -", "".join(self.events(f"o{n}") for n in range(self.runs)))
        promises, visits = told("promises"), told("today --when all")
        self._letters(told)
        letters = told("dead list")
        header, *rows = Path(LEDGER).read_text("utf-8").splitlines(keepends=True)
        found = []
        for n in range(self.runs):
            part = "".join(islice(rows, n * ROWS, (n + 1) * ROWS))
            (self.place / f"{n}.csv").write_text(header + part, "utf-8")
            (self.place / f"{n}.yaml").write_text(POLICY.format(n=n), "utf-8")
            phone = f"1380013800{n}"
            found.append(
                {
                    "n": str(n),
                    "place": str(self.place),
                    "data": self.data,
                    "phone": phone,
                    "person": told(f"person find --phone {phone}")[0]["person"],
                    "case": promises[0]["case_id"],
                    "promise": promises[0]["id"],
                    "event": answers[0]["event_id"],
                    "visit": visits[n]["case_id"],
                    "letter": letters[n]["id"],
                }
            )
        return found

    def events(self, mark: str) -> str:
        """An event of each of ``TYPES``, one a line, of cases and a person of their own."""
        from schemas.catalogue import example

        lines = []
        for name in TYPES:
            one = example(name)
            one["id"] = f"{name}-{mark}"
            one["ticket"] = f"{one['ticket']}-{mark}"
            if "customer" in one["data"]:
                one["data"]["customer"] = {"number": f"KH-{mark}", "phone": f"1380013800{mark[1:]}"}
            lines.append(json.dumps(one, ensure_ascii=False) + "\n")
        return "".join(lines)

    def _letters(self, told: Callable[[str], Any]) -> None:
        """As they come over HTTP, without a server."""
        from producers.inbox.letter import Content
        from touchline.house import House

        told(f"inbox add --source pbx --mapping {INBOX} --verify token")
        content = Content("application/json", (), b'{"call": {}}')
        with House.open(self.place / "data", create=False) as house:
            tenant = house.ledger.tenant("acme")
            for n in range(self.runs):
                house.inbox.letters.keep(tenant, "pbx", f"letter-{n}", "application/json", content).result()
            house.inbox.settle()
