"""The port, taken before anything heavy is imported: who cannot have it is told at once."""

from __future__ import annotations

import ipaddress
import os
import socket

from touchline.exits import Exit, Refused


def listening(host: str, port: int) -> socket.socket:
    """The bound socket. Raises Refused for an address beyond loopback, or a port that is taken."""
    if not loopback(host):
        raise Refused(
            Exit.USAGE,
            f"目前只监听本机地址（127.0.0.1），不接受 {host}。",
            f"For now Touchline binds to loopback only (127.0.0.1), not to {host}.",
        )
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
            f"端口 {port} 不能用（{error.strerror}）：请换一个，例如 --port {port + 1}。",
            f"Port {port} cannot be used ({error.strerror}); take another, e.g. --port {port + 1}.",
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
