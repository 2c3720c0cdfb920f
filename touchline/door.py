"""The port, taken before anything heavy is imported: who cannot have it is told at once.

Every server binds to loopback unless it is told otherwise twice: by its ``--host`` and by TOUCHLINE_BIND_BEYOND_LOOPBACK=yes,
with which somebody who set up the machine says that TLS ends in front of it, or that its network is its own."""

from __future__ import annotations

import ipaddress
import os
import socket

from touchline.exits import Exit, Refused

BEYOND = "TOUCHLINE_BIND_BEYOND_LOOPBACK"


def allowed(host: str) -> str:
    """``host``. Raises Refused for one beyond loopback where nobody has said that it may be."""
    if not loopback(host) and os.environ.get(BEYOND) != "yes":
        raise Refused(
            Exit.USAGE,
            f"只监听本机地址（127.0.0.1），不接受 {host}：这里不做 TLS，密钥和会话会以明文经过网络。若 TLS 由前面的代理终止，"
            f"或这是容器自己的网络，请设 {BEYOND}=yes。",
            f"Touchline binds to loopback (127.0.0.1), not to {host}: it speaks no TLS, and keys and sessions would cross the "
            f"network in the clear. Where TLS ends in front of it, or the network is a container's own, set {BEYOND}=yes.",
        )
    return host


def listening(host: str, port: int, option: str = "--port") -> socket.socket:
    """The bound socket; ``option`` is what names its port on the command line. Raises Refused for an address that is not
    ``allowed``, or a port that is taken."""
    allowed(host)
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    door = socket.socket(family, socket.SOCK_STREAM)
    if os.name != "nt":
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        door.bind((host, port))
        door.listen(256)
    except OSError as error:
        door.close()
        raise Refused(
            Exit.UNAVAILABLE,
            f"端口 {port} 不能用（{error.strerror}）：请换一个，例如 {option} {port + 1}。",
            f"Port {port} cannot be used ({error.strerror}); take another, e.g. {option} {port + 1}.",
        ) from None
    return door


def loopback(host: str) -> bool:
    """Whether the address reaches this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
