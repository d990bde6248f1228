"""The address of a CodeCommit repository in git-remote-codecommit's form, and what its parts may be.

The form is `codecommit::REGION://[PROFILE@]REPOSITORY`. git cuts `codecommit::` off; the helper reads the rest with
Python's `urlparse`, so a part may not hold what ends a host name there.
"""

from __future__ import annotations

import re

PREFIX = "codecommit::"

#: What a part may be, and the same in words.
_PARTS = {
    "name": (
        re.compile(r"(?!.*\.lock$)[A-Za-z0-9_](?:[A-Za-z0-9_-]|\.(?=[A-Za-z0-9_-])){0,99}"),
        "letters, digits, . _ -, such as codecommit",
    ),
    "region": (re.compile(r"[a-z]{2,20}(?:-[a-z]{1,20}){1,3}-[0-9]{1,2}"), "a region such as eu-west-1"),
    "profile": (
        re.compile(r"[A-Za-z0-9_.+=,:~-](?:[A-Za-z0-9_.+=,:~ -]{0,126}[A-Za-z0-9_.+=,:~-])?"),
        "letters, digits, . _ + = , : ~ - and inner spaces (for other characters, use AWS_PROFILE)",
    ),
}


def what_is_allowed(part: str, value: str) -> str:
    """What a remote's `name`, a `region` or a `profile` may be, in words; "" when `value` is that."""
    allowed, words = _PARTS[part]
    return "" if allowed.fullmatch(value) else words


def codecommit_url(region: str, repository: str, profile: str = "") -> str:
    """The address; its parts have been checked. Without a profile the helper takes AWS_PROFILE's, or the default."""
    return f"{PREFIX}{region}://{profile}@{repository}" if profile else f"{PREFIX}{region}://{repository}"
