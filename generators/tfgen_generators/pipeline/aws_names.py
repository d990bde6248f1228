"""The names that a pipeline has in AWS: filled patterns, limits, and names that would meet.

CodeBuild allows 150 characters and CodePipeline 100, of one name. IAM and EventBridge allow 64: the module derives
those names from the project's, and shortens them by a digest of its own (terraform/modules/codepipeline/main.tf).
"""

from __future__ import annotations

import hashlib
import re
import string
from collections.abc import Mapping
from functools import cache

from tfgen_generators.hcl.write import Interpolated, Part, Reference, Value

#: AWS account ids have 12 digits.
ACCOUNT_ID_LENGTH = 12
#: CodePipeline allows 100 characters, CodeBuild 150 (https://docs.aws.amazon.com/codepipeline/latest/userguide/limits.html).
PROJECT_NAME_LIMIT = 100
#: https://docs.aws.amazon.com/codebuild/latest/APIReference/API_CreateProject.html
DESCRIPTION_LIMIT = 255
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET_NAME_LIMIT = 63
#: https://docs.aws.amazon.com/codecommit/latest/userguide/limits.html
REPOSITORY_NAME_LIMIT = 100

_PROJECT_NAME = re.compile(rf"[A-Za-z0-9][A-Za-z0-9_-]{{1,{PROJECT_NAME_LIMIT - 1}}}")
_BUCKET_NAME = re.compile(rf"[a-z0-9][a-z0-9-]{{1,{BUCKET_NAME_LIMIT - 2}}}[a-z0-9]")
# OWNER/NAME is one that the module reads by CodeConnections; that CodeCommit has none such, the module says.
_REPOSITORY_NAME = re.compile(
    rf"[A-Za-z0-9._-]{{1,{REPOSITORY_NAME_LIMIT}}}(?:/[A-Za-z0-9._-]{{1,{REPOSITORY_NAME_LIMIT}}})*"
)
_BUCKET_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
_BUCKET_SUFFIXES = ("-s3alias", "--ol-s3", "--x-s3", "--table-s3")
_DIGEST_LENGTH = 6


def fill(pattern: str, name: str, account_id: Reference, limit: int = 0) -> str | Interpolated:
    """The filled pattern; `name` is shortened so that the whole fits `limit` characters (0: as it is)."""
    fields = _fields(pattern)
    if limit:
        names = sum(field == "name" for _, field in fields)
        fixed = sum(len(text) + (ACCOUNT_ID_LENGTH if field == "account_id" else 0) for text, field in fields)
        name = shorten(name, (limit - fixed) // max(names, 1))
    parts: list[Part] = []
    for text, field in fields:
        parts += [text] if text else []
        if field is not None:
            parts.append(name if field == "name" else account_id)
    if all(isinstance(part, str) for part in parts):
        return "".join(part for part in parts if isinstance(part, str))
    return Interpolated(parts=tuple(parts))


@cache
def _fields(pattern: str) -> tuple[tuple[str, str | None], ...]:
    return tuple((text, field) for text, field, _, _ in string.Formatter().parse(pattern))


def shorten(name: str, room: int) -> str:
    """`name` in at most `room` characters; a digest of the whole keeps shortened names apart and stable."""
    if len(name) <= room or room <= _DIGEST_LENGTH + 1:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:_DIGEST_LENGTH]
    return f"{name[: room - _DIGEST_LENGTH - 1].rstrip('-_')}-{digest}"


def sample(value: Value) -> str | None:
    """What a name will read in AWS, with an account id of zeros; None when only Terraform knows."""
    if isinstance(value, str):
        return value
    if isinstance(value, Interpolated):
        return "".join(part if isinstance(part, str) else "0" * ACCOUNT_ID_LENGTH for part in value.parts)
    return None


def name_error(fact: str, value: Value) -> str:
    """Why `value` cannot be the name that `fact` is about; "" when it can, or when only Terraform knows."""
    text = sample(value)
    rules = _RULES.get(fact)
    if text is None or rules is None:
        return ""
    pattern, allowed = rules
    if not pattern.fullmatch(text):
        return f"would be {text!r}, but AWS allows {allowed}"
    if fact == "artefact_bucket_name":
        for fixed in (*_BUCKET_PREFIXES, *_BUCKET_SUFFIXES):
            if text.startswith(fixed) if fixed in _BUCKET_PREFIXES else text.endswith(fixed):
                return f"would be {text!r}, but names with {fixed} are reserved by AWS"
    if fact == "source_repository" and text.endswith(".git"):
        return f"would be {text!r}, but CodeCommit does not allow names that end in .git"
    return ""


_RULES: Mapping[str, tuple[re.Pattern[str], str]] = {
    "project_name": (
        _PROJECT_NAME,
        f"2 to {PROJECT_NAME_LIMIT} letters, digits, - and _, beginning with a letter or digit",
    ),
    # A dot would be allowed, but breaks TLS: the shipped module refuses it, and so no name can look like an IP address.
    "artefact_bucket_name": (
        _BUCKET_NAME,
        f"3 to {BUCKET_NAME_LIMIT} lower-case letters, digits and -, with no - at the ends (no dot: it breaks TLS)",
    ),
    "source_repository": (_REPOSITORY_NAME, f"1 to {REPOSITORY_NAME_LIMIT} letters, digits, . _ - (or OWNER/NAME)"),
}
