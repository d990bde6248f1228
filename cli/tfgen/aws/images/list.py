"""All AMIs of the account in one region, deprecated and disabled ones too."""

from __future__ import annotations

from collections.abc import Iterator

from tfgen.aws.images.model import OwnedImage
from tfgen.aws.images.read import owned_image
from tfgen.aws.session import Account

_PAGE = 1000


def owned_images(account: Account) -> Iterator[OwnedImage]:
    """Those of the account itself, by all pages. Raises AwsError."""
    pages = account.pages(
        "ec2",
        "describe_images",
        "Images",
        Owners=["self"],
        IncludeDeprecated=True,
        IncludeDisabled=True,
        MaxResults=_PAGE,
    )
    return (owned_image(found, account.region) for found in pages)
