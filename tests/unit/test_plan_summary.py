"""The one word, and the other facts, of an image's plan."""

from __future__ import annotations

import pytest

from tfgen.terraform.reports.plan import ImagePlan, ResourceChange


@pytest.mark.parametrize(
    ("came_from", "image"),
    [
        (["module.db.a", "module.db.b"], "db"),
        (["module.db.a", "module.blog.b"], ""),
        (["module.web.a", "module.db.b"], ""),
        (["module.web.a"], ""),
        (["terraform_data.a"], ""),
        ([], ""),
    ],
)
def test_the_image_that_all_of_it_was(came_from: list[str], image: str) -> None:
    changes = [ResourceChange(address=f"module.web.{n}", action="move", moved_from=a) for n, a in enumerate(came_from)]
    assert ImagePlan(name="web", changes=tuple(changes)).moved_from == image


@pytest.mark.parametrize(
    ("actions", "word"),
    [
        (["create"], "created"),
        (["delete", "delete"], "destroyed"),
        (["create", "delete"], "changed"),
        (["delete", "replace"], "replaced"),
        (["move", "update"], "changed"),
        (["remove"], "forgotten"),
        (["import", "import"], "imported"),
        ([], "drifted"),
    ],
)
def test_one_word_for_the_whole(actions: list[str], word: str) -> None:
    changes = tuple(ResourceChange(address="module.web.x", action=action) for action in actions)
    plan = ImagePlan(name="web", changes=changes)
    assert plan.action == word
    assert plan.destroys is bool({"delete", "replace"} & {*actions})
