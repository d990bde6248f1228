"""What the module shared has from codepipeline: the same roles with the same policies, for several pipelines.

`tools/module_v1.py` makes these files beside codepipeline_v1 and says when one is stale. What a pipeline has one of and
its roles name stands in `_CHANGES`: each must be found as often as it says, so that a role that names its pipeline in a
new way is not copied unseen. Written by hand: main.tf, events.tf, outputs.tf, variables.tf, examples, tests, README.md.
"""

from __future__ import annotations

import re
from pathlib import Path

SOURCE, TARGET = "codepipeline", "shared"
FILES = ("bucket.tf", "iam.tf", "iam_build.tf", "iam_features.tf", "network.tf", "secrets.tf")
VARIABLES = "variables_roles.tf"
_HEADER = "# Made from {source} by tools/module_v1.py: change that file, then run: python tools/module_v1.py\n\n"
_ARN = '"arn:${local.partition}:%s:${local.region}:${local.account_id}:%s"'
_EACH = "[for name in var.pipelines : %s]"
_PER_PIPELINE = "${var.project_name}"
#: File -> what stands there, what stands in the copy.
_CHANGES = {
    "iam.tf": (
        ("${local.short_name}-${rule}", "*-${rule}"),
        (_ARN % ("codepipeline", _PER_PIPELINE), _EACH % (_ARN % ("codepipeline", "${name}"))),
        ('"${local.bucket_arn}/*"', '[for arn in local.bucket_arn : "${arn}/*"]'),
        (
            "for arn in try(var.approval.topic_arn == null, true) ? [] : [var.approval.topic_arn] :",
            "for arn in length(var.approval_topic_arns) == 0 ? [] : [var.approval_topic_arns] :",
        ),
    ),
    "iam_build.tf": (
        (
            _ARN % ("logs", "log-group:${local.log_group_name}:*"),
            _EACH % (_ARN % ("logs", "log-group:/aws/codebuild/${name}:*")),
        ),
        ('lookup(var.environment_vars, "PACKER_VERSION", "")', "var.packer_version"),
    ),
    "network.tf": ((' && !contains(keys(var.environment_vars), "IAM_INSTANCE_PROFILE")', ""),),
    "bucket.tf": (
        ('[local.bucket_arn, "${local.bucket_arn}/*"]', 'concat(local.bucket_arn, ["${local.bucket_arn[0]}/*"])'),
        ('"${local.bucket_arn}/*"', '"${local.bucket_arn[0]}/*"'),
    ),
}
#: What only a pipeline has: nothing of it may be left in a copy.
_LEFT = re.compile(r"var\.(project_name|environment_vars|approval|schedule|branch|shared)\b|local\.log_group_name")


def made(modules: Path) -> dict[str, str]:
    """Path below the target -> text. Raises ValueError for what is left of a single pipeline."""
    source = modules / SOURCE
    found = {}
    for name in FILES:
        text = changed(name, (source / name).read_text(encoding="utf-8"))
        found[name] = _HEADER.format(source=f"{modules.name}/{SOURCE}/{name}") + text
    asked = {name for text in found.values() for name in re.findall(r"\bvar\.(\w+)", text)}
    written = [file for file in (modules / TARGET).glob("*.tf") if file.name not in (*FILES, VARIABLES)]
    own = "".join(file.read_text(encoding="utf-8") for file in written)
    texts = [file.read_text(encoding="utf-8") for file in sorted(source.glob("variables*.tf"))]
    blocks = {name: text for each in texts for name, text in declared(each).items()}
    asked |= {name for name in re.findall(r"\bvar\.(\w+)", own) if name in blocks}
    asked -= declared(own).keys()
    if unknown := sorted(asked - blocks.keys()):
        raise ValueError(f"{SOURCE}/variables*.tf: no variable {unknown[0]!r}, which a copy of {TARGET} asks")
    wanted = [text for name, text in blocks.items() if name in asked]
    header = _HEADER.format(source=f"{modules.name}/{SOURCE}/variables*.tf")
    found[VARIABLES] = header + "\n".join(wanted)
    return found


def changed(name: str, text: str) -> str:
    """The text of a file for several pipelines."""
    for before, after in _CHANGES.get(name, ()):
        if before not in text:
            raise ValueError(f"{SOURCE}/{name}: has no {before} any more")
        text = text.replace(before, after)
    text = text.replace(_PER_PIPELINE, "${var.name}")
    for number, line in enumerate(text.splitlines(), 1):
        if left := _LEFT.search(line):
            raise ValueError(f"{SOURCE}/{name}: the copy in {TARGET} would still have {left[0]!r} in line {number}")
    return text


def declared(text: str) -> dict[str, str]:
    """Name -> block of each variable."""
    return {each[1]: each[0] for each in re.finditer(r'^variable "(\w+)" \{\n(?:.*\n)*?^\}\n', text, re.MULTILINE)}
