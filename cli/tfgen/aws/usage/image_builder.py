"""Recipes of EC2 Image Builder: their parent images, and the image that a container is built on."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tfgen.aws.failures import AwsError
from tfgen.aws.usage.model import Asker, Found, named, walked

_PAGE = 25
_KIND = "image-builder-recipe"


def image_builder(asker: Asker) -> Iterator[Found]:
    """A recipe uses its parent image: an AMI, or an SSM parameter."""
    recipes = asker.pages(
        "imagebuilder", "list_image_recipes", "imageRecipeSummaryList", owner="Self", maxResults=_PAGE
    )
    for each in recipes:
        yield from named(asker.region, _KIND, str(each["arn"]), each.get("parentImage"))
    containers = asker.pages(
        "imagebuilder", "list_container_recipes", "containerRecipeSummaryList", owner="Self", maxResults=_PAGE
    )
    arns = [str(each["arn"]) for each in containers]
    for arn, recipe in zip(arns, asker.each(lambda one: _container(asker, one), arns), strict=True):
        yield from walked(asker.region, _KIND, arn, recipe.get("instanceConfiguration") or {})


def _container(asker: Asker, arn: str) -> dict[str, Any]:
    try:
        answer = asker.call("imagebuilder", "get_container_recipe", containerRecipeArn=arn)
    except AwsError as error:
        if error.code == "ResourceNotFoundException":
            return {}
        raise
    found: dict[str, Any] = answer.get("containerRecipe", {})
    return found
