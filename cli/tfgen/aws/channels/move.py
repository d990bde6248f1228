"""Moving a channel in one region, and moving it back: a write counts only if nobody wrote in between.

PutParameter answers before SSM has looked at an AMI: a version that does not appear was not accepted.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from tfgen.aws.channels.read import IMAGE, Pointer, read_channel
from tfgen.aws.failures import AwsError
from tfgen_generators.errors import BusyError, RefusedError, TfgenError

if TYPE_CHECKING:
    from tfgen.aws.session import Account

#: How often, and how many times, a new version is looked for, in seconds.
POLL = 1.0
_LOOKS = 30
_FIXES = {
    "ParameterMaxVersionLimitExceeded": "its oldest version of 100 has a label: take that away, then run it again",
    "ParameterLimitExceeded": "the account has no room for another parameter: ask for a higher quota",
    "TooManyUpdates": "another write at the same moment: run it again",
}
_NOT_SEEN = "the AMI was deregistered, or the caller lacks ec2:DescribeImages"


def require_channel(pointer: Pointer | None, region: str) -> None:
    """Raises RefusedError for a parameter that is no channel."""
    if pointer is not None and not pointer.is_channel:
        kind = f"type {pointer.type}, data type {pointer.data_type}"
        message = f"{pointer.name} in {region} has {kind}, not String and {IMAGE}: tfgen did not make it"
        raise RefusedError(message, fix="delete it, or use another publish.parameter in tfgen.toml")


def move(account: Account, name: str, before: Pointer | None, ami: str, description: str) -> int:
    """Points the channel to `ami`; gives the version. `before` is what it was read as.

    Raises BusyError when somebody else has written it since, TfgenError when AWS does not take the AMI.
    """
    expected = (before.version if before else 0) + 1
    version = _put(account, name, ami, description, overwrite=before is not None)
    if version != expected:
        _check_race(account, name, ami, version)
    _confirm(account, name, ami, version)
    return version


def move_back(account: Account, name: str, before: Pointer | None, version: int) -> None:
    """Undoes a move, unless somebody else has written since. Raises AwsError."""
    now = read_channel(account, name)
    if now is None or now.version != version:
        return
    if before is None:
        account.call("ssm", "delete_parameter", Name=name)
    else:
        _put(account, name, before.value, f"tfgen: back to version {before.version}", overwrite=True)


def _put(account: Account, name: str, ami: str, description: str, *, overwrite: bool) -> int:
    arguments = {"Name": name, "Value": ami, "Type": "String", "DataType": IMAGE, "Description": description}
    try:
        answer = account.call("ssm", "put_parameter", **arguments, Overwrite=overwrite)
    except AwsError as error:
        if error.code == "ParameterAlreadyExists":
            raise _lost(account, name) from None
        if fix := _FIXES.get(error.code):
            raise TfgenError(error.message, fix=fix) from None
        raise
    return int(answer["Version"])


def _check_race(account: Account, name: str, ami: str, version: int) -> None:
    """Another write came first: it stays, as the last word. A second try of botocore's is our own."""
    other = read_channel(account, name, version - 1)
    if other is None or other.value == ami:
        return
    _put(account, name, other.value, f"tfgen: back to version {other.version}", overwrite=True)
    raise _lost(account, name)


def _lost(account: Account, name: str) -> BusyError:
    message = f"{name} in {account.region} was written by somebody else at the same time"
    return BusyError(message, fix="look at what it says now, then run it again")


def _confirm(account: Account, name: str, ami: str, version: int) -> None:
    for look in range(_LOOKS):
        now = read_channel(account, name)
        if now is not None and now.version > version:
            return
        if now is not None and now.version == version and now.value == ami:
            return
        if look + 1 < _LOOKS:
            time.sleep(POLL)
    message = f"AWS did not accept {ami} for {name} in {account.region}: {_NOT_SEEN}"
    raise TfgenError(message, fix="see DescribeParameters and the events of Parameter Store there")
