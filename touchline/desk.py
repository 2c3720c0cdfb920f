"""Where a command that writes is served: at the counter of the running server, or in a house opened for it alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from ledger.folder import ServerInfo, read_server
from touchline.exits import Exit, Refused
from touchline.place import Place

if TYPE_CHECKING:  # where no server runs there is nobody to ask
    from http.client import HTTPConnection


class Desk(Protocol):
    """Takes named commands (``touchline.admin``) and their arguments, plain JSON both ways. Raises Refused."""

    def perform(self, command: str, arguments: dict[str, Any]) -> Any: ...


class Counter:
    """The running server, over loopback HTTP, with the token that stands in server.json."""

    def __init__(self, server: ServerInfo, timeout: float = 600.0) -> None:
        self._server = server
        self._timeout = timeout

    def perform(self, command: str, arguments: dict[str, Any]) -> Any:
        connection = self._connection(self._timeout)
        try:
            connection.request(
                "POST",
                f"/admin/{command}",
                body=json.dumps(arguments, ensure_ascii=False).encode(),
                headers={"Content-Type": "application/json", "Authorization": f"Bearer {self._server.token}"},
            )
            answer = connection.getresponse()
            body = answer.read()
        finally:
            connection.close()
        try:
            told = json.loads(body)
        except ValueError:
            told = {}
        if answer.status == 200 and ("done" in told or "refused" in told):
            return self.told(told)
        first: dict[str, Any] = next(iter(told.get("errors") or ()), {})
        why = str(first.get("reason") or f"The server answered {answer.status} to {command}.")
        why_zh = f"：{first['reason_zh']}。" if first.get("reason_zh") else "。"
        raise Refused(Exit.UNAVAILABLE, f"服务器没有接受这条命令{why_zh}", why)

    @staticmethod
    def told(answer: dict[str, Any]) -> Any:
        """What was done. Raises Refused."""
        if "refused" in answer:
            refused = answer["refused"]
            raise Refused(Exit(refused["exit"]), refused["zh"], refused["en"])
        return answer["done"]

    def _connection(self, timeout: float) -> HTTPConnection:
        from http.client import HTTPConnection

        place = urlsplit(self._server.url)
        return HTTPConnection(place.hostname or "", place.port, timeout=timeout)

    def answers(self) -> bool:
        """Whether a live server listens there."""
        connection = self._connection(5)
        try:
            connection.request("GET", "/healthz")
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()


def server_of(place: Place) -> Counter | None:
    """The server that runs on the folder and answers, or None: on a shared database every process writes by itself."""
    found = read_server(place) if isinstance(place, Path) else None
    if found is None:
        return None
    counter = Counter(found)
    return counter if counter.answers() else None


@contextmanager
def desk(place: Place, *, create: bool = False) -> Iterator[Desk]:
    """The running server's counter; where none runs, a house of our own, whose engine is brought to the head before
    this ends. ``create`` lets it make the data folder. Raises Refused or the ledger's own errors."""
    counter = server_of(place)
    if counter is not None:
        yield counter
        return
    from touchline.house import House

    with House.open(place, create=create) as house:
        yield house.admin
        house.run_to_head()
