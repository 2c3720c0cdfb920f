"""Channels against a real HTTP server on loopback: what is sent, and what is made of each answer."""

from __future__ import annotations

import json
import logging
import threading
from typing import Any

import pytest
from structlog.testing import capture_logs

from alerts.channels import open_channels
from alerts.channels.log import Log
from alerts.channels.robot import Robot
from alerts.channels.webhook import Webhook
from alerts.deliveries import Outcome
from alerts.settings import AlertSettings, BadSettings
from alerts.signing import Receiver
from schemas.instants import SECOND
from tests.alerts.support import NOON, SECRET, Answer, Inbox, alert

ROBOTS = {
    "wecombot": ("wecombot://0a1b2c3d-KEY", "/hook?key={key}", "/hook?key=0a1b2c3d-KEY"),
    "dingtalk": ("dingtalk://0a1b2c3dKEY", "/hook?access_token={token}", "/hook?access_token=0a1b2c3dKEY"),
    "feishu": ("feishu://0a1b2c3d-KEY", "/hook/{token}", "/hook/0a1b2c3d-KEY"),
    "lark": ("lark://0a1b2c3d-KEY", "/hook/{token}", "/hook/0a1b2c3d-KEY"),
}


def _webhook(box: Inbox, **more: Any) -> Webhook:
    return Webhook(AlertSettings(webhook_url=box.url + "/in", webhook_secret=SECRET, **more))


def _robot(box: Inbox, kind: str, **titles: str) -> Robot:
    url, path, _ = ROBOTS[kind]
    return Robot(AlertSettings(robot_url=url, robot_endpoint=box.url + path, titles=titles))


def test_webhook_is_signed_whole_and_the_same_at_every_retry(
    box: Inbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    import time

    now = time.time_ns() // 1000
    channel = _webhook(box, base_url="http://127.0.0.1:8311")
    for later in (0, 90 * SECOND):
        assert channel.send([alert()], now + later) == Outcome()
    channel.close()
    first, second = box.calls
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == alert().verdict_id
    assert first.headers["webhook-timestamp"] != second.headers["webhook-timestamp"]
    receiver = Receiver(SECRET)
    content, fresh = receiver.take(first.headers, first.body)
    assert fresh
    assert not receiver.take(second.headers, second.body)[1]
    assert content["type"] == "obligation.breached"
    assert content["data"]["due"] == "2026-11-22T11:00:00+08:00"
    assert content["data"]["to"] == ["cs_front_desk", "cs_supervisor"]
    assert content["data"]["text"]["zh"].startswith("【已超时】")


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (Answer(204, b""), Outcome()),
        (Answer(400), Outcome(error="answered HTTP 400")),
        (Answer(302, headers={"location": "/else"}), Outcome(error="answered HTTP 302")),
        (Answer(503), Outcome(error="answered HTTP 503", pause=True)),
        (
            Answer(429, headers={"retry-after": "7"}),
            Outcome(error="answered HTTP 429", pause=True, wait=7 * SECOND),
        ),
        (
            Answer(429, headers={"retry-after": "Sun, 22 Nov 2026 12:00:00 GMT"}),
            Outcome(error="answered HTTP 429", pause=True),
        ),
    ],
)
def test_webhook_answers(box: Inbox, answer: Answer, outcome: Outcome) -> None:
    box.answer = lambda call: answer
    channel = _webhook(box)
    assert channel.send([alert()], NOON) == outcome
    channel.close()
    assert len(box.calls) == 1  # redirects are not followed


def test_webhook_nobody_there_and_nobody_answers(box: Inbox) -> None:
    gone = Webhook(AlertSettings(webhook_url="http://127.0.0.1:1/", webhook_secret=SECRET))
    assert gone.send([alert()], NOON) == Outcome(error="not reached: ConnectError", pause=True)
    gone.close()
    hold = threading.Event()
    box.answer = lambda call: Answer(hold=hold)
    slow = _webhook(box, webhook_timeout=SECOND // 10)
    assert slow.send([alert()], NOON) == Outcome(error="no answer: ReadTimeout", pause=True, maybe=True)
    hold.set()
    slow.close()


@pytest.mark.parametrize("kind", sorted(ROBOTS))
def test_robot_speaks_the_vendor_s_language(box: Inbox, kind: str) -> None:
    box.answer = lambda call: Answer(body=b'{"errcode":0,"code":0}')
    assert _robot(box, kind).send([alert(), alert(type="obligation.due_soon")], NOON) == Outcome()
    (call,) = box.calls
    assert call.path.split("&timestamp")[0] == ROBOTS[kind][2]
    sent = call.json
    text = sent["text"]["content"] if "text" in sent else sent["content"]["text"]
    assert sent.get("msgtype", sent.get("msg_type")) == "text"
    assert text.startswith("Touchline 提醒 2 条（example-homes）：即将到期 1，已超时 1\n")
    assert "维修关闭后24小时内回访" in text


def test_robot_calls_a_tenant_what_people_do(box: Inbox) -> None:
    box.answer = lambda call: Answer(body=b'{"errcode":0}')
    robot = _robot(box, "wecombot", **{"example-homes": "云和地产", "other": "别家"})
    assert robot.send([alert(), alert()], NOON) == Outcome()
    (call,) = box.calls
    assert "提醒 2 条（云和地产）" in call.json["text"]["content"]


@pytest.mark.parametrize("kind", sorted(ROBOTS))
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Answer(body=b'{"errcode":45009,"errmsg":"api freq out of limit"}'), "refused with code 45009"),
        (Answer(body=b'{"code":19024,"msg":"Key Words Not Found"}'), "refused with code 19024"),
        (Answer(body=b"<html>"), "answered without a code"),
        (Answer(body=b"[]"), "answered without a code"),
        (Answer(502), "answered HTTP 502"),
    ],
)
def test_a_robot_s_refusal_under_http_200_is_a_refusal(
    box: Inbox, kind: str, answer: Answer, error: str
) -> None:
    box.answer = lambda call: answer
    outcome = _robot(box, kind).send([alert()], NOON)
    assert (outcome.error, outcome.pause) == (error, True)


def test_robot_by_json_url_goes_by_the_status(box: Inbox) -> None:
    robot = Robot(AlertSettings(robot_url=box.url.replace("http://", "json://")))
    assert robot.send([alert()], NOON) == Outcome()
    assert "已超时" in box.calls[0].json["message"]
    box.answer = lambda call: Answer(500)
    assert robot.send([alert()], NOON).error == "not taken"


def test_robot_nobody_there() -> None:
    robot = Robot(AlertSettings(robot_url="feishu://KEY", robot_endpoint="http://127.0.0.1:1/{token}"))
    outcome = robot.send([alert()], NOON)
    assert (outcome.error, outcome.pause, outcome.maybe) == ("no answer: ConnectionError", True, True)


def test_wecom_messages_stay_within_its_bytes(box: Inbox) -> None:
    box.answer = lambda call: Answer(body=b'{"errcode":0}')
    robot = _robot(box, "wecombot")
    assert robot.room == 2048
    robot.send([alert(zh="长" * 900, en="é" * 900, house_id="房" * 400)] * 9, NOON)
    assert len(box.calls[0].json["text"]["content"].encode()) <= 2048


@pytest.mark.parametrize(
    "settings",
    [
        AlertSettings(robot_url="nonsense"),
        AlertSettings(robot_url="nonsense://s3cretKEY"),
        AlertSettings(robot_url="wecombot://s3cret%20KEY"),
        AlertSettings(robot_url="json://127.0.0.1", robot_endpoint="http://127.0.0.1/s3cretKEY"),
        AlertSettings(robot_url="feishu://s3cretKEY", robot_endpoint="ftp://x"),
        AlertSettings(webhook_url="ftp://s3cretKEY", webhook_secret=SECRET),
        AlertSettings(webhook_url="http://", webhook_secret=SECRET),
        AlertSettings(webhook_url="http://x/s3cretKEY", webhook_secret="s3cretKEY"),
    ],
)
def test_bad_settings_are_named_without_secrets(
    settings: AlertSettings, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG), pytest.raises(BadSettings) as caught:
        open_channels(settings)
    shown = str(caught.value) + repr(settings) + caplog.text
    assert "s3cret" not in shown
    assert SECRET not in shown
    assert caught.value.__cause__ is None


def test_nothing_secret_is_logged_while_sending(box: Inbox, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        url, path, _ = ROBOTS["wecombot"]
        channels = open_channels(
            AlertSettings(
                webhook_url=box.url + "/in?token=0a1b2c3d-KEY",
                webhook_secret=SECRET,
                robot_url=url,
                robot_endpoint=box.url + path,
            )
        )
        with capture_logs() as lines:
            for status in (200, 500):
                box.answer = lambda call, status=status: Answer(status, b'{"errcode":0}')  # type: ignore[misc]
                for channel in channels:
                    channel.send([alert()], NOON)
        for channel in channels:
            channel.close()
    assert len(box.calls) == 4
    assert "0a1b2c3d" not in caplog.text + json.dumps(lines, ensure_ascii=False)


def test_the_log_has_one_line_for_each_alert() -> None:
    with capture_logs() as lines:
        assert Log().send([alert(), alert(type="obligation.due_soon", kind="due_soon")], NOON) == Outcome()
    assert [(entry["event"], entry["log_level"], entry["kind"]) for entry in lines] == [
        ("alert", "warning", "breached"),
        ("alert", "info", "due_soon"),
    ]
    assert lines[0]["due"] == "2026-11-22 11:00:00"
