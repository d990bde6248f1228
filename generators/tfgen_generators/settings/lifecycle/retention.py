"""`[retention]`: how long AMIs stay that nobody uses, and what `tfgen prune` does with them after that."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from tfgen_generators.settings.lifecycle.ages import FIX, age_of, check_age
from tfgen_generators.settings.lines import InvalidSettingError, dotted, in_toml

MOST_KEPT = 10_000
#: As many versions as Parameter Store has of a parameter.
MOST_PREVIOUS = 100
STEPS = ("deprecate", "disable", "deregister")
#: Services that a region may lack, and that `skip_sources` may leave out.
SKIPPABLE = ("batch", "cloudformation", "eks", "elastic-beanstalk", "image-builder")


class Retention(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What stays: of each image, region and architecture the newest `keep_last`, and by channel or branch an age.

    After that an AMI that nobody uses is deprecated, disabled and deregistered at the ages given; with none of the
    three it is deregistered at once. `previous`: how many former versions of an SSM parameter count as its use.
    """

    keep_last: int = 5
    keep: dict[str, str] = {}
    deprecate: str = ""
    disable: str = ""
    deregister: str = ""
    previous: int = 5
    skip_sources: list[str] = []

    @property
    def steps(self) -> tuple[tuple[str, str, timedelta], ...]:
        """The steps that are on: action, the age as it is written, the age."""
        given = [(step, getattr(self, step)) for step in STEPS if getattr(self, step)]
        return tuple((step, text, age_of(text)) for step, text in given or [("deregister", "0d")])


def check_ages(keep: object) -> None:
    """Raises InvalidSettingError where `retention.keep`, as the file has it, is no table of texts."""
    here = ("retention", "keep")
    if not isinstance(keep, dict):
        raise InvalidSettingError(here, "retention.keep must be a table", 'use keep = { main = "30d" }')
    for name, text in keep.items():
        if not isinstance(text, str):
            message = f"{dotted((*here, name))} must be an age"
            raise InvalidSettingError((*here, name), message, FIX)


def check_retention(retention: Retention) -> None:
    """Raises InvalidSettingError at the first value that cannot be."""
    for key, most in (("keep_last", MOST_KEPT), ("previous", MOST_PREVIOUS)):
        if not 0 <= (value := getattr(retention, key)) <= most:
            raise InvalidSettingError(
                ("retention", key), f"retention.{key} = {value} must be 0 to {most}", "use a number in that range"
            )
    for name, text in retention.keep.items():
        here = ("retention", "keep", name)
        if not name.strip() or not name.isprintable():
            raise InvalidSettingError(here, f"{dotted(here)} names no channel and no branch", "name it")
        check_age(here, text)
    _check_steps(retention)
    for name in retention.skip_sources:
        if name not in SKIPPABLE:
            message = f"retention.skip_sources contains {in_toml(name)}, which cannot be left out"
            raise InvalidSettingError(("retention", "skip_sources"), message, f"use some of: {', '.join(SKIPPABLE)}")


def _check_steps(retention: Retention) -> None:
    """Ages, in the order in which the steps follow each other."""
    before: tuple[str, str, timedelta] | None = None
    for step in STEPS:
        text, here = getattr(retention, step), ("retention", step)
        if not text:
            continue
        check_age(here, text)
        if before and age_of(text) < before[2]:
            message = f"retention.{step} = {in_toml(text)} is sooner than retention.{before[0]} = {in_toml(before[1])}"
            raise InvalidSettingError(here, message, "use the order deprecate, disable, deregister")
        before = step, text, age_of(text)
