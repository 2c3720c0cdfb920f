"""Policies to publish in a test: the shipped profile, and more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas.policy_files import load_profile


def publication(whole: Mapping[str, Any]) -> dict[str, Any]:
    """The data of ``policy.published`` for a profile as data."""
    said = {name: whole[name] for name in ("profile", "version", "effective_from")}
    return {**said, "policy": dict(whole)}


def with_more(version: str, policies: Mapping[str, Any]) -> dict[str, Any]:
    """The data of ``policy.published`` for the shipped profile under another version, with these policies too."""
    whole = load_profile().dump()
    return publication({**whole, "version": version, "policies": {**whole["policies"], **policies}})
