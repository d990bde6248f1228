"""Elastic Beanstalk: environments, and saved configurations that new environments begin with."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tfgen.aws.failures import AwsError
from tfgen.aws.usage.model import Asker, Found, Use, ami_ids

_GONE = "InvalidParameterValue"


def elastic_beanstalk(asker: Asker) -> Iterator[Found]:
    """An environment uses the AMI of its option ImageId; a saved configuration is named APPLICATION/TEMPLATE."""
    environments = asker.pages(
        "elasticbeanstalk", "describe_environments", "Environments", IncludeDeleted=False, MaxRecords=1000
    )
    wanted = [
        ("beanstalk-environment", str(each.get("EnvironmentId") or each["EnvironmentName"]), _of(each))
        for each in environments
        if each.get("Status") != "Terminated"
    ]
    for each in asker.call("elasticbeanstalk", "describe_applications").get("Applications", []):
        application = str(each["ApplicationName"])
        for template in each.get("ConfigurationTemplates") or ():
            of = {"ApplicationName": application, "TemplateName": str(template)}
            wanted.append(("beanstalk-configuration", f"{application}/{template}", of))
    for (kind, id_, _), text in zip(wanted, asker.each(lambda one: _options(asker, one[2]), wanted), strict=True):
        for ami in ami_ids(text):
            yield Use(region=asker.region, ami=ami, kind=kind, id=id_)


def _of(environment: dict[str, Any]) -> dict[str, str]:
    return {
        "ApplicationName": str(environment["ApplicationName"]),
        "EnvironmentName": str(environment["EnvironmentName"]),
    }


def _options(asker: Asker, of: dict[str, str]) -> str:
    """The values of all options, as one text."""
    try:
        answer = asker.call("elasticbeanstalk", "describe_configuration_settings", **of)
    except AwsError as error:
        if error.code == _GONE and "No" in str(error):  # ended meanwhile: "No Environment found for ..."
            return ""
        raise
    values = [
        option.get("Value")
        for settings in answer.get("ConfigurationSettings", [])
        for option in settings.get("OptionSettings", [])
    ]
    return json.dumps(values, default=str)
