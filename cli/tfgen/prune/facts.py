"""What is known before it is decided: AMIs, who uses them, what could not be read, the time."""

from __future__ import annotations

from datetime import datetime

import msgspec

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.pipelines.runs import BuildFacts
from tfgen.aws.usage.model import Failure, Stay, Use


class Candidate(msgspec.Struct, frozen=True, kw_only=True):
    """An AMI of the account and the image that it is of; "" where no pipeline of ours made it and no pattern names it.

    `in_scope` is false where the command line asks for other images.
    """

    ami: OwnedImage
    image: str
    in_scope: bool = True

    @property
    def key(self) -> tuple[str, str]:
        return self.ami.region, self.ami.id


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """The estate at one time. `failed`: image -> the execution that failed; `regions`: those that were asked.

    `branch` is that of the pipelines; `channels` are the parameters' names -> channel. `builds` are CodeBuild's by id,
    None for one that it does not have; None as a whole: not asked, so that tags are all that is known.
    """

    now: datetime
    candidates: tuple[Candidate, ...]
    uses: tuple[Use, ...] = ()
    stays: tuple[Stay, ...] = ()
    failures: tuple[Failure, ...] = ()
    failed: dict[str, str] = {}
    regions: frozenset[str] = frozenset()
    branch: str = ""
    channels: dict[str, str] = {}
    builds: dict[str, BuildFacts | None] | None = None
