"""The resources of pipelines in AWS, in the words of its APIs. All text is AWS's: data.

Sources: the API references of CodePipeline (GetPipeline), IAM, EventBridge, S3, CloudWatch Logs and EC2.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec


class RoleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A role: `inline` are its own policies by name, `attached` the ARNs of others, both None where not readable."""

    trust: Mapping[str, Any]
    description: str = ""
    boundary: str = ""
    tags: Mapping[str, str] = {}
    inline: Mapping[str, Mapping[str, Any]] | None = None
    attached: frozenset[str] | None = None


class RuleFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An event rule with its targets, None where they are not readable."""

    state: str = ""
    pattern: str = ""
    schedule: str = ""
    description: str = ""
    targets: tuple[Mapping[str, Any], ...] | None = None


class BucketFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A bucket's settings, each None where it could not be read; {} or "" where there is none."""

    public_access: Mapping[str, bool] | None = None
    policy: Mapping[str, Any] | None = None
    encryption: tuple[Mapping[str, Any], ...] | None = None
    versioning: str | None = None
    lifecycle: tuple[str, ...] | None = None
