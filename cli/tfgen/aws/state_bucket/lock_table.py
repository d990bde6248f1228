"""The DynamoDB table that holds Terraform's lock where S3 itself cannot (Terraform before 1.10)."""

from __future__ import annotations

import re

from tfgen.aws.failures import AwsError
from tfgen.aws.session import Account
from tfgen.aws.state_bucket.settings import TAG
from tfgen_generators.errors import RefusedError, UsageError

#: What Terraform's S3 backend demands of the table.
_KEY = "LockID"
_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")


def check_table_name(name: str) -> None:
    """Raises UsageError for a name that AWS would refuse."""
    if not _NAME.fullmatch(name):
        raise UsageError(f"--lock-table {name!r}: AWS allows 3 to 255 letters, digits, _ . -", fix="use another name")


def ensure_table(account: Account, name: str) -> bool:
    """Makes the table unless it is there; gives whether it was made. Raises RefusedError for one of another shape."""
    try:
        table = account.call("dynamodb", "describe_table", TableName=name)["Table"]
    except AwsError as error:
        if error.code != "ResourceNotFoundException":
            raise
    else:
        keys = [(key["AttributeName"], key["KeyType"]) for key in table["KeySchema"]]
        types = {item["AttributeName"]: item["AttributeType"] for item in table["AttributeDefinitions"]}
        if keys != [(_KEY, "HASH")] or types.get(_KEY) != "S":
            raise RefusedError(
                f"the DynamoDB table {name} exists, but its key is not {_KEY} (a string)",
                fix="use another --lock-table",
            )
        account.wait("dynamodb", "table_exists", TableName=name)
        return False
    _create(account, name)
    return True


def _create(account: Account, name: str) -> None:
    try:
        account.call(
            "dynamodb",
            "create_table",
            TableName=name,
            BillingMode="PAY_PER_REQUEST",
            AttributeDefinitions=[{"AttributeName": _KEY, "AttributeType": "S"}],
            KeySchema=[{"AttributeName": _KEY, "KeyType": "HASH"}],
            Tags=[{"Key": TAG[0], "Value": TAG[1]}],
        )
    except AwsError as error:
        if error.code != "ResourceInUseException":  # another tfgen was faster
            raise
    account.wait("dynamodb", "table_exists", TableName=name)
