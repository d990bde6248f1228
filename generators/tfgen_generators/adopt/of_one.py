"""What a call that stands alone passes: for every pipeline, or for its own. Only its names and its value can tell.

A name or a bucket of its own would collide with that of the next pipeline; networks, regions and sizes do not.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from tfgen_generators.adopt.model import Adopted

_NAME = re.compile(r"(?:^|[_-])(?:names?|bucket|prefix|identifier)$", re.IGNORECASE)
_BUCKET = re.compile(r"bucket(?:_name)?$", re.IGNORECASE)
#: Names of what is there already, whoever uses it.
_SHARED = re.compile(
    r"(?:^|_)(?:account|branch|cluster|connection|domain|env|environment|host|key|kms|network|owner|profile|provider"
    r"|region|repo|repository|subnet|team|vpc|zone)s?(?:_|$)",
    re.IGNORECASE,
)
#: An expression that is about a resource, data or a module of the root module: that is there for all.
_RESOURCE = re.compile(r'(?:"\$\{)?(?:data\.|module\.|[a-z0-9]+_\w+\.)\w')


def is_own_name(name: str, value: Any) -> bool:
    """Whether an input says what something of one pipeline is called."""
    if not _NAME.search(name) or _SHARED.search(name):
        return False
    if isinstance(value, dict):
        text = value.get("expression", "")
        return isinstance(text, str) and text != "null" and not is_of_resource(value)
    return isinstance(value, str) and bool(value)


def is_own_variable(name: str) -> bool:
    """Whether a variable of the build is about one image; a bucket that a build reads is not."""
    return bool(_NAME.search(name)) and not _BUCKET.search(name) and not _SHARED.search(name)


def is_of_resource(value: Any) -> bool:
    """Whether it is an expression about what the root module makes or reads itself."""
    return isinstance(value, dict) and bool(_RESOURCE.match(str(value.get("expression", ""))))


def for_others(value: Any) -> str:
    """The pattern that keeps the next pipelines apart from the one that is called `value`; "" where only AWS knows."""
    return value.replace("{", "{{").replace("}", "}}") + "-{name}" if isinstance(value, str) else ""


def has_own_word(value: Any, adopted: Sequence[Adopted]) -> bool:
    """Whether the name of the template, or the label of the call, stands in it as a word: of the only call."""
    if len(adopted) != 1:
        return False
    words = "|".join(re.escape(word) for word in (adopted[0].template.name, adopted[0].call.label))
    return bool(re.search(rf"(?<![A-Za-z0-9])(?:{words})(?![A-Za-z0-9])", json.dumps(value, ensure_ascii=False)))
