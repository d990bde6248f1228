"""Files of values that makefiles, scripts, recipes and the buildspec give to a template."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import Files
from tests.unit.discovery import found
from tfgen_generators.paths.shown_var_files import shown_var_files
from tfgen_generators.settings.model import Settings
from tfgen_generators.trees.disk import DiskTree

TEMPLATE = 'source "null" "x" {}\nbuild {\n  sources = ["source.null.x"]\n}\n'
FILES: Files = {
    "packer/eks.pkr.hcl": TEMPLATE,
    "packer/web.pkr.hcl": TEMPLATE,
    **{f"vars/eks-{version}.json": "{}" for version in ("1.27", "1.28", "1.29")},
    "vars/web.json": "{}",
    "common.json": "{}",
}
PATTERN = ["vars/eks-*.json"]
ALL = ["vars/*.json"]
TWO = ["vars/eks-1.27.json", "vars/eks-1.28.json"]
#: The shipped buildspec's.
SHIPPED = """options+=("-var-file=$(realpath -- "$PACKER_VAR_FILE")")
packer build "${options[@]}" packer/eks.pkr.hcl
"""


def shown(root: Path, files: Files) -> dict[str, tuple[list[str], str]]:
    found_ones = shown_var_files(DiskTree(root), found(root, {**FILES, **files}).templates, Settings())
    return {one.name: (list(one.var_files), f"{one.path}:{one.line}") for one in found_ones}


@pytest.mark.parametrize(
    ("path", "text", "wanted", "line"),
    [
        ("Makefile", "b:\n\tpacker build -var-file=vars/eks-$(V).json packer/eks.pkr.hcl\n", PATTERN, 2),
        ("Makefile", "V ?= 1.29\nb:\n\tpacker build -var-file=vars/eks-$(V).json packer/eks.pkr.hcl\n", PATTERN, 3),
        ("Makefile", "%:\n\tpacker build --var-file vars/eks-$*.json packer/eks.pkr.hcl\n", PATTERN, 2),
        (
            "Makefile",
            "V := 7 8\na:\n\tfor v in $(V); do packer build -var-file=vars/eks-1.2$$v.json packer/eks.pkr.hcl; done\n",
            TWO,
            3,
        ),
        (
            "Makefile",
            (
                "a:\n\tpacker build -var-file=vars/eks-1.27.json packer/eks.pkr.hcl\n"
                "b:\n\tcd packer && packer build -var-file=../vars/eks-1.28.json eks.pkr.hcl\n"
            ),
            TWO,
            2,
        ),
        ("scripts/b.sh", 'for f in vars/*.json; do\n  packer build -var-file="$f" packer/eks.pkr.hcl\ndone\n', ALL, 2),
        ("scripts/b.sh", 'packer build -var-file="vars/eks-$1.json" packer/eks.pkr.hcl\n', PATTERN, 1),
        ("scripts/b.sh", 'packer build -var-file="vars/eks-${1:-1.29}.json" packer/eks.pkr.hcl\n', PATTERN, 1),
        (
            "buildspec.yml",
            (
                "version: 0.2\nphases:\n  build:\n    commands:\n"
                "      - packer build -var-file=vars/$TARGET.json packer/eks.pkr.hcl\n"
            ),
            ALL,
            5,
        ),
        (
            ".github/workflows/b.yml",
            "jobs:\n  b:\n    steps:\n      - run: packer build -var-file=vars/eks-$V.json packer/eks.pkr.hcl\n",
            PATTERN,
            4,
        ),
    ],
    ids=str,
)
def test_several_files_are_shown(tmp_path: Path, path: str, text: str, wanted: list[str], line: int) -> None:
    assert shown(tmp_path, {path: text}) == {"eks": (wanted, f"{path}:{line}")}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("Makefile", "b:\n\tpacker build -var-file=common.json packer/eks.pkr.hcl\n"),
        ("Makefile", "b:\n\tpacker build -var-file=$(FILE) packer/eks.pkr.hcl\n"),
        ("Makefile", "b:\n\tpacker build -var-file=gone/$(V).json packer/eks.pkr.hcl\n"),
        ("Makefile", "b:\n\tterraform plan -var-file=vars/$(V).json\n"),
        ("scripts/b.sh", SHIPPED),
        ("scripts/b.sh", "packer build -var-file=vars/$1.json $2\n"),
    ],
    ids=str,
)
def test_one_file_or_nobody_knows_whose(tmp_path: Path, path: str, text: str) -> None:
    assert shown(tmp_path, {path: text}) == {}
