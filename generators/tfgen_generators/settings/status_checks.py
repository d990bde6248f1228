"""What `[status]` of tfgen.toml must be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tfgen_generators.settings.git_names.codecommit_url import what_is_allowed
from tfgen_generators.settings.lines import InvalidSettingError, Path, dotted, in_toml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tfgen_generators.settings.model import Status

_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]{1,512}")


def check_status(status: Status) -> None:
    """Raises InvalidSettingError at the first value that cannot be."""
    _check_regions(("status", "regions"), status.regions)
    for name, account in status.accounts.items():
        path = ("status", "accounts", name)
        if not name.strip() or not name.isprintable():
            raise InvalidSettingError(path, f"{in_toml(name)} is no name for an account", "use for example production")
        _check_regions((*path, "regions"), account.regions)
        if account.profile and (allowed := what_is_allowed("profile", account.profile)):
            message = f"{dotted(path)}.profile = {in_toml(account.profile)} may have {allowed}"
            raise InvalidSettingError((*path, "profile"), message, "use a name of ~/.aws/config")
        if account.role_arn and not _ROLE.fullmatch(account.role_arn):
            message = f"{dotted(path)}.role_arn = {in_toml(account.role_arn)} is not the ARN of a role"
            raise InvalidSettingError((*path, "role_arn"), message, "use arn:aws:iam::ACCOUNT:role/NAME")


def _check_regions(path: Path, regions: Sequence[str]) -> None:
    for region in regions:
        if allowed := what_is_allowed("region", region):
            message = f"{dotted(path)} contains {in_toml(region)}, which is not {allowed}"
            raise InvalidSettingError(path, message, 'use for example ["eu-west-1"]')
