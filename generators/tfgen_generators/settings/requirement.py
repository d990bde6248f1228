"""What pip installs tfgen from, where others than the person who wrote it run the result.

A name, with or without a version, is whatever a package index has under it. So a requirement counts only if it says
which bytes are meant: a file by its SHA-256, which pip checks, or a commit by its whole ID.
"""

from __future__ import annotations

import re
from urllib.parse import unquote

import msgspec

from tfgen_generators.errors import TfgenError

#: The distribution's name; the program and the package are called tfgen.
DISTRIBUTION = "tfgen-ami"
#: What to write, in words: an example would be copied.
TWO_WAYS = (
    "the URL of a wheel that ends in #sha256= and 64 hex digits, or git+https://... that ends in @ and the 40 hex "
    "digits of a commit"
)
#: With Terraform, which CI's machines need not have.
_EXTRA = "embedded"

# No character of these has a meaning to a shell, YAML, HCL or GitHub's expressions, in quotes or out of them.
_HOST = r"[A-Za-z0-9][A-Za-z0-9.-]*(?::[0-9]+)?"
_PATH = r"[A-Za-z0-9._~/@+=,:%-]+"
_USER = r"(?:[A-Za-z0-9._-]+@)?"
_ARCHIVE = re.compile(rf"(?:https?://{_HOST}/|file:///){_PATH}#sha256=[0-9a-f]{{64}}")
_COMMIT = re.compile(rf"git\+(?:https://{_HOST}/|ssh://{_USER}{_HOST}/|file:///){_PATH}@[0-9a-f]{{40}}")
_NAMED = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*)(\[[A-Za-z0-9._-]+(?:,[A-Za-z0-9._-]+)*\])?(?: ?@ ?)(?=[A-Za-z+]+:)")
_LOOKED_UP = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9._,-]*\])?([=<>!~].*)?")
_ODD = re.compile(r"[^A-Za-z0-9._~/@+=,:%#\[\]<>!-]")
_ID = re.compile(r"@[0-9a-f]{40}\Z")
_DIGEST = re.compile(r"#sha256=[0-9a-f]{64}\Z")
_PASSWORD = re.compile(r"//[^/]*@")


class Requirement(msgspec.Struct, frozen=True, kw_only=True):
    """`name @ address`, as pip takes it: the distribution with its extras, and a file or a commit."""

    name: str
    address: str

    def __str__(self) -> str:
        return f"{self.name} @ {self.address}"

    @property
    def without_terraform(self) -> str:
        """The name for machines that bring their own Terraform or OpenTofu."""
        return DISTRIBUTION if self.name == f"{DISTRIBUTION}[{_EXTRA}]" else self.name

    @property
    def is_on_this_machine(self) -> bool:
        return self.address.startswith(("file:", "git+file:"))


def with_extra(address: str, extra: str) -> Requirement:
    """The distribution at `address` with one extra."""
    return Requirement(name=f"{DISTRIBUTION}[{extra}]", address=address)


def parse_requirement(text: str) -> Requirement:
    """`[NAME[EXTRAS] @ ]ADDRESS`; an address alone gets the extra with Terraform.

    Raises TfgenError without a place; in its message, "it" is the requirement.
    """
    found = _NAMED.match(text)
    name, extras, address = (found[1], found[2] or "", text[found.end() :]) if found else ("", "", text)
    if name and _normal(name) != DISTRIBUTION:
        raise TfgenError(f"it names the distribution {name!r}", fix=f"tfgen's is {DISTRIBUTION}")
    if not (_ARCHIVE.fullmatch(address) or _COMMIT.fullmatch(address)):
        raise _wrong(address)
    file = unquote(address.partition("#")[0].rpartition("/")[2])
    if file.endswith(".whl") and not (file.count("-") in (4, 5) and _normal(file.partition("-")[0]) == DISTRIBUTION):
        raise TfgenError(f"its file {file!r} is not a wheel of {DISTRIBUTION}", fix="build one with: make wheel")
    return Requirement(name=f"{DISTRIBUTION}{extras}", address=address) if name else with_extra(address, _EXTRA)


def _normal(name: str) -> str:
    """Names that are one to pip are one here."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _wrong(address: str) -> TfgenError:
    """Why it is no such address; the text is shown only where it can hold no password."""
    if address and "://" not in address and not _ODD.search(address) and not _LOOKED_UP.fullmatch(address):
        return TfgenError("it is a path, with which pip takes no hash", fix="write file:///... for it")
    return TfgenError(_what_is_wrong(address), fix=f"use {TWO_WAYS}")


def _what_is_wrong(address: str) -> str:
    if odd := _ODD.search(address):
        return f"it contains {odd[0]!r}, but must be one name and one URL"
    if not address or _LOOKED_UP.fullmatch(address):
        return (
            f"{address!r} is only a name, which means what a package index has under it" if address else "it is empty"
        )
    if _PASSWORD.search(address) and not address.startswith("git+ssh:"):
        return "its URL contains a user or a password"
    if address.startswith("git+") and not _ID.search(address):
        return "it names no commit by its 40 hex digits; branches and tags move"
    if not address.startswith("git+") and not _DIGEST.search(address):
        return "its URL does not end in #sha256= and 64 hex digits (lower case)"
    return "its URL is not one of https, file, git+https or git+ssh, with a host and a path"
