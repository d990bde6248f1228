"""Node groups of EKS clusters: a custom AMI, or a launch template that has one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfgen.aws.failures import AwsError
from tfgen.aws.usage.model import Asker, Found, TemplateUse, walked

_PAGE = 100
_GONE = "ResourceNotFoundException"
_KIND = "eks-node-group"


def eks(asker: Asker) -> Iterator[Found]:
    """A node group uses the AMI of its launch template; its id is CLUSTER/NODEGROUP."""
    clusters = [str(name) for name in asker.pages("eks", "list_clusters", "clusters", maxResults=_PAGE)]
    names = [
        (cluster, str(group))
        for cluster, groups in zip(clusters, asker.each(lambda one: _groups(asker, one), clusters), strict=True)
        for group in groups
    ]
    for each in asker.each(lambda pair: _group(asker, *pair), names):
        id_ = f"{each.get('clusterName')}/{each.get('nodegroupName')}"
        template = each.get("launchTemplate") or {}
        if name := template.get("id") or template.get("name"):
            yield TemplateUse(kind=_KIND, id=id_, template=name, version=str(template.get("version") or "$Default"))
        yield from walked(asker.region, _KIND, id_, each)


def _groups(asker: Asker, cluster: str) -> list[Any]:
    try:
        return list(asker.pages("eks", "list_nodegroups", "nodegroups", clusterName=cluster, maxResults=_PAGE))
    except AwsError as error:
        if error.code == _GONE:
            return []
        raise


def _group(asker: Asker, cluster: str, group: str) -> dict[str, Any]:
    try:
        answer = asker.call("eks", "describe_nodegroup", clusterName=cluster, nodegroupName=group)
    except AwsError as error:
        if error.code == _GONE:
            return {}
        raise
    found: dict[str, Any] = answer.get("nodegroup", {})
    return found
