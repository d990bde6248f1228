"""From AMIs to images: by the template in the tag, and where a template is several images by the build's project."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tfgen.aws.images.model import OwnedImage
from tfgen.prune.facts import Candidate
from tfgen_generators.errors import TfgenError

if TYPE_CHECKING:
    from tfgen.workspace import Workspace


class ImageNames:
    """The images of a repository and the names of their pipelines in AWS, as far as tfgen knows them."""

    def __init__(self, workspace: Workspace, account: str) -> None:
        from tfgen.sync.chosen_pipelines import name_in_aws
        from tfgen.sync.survey import find_changes

        self._by_template: dict[str, list[str]] = defaultdict(list)
        self.pipelines: dict[str, str] = {}
        for pipeline in find_changes(workspace).pipelines:
            self._by_template[pipeline.template_path].append(pipeline.name)
            try:
                self.pipelines[pipeline.name] = name_in_aws(workspace, pipeline, account)
            except TfgenError:  # known to Terraform alone: the tags of its AMIs tell
                continue

    @property
    def names(self) -> list[str]:
        return [name for names in self._by_template.values() for name in names]

    def of(self, ami: OwnedImage) -> str:
        """The image's name; the template's path where the repository has no such template; "" without a template."""
        names = self._by_template.get(ami.template, [])
        if len(names) == 1:
            return names[0]
        project = project_of(ami)
        return next((name for name in names if project and self.pipelines.get(name) == project), ami.template)


def project_of(ami: OwnedImage) -> str:
    """The CodeBuild project of its build, which is the pipeline's name too; "" where none built it."""
    return ami.build.partition(":")[0]


def candidates(
    amis: Sequence[OwnedImage], names: ImageNames, patterns: Collection[str], only: Collection[str]
) -> tuple[Candidate, ...]:
    """Each AMI with its image: of those without a template, the pattern that its name matches."""
    found = []
    for ami in amis:
        image = names.of(ami)
        if not image:
            image = next((pattern for pattern in patterns if fnmatchcase(ami.name, pattern)), "")
        found.append(Candidate(ami=ami, image=image, in_scope=not only or image in only))
    return tuple(found)
