"""What the user's AWS configuration says without asking AWS: profiles, their regions, and where a service is."""

from __future__ import annotations

import os

from tfgen.aws.failures import Who, explained
from tfgen_generators.errors import TfgenError


def region_of(profile: str) -> str:
    """The region of AWS_REGION, of AWS_DEFAULT_REGION or of `profile` ("": the one in use); "" when none says.

    Raises TfgenError where there is no such profile, or the files cannot be read.
    """
    import botocore.session

    with explained(Who(profile=profile, region=""), "", "session"):
        session = botocore.session.Session(profile=profile or None)
        profiles = session.available_profiles
        if not profile or profile in profiles:
            # botocore itself does not know AWS_REGION, which Terraform and the AWS CLI take first.
            return str(os.environ.get("AWS_REGION") or session.get_config_variable("region") or "")
    raise TfgenError(
        f"AWS profile {profile!r} not found; profiles: {', '.join(profiles) or 'none'}",
        fix="use another --profile, or create it with: aws configure --profile NAME",
    )


def is_known_region(service: str, region: str) -> bool:
    """Whether this botocore knows `service` in `region`; a newer one may know more. Raises TfgenError."""
    import botocore.session

    with explained(Who(profile="", region=region), "", "session"):
        session = botocore.session.Session()
        partitions = session.get_available_partitions()
        return any(region in session.get_available_regions(service, partition) for partition in partitions)


def partition_of(region: str) -> str:
    """The partition of `region`, else of the region that is set; "aws" where there is none, or it is not known."""
    import botocore.session
    from botocore.exceptions import BotoCoreError

    session = botocore.session.Session()
    try:
        found = region or os.environ.get("AWS_REGION") or session.get_config_variable("region")
        return str(session.get_partition_for_region(found)) if found else "aws"
    except BotoCoreError:
        return "aws"
