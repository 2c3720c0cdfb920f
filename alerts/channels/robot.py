"""A group robot of WeCom (企业微信), DingTalk (钉钉) or Feishu (飞书) by an apprise URL; what waits is joined.

These vendors answer HTTP 200 also when they refuse (wrong key, more than 20 a minute, keyword missing) and say so in
the JSON body; apprise looks at the status only and would report such an alert as sent. So the answers that the
plugin gets are listened to, and only ``errcode`` (``code`` at Feishu) 0 counts as delivered.
"""

from __future__ import annotations

import sys
import threading
import warnings
from collections.abc import Sequence
from typing import Any

import apprise

from alerts.deliveries import Outcome
from alerts.message import Alert, joined
from alerts.settings import AlertSettings, BadSettings
from schemas.canonical import NotStrict, read_json
from schemas.instants import Instant

_ROOM = {"wecombot": 2048}
_ROOM_ELSEWHERE = 9000
"""WeCom counts 2,048 bytes of UTF-8. The others take 20,000 bytes of JSON, in which a Chinese character is six."""
_SPEAKS = frozenset({"wecombot", "dingtalk", "feishu", "lark"})
"""Schemas whose answers say in JSON whether the message was taken."""
_CODES = ("errcode", "code", "StatusCode")
"""WeCom and DingTalk; Feishu and Lark; Feishu's older answer."""


class _Listening:
    """Stands where a plugin's module holds ``requests``, and remembers the last answer of each thread."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.heard = threading.local()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def forget(self) -> None:
        self.heard.answer = self.heard.error = None

    def post(self, *args: Any, **kwargs: Any) -> Any:
        try:
            self.heard.answer = self._real.post(*args, **kwargs)
        except self._real.RequestException as error:
            self.heard.error = error
            raise
        return self.heard.answer


def _listen_to(plugin: object) -> _Listening:
    module: Any = sys.modules[type(plugin).__module__]
    if not isinstance(module.requests, _Listening):
        module.requests = _Listening(module.requests)
    listening: _Listening = module.requests
    return listening


class Robot:
    """Any apprise URL; what it says of itself is checked where the vendor's answer is known. Raises BadSettings for
    an URL that apprise does not take."""

    name = "robot"

    def __init__(self, settings: AlertSettings) -> None:
        try:
            with warnings.catch_warnings():
                # apprise loads all of its plugins at once, deprecated imports among them.
                warnings.simplefilter("ignore")
                plugin = apprise.Apprise.instantiate(settings.robot_url, suppress_exceptions=False)
        except Exception:
            plugin = None
        if plugin is None:
            raise BadSettings(
                "robot_url is not an apprise URL (wecombot://KEY, dingtalk://SECRET@TOKEN, feishu://TOKEN)"
            )
        schema = settings.robot_url.partition(":")[0].lower()
        self._plugin: Any = plugin
        self._plugin.request_rate_per_sec = 0  # it would sleep; the rate is ours to keep
        self._listening = _listen_to(plugin) if schema in _SPEAKS else None
        if settings.robot_endpoint:
            self._redirect(settings.robot_endpoint)
        self._base_url = settings.base_url
        self._titles = settings.titles
        self.room = _ROOM.get(schema, _ROOM_ELSEWHERE)
        self.per_minute = settings.robot_per_minute

    def _redirect(self, endpoint: str) -> None:
        """Call a gateway instead of the vendor: the plugins keep their address in ``notify_url``; WeCom's makes its
        ``api_url`` of it, Lark's its ``webhook_url``."""
        if self._listening is None or not endpoint.startswith(("http://", "https://")):
            raise BadSettings(
                "robot_endpoint is an http(s) address, for WeCom, DingTalk, Feishu or Lark only"
            )
        self._plugin.notify_url = endpoint
        if hasattr(self._plugin, "api_url"):
            self._plugin.api_url = endpoint.format(key=self._plugin.key)
        if hasattr(self._plugin, "webhook_url"):
            self._plugin.webhook_url = endpoint.format(token=self._plugin.token)

    def size(self, alerts: Sequence[Alert]) -> int:
        # 40 bytes more for each: how late it is grows while it waits.
        return len(joined(alerts, 0, self._base_url, self._titles).encode()) + 40 * len(alerts)

    def send(self, alerts: Sequence[Alert], at: Instant) -> Outcome:
        body = joined(alerts, at, self._base_url, self._titles).encode()[: self.room].decode(errors="ignore")
        if self._listening is not None:
            self._listening.forget()
        try:
            sent = self._plugin.notify(body=body, title="", notify_type=apprise.NotifyType.WARNING)
        except Exception as error:
            return Outcome(error=f"the plugin failed: {type(error).__name__}", pause=True, maybe=True)
        if self._listening is not None:
            return _heard(self._listening)
        return Outcome() if sent else Outcome(error="not taken", pause=True, maybe=True)

    def close(self) -> None:
        pass


def _heard(listening: _Listening) -> Outcome:
    error, answer = listening.heard.error, listening.heard.answer
    if error is not None:
        # A broken connection may have carried the message; only a connect time-out surely has not.
        name = type(error).__name__
        return Outcome(error=f"no answer: {name}", pause=True, maybe=name != "ConnectTimeout")
    if answer is None:
        return Outcome(error="the plugin sent nothing", pause=True)
    if answer.status_code != 200:
        return Outcome(error=f"answered HTTP {answer.status_code}", pause=True)
    try:
        said = read_json(answer.content[:65536])
    except NotStrict:
        said = None
    codes = [said[name] for name in _CODES if name in said] if isinstance(said, dict) else []
    if not codes or not isinstance(codes[0], int):
        return Outcome(error="answered without a code", pause=True, maybe=True)
    return Outcome(error=f"refused with code {codes[0]}", pause=True) if codes[0] else Outcome()
