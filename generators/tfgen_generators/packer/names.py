"""The one rule that gives a template its name.

A name depends on the template's own path alone, so that adding a template never renames another:
the path below the Packer folder without its ending; a leading `packer-` dropped from each part; folders joined
by `-`; a generic last part (`template`, `main`, `build`, `packer`, `image`) dropped where a folder names it.
Spaces, dots and other signs become `-`. Letters with accents become plain; a part with letters that have no plain form
gets a digest, so that it stays unique. A name that begins with a digit, or an empty one, is no Terraform identifier:
the template needs a name in tfgen.toml (`name_problem`).
"""

from __future__ import annotations

import functools
import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

from tfgen_generators.hcl.write import is_identifier

GENERIC = frozenset({"template", "main", "build", "packer", "image"})
HCL_ENDING = ".pkr.hcl"
JSON_ENDING = ".pkr.json"
ENDINGS = (HCL_ENDING, JSON_ENDING, ".json")
#: The generated file is named after it, and a file name has 255 bytes.
LONGEST = 200

_DIGEST_LENGTH = 6
_SIGNS = re.compile(r"[\x00-\x2c\x2e\x2f\x3a-\x40\x5b-\x5e\x60\x7b-\x7f]+")
_PREFIX = "packer-"


def name_of(path: str, packer_dir: str) -> str:
    """The name of the template at `path` (both relative to the repository root, with `/`)."""
    packer_dir = _normal(packer_dir)
    inside = path if packer_dir == "." else path[len(packer_dir) + 1 :]
    parts = inside.split("/") if inside not in ("", ".") else []
    if parts:
        parts[-1] = without_ending(parts[-1])
    cleaned = [clean for part in parts if (clean := _clean(part))]
    if len(cleaned) > 1 and cleaned[-1].lower() in GENERIC:
        cleaned.pop()
    name = "-".join(cleaned) if parts else _clean(PurePosixPath(packer_dir).name) or "packer"
    return name if len(name) <= LONGEST else f"{name[: LONGEST - _DIGEST_LENGTH - 1]}-{_digest(name)}"


def variant_name(template: str, text: str) -> str:
    """The name of a variant of `template` that is called `text`: with the template's name in front."""
    name = _clean(text)
    if name == template or name.startswith((f"{template}-", f"{template}_")):
        return name
    return f"{template}-{name}" if name else template


@functools.cache
def _normal(folder: str) -> str:
    return str(PurePosixPath(folder))


def without_ending(file_name: str) -> str:
    """`file_name` without the ending that makes it a Packer file."""
    for ending in ENDINGS:
        if file_name.endswith(ending):
            return file_name[: -len(ending)]
    return file_name


def name_problem(name: str) -> str:
    """Why `name` cannot be a module label, "" when it can."""
    if len(name) > LONGEST:
        return f"its name has {len(name)} characters; at most {LONGEST} are allowed"
    if is_identifier(name):
        return ""
    return (
        f"its name {name!r} is not a Terraform identifier "
        "(ASCII letters, digits, - and _, beginning with a letter or _)"
    )


def bucket_part(name: str) -> str:
    """`name` as it may stand in the name of a bucket: no capitals, no `_`, no `-` at its ends.

    Names with the same part would clash, there and (capitals) on many file systems.
    """
    return name.lower().replace("_", "-").strip("-")


@functools.cache
def _clean(part: str) -> str:
    plain = _SIGNS.sub("-", part)
    if not plain.isascii():
        letters = unicodedata.normalize("NFKD", part)
        kept = "".join(letter for letter in letters if not unicodedata.combining(letter))
        plain = _SIGNS.sub("-", kept.encode("ascii", "replace").decode())
        if not kept.isascii():
            plain = f"{plain.strip('-') or 'image'}-{_digest(part)}"
    plain = re.sub("-{2,}", "-", plain).strip("-") if not part.isascii() else plain.strip("-")
    if len(plain) > len(_PREFIX) and plain.startswith(_PREFIX):
        plain = plain[len(_PREFIX) :]
    return plain


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:_DIGEST_LENGTH]
