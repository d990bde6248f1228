"""OpenTofu's encryption of plans and states: how they look then, and what OpenTofu says where it cannot read them.

Source: internal/encryption of OpenTofu, since 1.7. Nothing is decrypted here: only OpenTofu has the key.
"""

from __future__ import annotations

import base64
import binascii
import re

import msgspec

#: Where a key is configured.
CONFIGURED = "TF_ENCRYPTION, or the encryption block and its variables"
#: A state begins with what may be read of it, its serial and its lineage; a plan has nothing of the kind.
_PLAN = re.compile(rb'\s*\{\s*"(?:meta|encrypted_data|encryption_version)"\s*:')
_MARK = b'"encrypted_data"'
#: What OpenTofu says of a plan or a state, `(?P<what>)`, whose key it has not; its lines may be broken anywhere.
NO_KEY = re.compile(r"(?P<what>plan|state)\W+file\W+is\W+encrypted\W+and")
OTHER_KEY = re.compile(r"decryption\W+failed\W+for\W+all\W+provided\W+methods")
NO_VALUE = re.compile(r"(encryption\.\S+)\W+depends\W+on\W+((?:var|local)\.[\w-]+)\W+which\W+is\W+not\W+available")
NOT_MADE = re.compile(
    r"Unable\W+to\W+(?:build|fetch)\W+encryption\W+key\W+data|Encryption\W+method\W+configuration\W+error"
)
NOT_ENCRYPTED = re.compile(r"encountered\W+unencrypted\W+payload\W+without\W+unencrypted\W+method")
#: How far the keys' description may reach, in bytes, before the data begin.
HEAD = 65536


def key_advice(said: str) -> str:
    """What to do, going by what OpenTofu has said of a key; "" where it is not about one."""
    if match := NO_VALUE.search(said):
        kind, _, name = match[2].partition(".")
        return f"set TF_VAR_{name}, which every command then finds" if kind == "var" else f"give {match[2]} a value"
    if NO_KEY.search(said) or OTHER_KEY.search(said):
        return f"configure the key that it was encrypted with: {CONFIGURED}"
    return ""


class Payload(msgspec.Struct, frozen=True):
    """What OpenTofu writes in the place of a plan or a state; of a state its serial and lineage, too."""

    encrypted_data: str
    encryption_version: str
    meta: dict[str, object] = {}
    serial: int | None = None
    lineage: str = ""

    @property
    def is_whole(self) -> bool:
        """Whether the data can be what was encrypted: a text that was cut is no JSON, so this is seldom False."""
        try:
            return bool(base64.b64decode(self.encrypted_data, validate=True))
        except (binascii.Error, ValueError):
            return False


def read_payload(data: bytes) -> Payload | None:
    """The encrypted plan or state in `data`; None when it is none, or not all of one."""
    if _MARK not in data:
        return None
    try:
        payload = msgspec.json.decode(data, type=Payload)
    except (msgspec.DecodeError, RecursionError):
        return None
    return payload if payload.encryption_version and payload.is_whole else None


def begins_like_a_plan(head: bytes) -> bool:
    """Whether `head`, the beginning of a file, is that of an encrypted plan."""
    return _PLAN.match(head) is not None and _MARK in head[:HEAD]
