"""CloudFormation stacks that are not deleted, nested ones among them: their parameters and what their templates say.

Change sets are not looked at: what they bring is in use once they are executed.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tfgen.aws.failures import AwsError
from tfgen.aws.usage.model import Asker, Found, ParameterUse, Use, ami_ids

_BY_PARAMETER = re.compile(r"resolve:ssm:([A-Za-z0-9_./-]+(?::\d+)?)")
_KIND = "cloudformation-stack"


def cloudformation(asker: Asker) -> Iterator[Found]:
    """A stack uses the AMIs among its parameters (an SSM parameter's value too) and those in its template."""
    stacks = [each for each in asker.pages("cloudformation", "describe_stacks", "Stacks") if _is_there(each)]
    for each, body in zip(stacks, asker.each(lambda stack: _template(asker, stack), stacks), strict=True):
        name = str(each["StackName"])
        text = f"{json.dumps(each.get('Parameters', []), default=str)}\n{body}"
        for ami in ami_ids(text):
            yield Use(region=asker.region, ami=ami, kind=_KIND, id=name)
        for parameter in dict.fromkeys(_BY_PARAMETER.findall(text)):
            yield ParameterUse(kind=_KIND, id=name, parameter=parameter)


def _is_there(stack: dict[str, Any]) -> bool:
    """A stack in review has resources only once its first change set is executed."""
    return stack.get("StackStatus") not in ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS")


def _template(asker: Asker, stack: dict[str, Any]) -> str:
    """The template as it was written, and where it has a macro also what that made of it."""
    written = _body(asker, stack, "Original")
    return f"{written}\n{_body(asker, stack, 'Processed')}" if "Transform" in written else written


def _body(asker: Asker, stack: dict[str, Any], stage: str) -> str:
    name = stack.get("StackId") or stack["StackName"]
    try:
        answer = asker.call("cloudformation", "get_template", StackName=name, TemplateStage=stage)
    except AwsError as error:
        if error.code == "ValidationError" and "does not exist" in str(error):  # deleted meanwhile
            return ""
        raise
    body = answer.get("TemplateBody", "")
    return body if isinstance(body, str) else json.dumps(body, default=str)
