"""What a secret looks like: names that say so, known forms of values, and what only shows where one would stand."""

from __future__ import annotations

import re
from functools import lru_cache

#: What looks like a secret wherever it stands. Sources: AWS's unique id prefixes, RFC 7468, GitHub's token formats.
PATTERNS = {
    "an AWS access key id": ((b"AKIA", b"ASIA"), re.compile(rb"(?<![A-Z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Z0-9])")),
    "a private key": ((b"PRIVATE KEY-----",), re.compile(rb"-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY-----")),
    "a GitHub token": (
        (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_", b"github_pat_"),
        re.compile(rb"(?<![A-Za-z0-9_])(?:gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,})"),
    ),
    "a password in an address": (
        (b"://",),
        re.compile(rb"(?<=://)[^\s/:@'\"`$<>{}()]+:(?P<password>[^\s/:@'\"`$<>{}()]{4,})(?=@[A-Za-z0-9\[])"),
    ),
    "a Slack token": ((b"xox",), re.compile(rb"(?<![A-Za-z0-9])xox[abprs]-[A-Za-z0-9-]{20,}")),
}
_SECRET = re.compile(
    r"(^|[_-])(password|passwd|passphrase|secret|token|api_?key|access_?key|secret_?key|private_?key|credentials?)s?$",
    re.IGNORECASE,
)
_NO_SECRET = re.compile(r"^http_tokens$|ssh_private_key", re.IGNORECASE)
PLACEHOLDER = re.compile(
    r"change_?-?me|replace_?-?me|example|dummy|placeholder|redacted|fixme|todo|<[^<>]*>|\*{3}|x{3,}|\.{3}"
    r"|^(none|null|nil)$|^your[-_ ]",
    re.IGNORECASE,
)
#: Where a secret is, in Secrets Manager or a password store.
_IDENTIFIER = re.compile(r"[\w.-]+(/[\w.-]+)+|true|false|[0-9]{1,3}", re.IGNORECASE)
#: Passwords that everybody knows, of machines that live while an installer runs (no AMI is made of them).
WELL_KNOWN = frozenset(
    {"admin", "alpine", "centos", "debian", "packer", "password", "root", "rocky", "toor", "ubuntu", "vagrant"}
)


@lru_cache(maxsize=1000)
def sounds_secret(name: str) -> bool:
    """Whether what has this name is a secret."""
    return bool(_SECRET.search(name)) and not _NO_SECRET.search(name)


def is_plain_secret(name: str, text: str) -> bool:
    """Whether an environment variable holds a secret as it is, and no placeholder, reference or name of one."""
    if any(pattern.search(text.encode("utf-8", "replace")) for _, pattern in PATTERNS.values()):
        return not re.search("EXAMPLE", text)
    if len(text) < 2 or text.startswith(("$", "/", "arn:")) or _IDENTIFIER.fullmatch(text):
        return False
    return sounds_secret(name) and not PLACEHOLDER.search(text)
