"""Where Packer runs: as tfgen.toml, the buildspec, makefiles, scripts and CI recipes say it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import TOML, Files, write_tree
from tfgen_generators.packer.model import Template
from tfgen_generators.paths.buildspec import read_buildspec
from tfgen_generators.paths.packer_script import PackerScripts
from tfgen_generators.paths.path_resolution import PathResolver
from tfgen_generators.paths.working_dir import WorkingDir, WorkingDirs
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.trees.disk import DiskTree

WEB = Template(name="web", path="packer/web.json", format="json", kind="file")


def buildspec(*commands: str, version: str = "0.2", variables: str = "") -> dict[str, str]:
    lines = "".join(f"      - {command}\n" for command in commands)
    env = f"env: {{variables: {{{variables}}}}}\n" if variables else ""
    return {"buildspec.yml": f"version: {version}\n{env}phases:\n  build:\n    commands:\n{lines}"}


def found(root: Path, files: Files, toml: str = TOML, template: Template = WEB) -> WorkingDir:
    tree = DiskTree(write_tree(root, {"packer/web.json": "{}", **files}))
    spec = read_buildspec(tree, "buildspec.yml") if "buildspec.yml" in files else None
    return WorkingDirs(PathResolver(tree), parse_settings(toml)).find(template, spec)


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (buildspec("packer build packer/web.json"), "."),
        (buildspec("cd packer", "packer build web.json"), "packer"),
        (buildspec("cd packer && packer build $PACKER_SCRIPT"), "packer"),
        (buildspec("(cd packer; packer validate web.json)", "(cd packer; packer build web.json)"), "packer"),
        (buildspec("cd packer", "packer build $X", variables="X: web.json"), "packer"),
        (buildspec("cd $DIR", "packer build web.json", variables="DIR: packer"), "packer"),
        (buildspec('cd "$(dirname "$PACKER_SCRIPT")"', 'packer build "$(basename "$PACKER_SCRIPT")"'), "packer"),
        (buildspec("cd ${PACKER_SCRIPT%/*}; packer build ."), "packer"),
        (buildspec("cd $CODEBUILD_SRC_DIR", "packer build $PACKER_SCRIPT"), "."),
        (buildspec("cd packer", "packer build packer/web.json", version="0.1"), "."),
        (buildspec("make -C packer web") | {"packer/Makefile": "web:\n\tpacker build web.json\n"}, "packer"),
        (buildspec("find packer -name '*.json' -execdir packer build {} +"), None),
        (buildspec("find . -name '*.json' -exec packer build {} +"), "."),
        (buildspec("./build.sh") | {"build.sh": "cd packer && packer build web.json"}, "packer"),
        (buildspec("packer/build.sh") | {"packer/build.sh": 'cd "$(dirname "$0")"\npacker build web.json'}, "packer"),
        (buildspec("cd packer", "packer build db.json", "cd ..", "packer build packer/web.json"), "."),
        ({"Makefile": "web:\n\tcd packer; packer build web.json\n"}, "packer"),
        ({"packer/Makefile": "%:\n\tpacker build $@.json\n"}, "packer"),
        ({"build.sh": "#!/bin/sh\ncd packer\npacker build $1\n"}, None),
        ({"build.sh": '#!/bin/sh\ncd "$(dirname "$0")/packer"\npacker build $1\n'}, "packer"),
        (
            {
                ".github/workflows/x.yml": "jobs: {a: {steps: [{run: packer build web.json, "
                "working-directory: packer}]}}"
            },
            "packer",
        ),
        ({".gitlab-ci.yml": "a:\n  script:\n    - cd packer\n    - packer build web.json\n"}, "packer"),
        ({}, None),
        (buildspec("echo packer build"), None),
        (buildspec("cd $SOMEWHERE; packer build web.json"), None),
    ],
)
def test_it_is_what_starts_packer(tmp_path: Path, files: Files, wanted: str | None) -> None:
    where = found(tmp_path, files)
    assert (where.folders[0] if where.is_known else None) == wanted
    assert wanted or {".", "packer"} <= set(where.folders)


def test_settings_win_and_a_templates_own_over_all(tmp_path: Path) -> None:
    files = buildspec("packer build packer/web.json")
    toml = f'working_dir = "packer"\n{TOML}'
    assert found(tmp_path, files, toml).folders == ("packer",)
    own = found(tmp_path, files, f'{toml}[templates.web]\nworking_dir = "."\n')
    assert (own.folders, own.is_known, own.sources[0].label) == ((".",), True, "templates.web.working_dir")


def test_two_that_differ_are_both_possible(tmp_path: Path) -> None:
    where = found(tmp_path, buildspec("packer validate packer/web.json", "cd packer", "packer build web.json"))
    assert (set(where.folders), where.is_known) == ({".", "packer"}, False)


@pytest.mark.parametrize(
    ("commands", "wanted"),
    [
        (["packer build $PACKER_SCRIPT"], "packer/web.json"),
        (["packer build $PACKER_SCRIPT.json"], "packer/web"),
        (['packer build "${PACKER_SCRIPT}.json"'], "packer/web"),
        (["packer build packer/$PACKER_SCRIPT.json"], "web"),
        (["cd packer", "packer build -color=false $PACKER_SCRIPT.json | tee log"], "web"),
        (["cd packer; packer build $PACKER_SCRIPT"], "web.json"),
        (['cd "$(dirname "$PACKER_SCRIPT")"; packer build "$(basename "$PACKER_SCRIPT")"'], "packer/web.json"),
        (["packer build $PACKER_SCRIPT.pkr.hcl"], "packer/web.json"),
        (["cd other; packer build $PACKER_SCRIPT"], "packer/web.json"),
        (["make"], "packer/web.json"),
    ],
)
def test_packer_script_is_what_the_buildspec_takes(tmp_path: Path, commands: list[str], wanted: str) -> None:
    tree = DiskTree(write_tree(tmp_path, {"packer/web.json": "{}", **buildspec(*commands)}))
    assert PackerScripts(tree, parse_settings(TOML)).of(WEB) == wanted


@pytest.mark.parametrize(
    ("value", "said"),
    [("../x", "inside the repository"), ("/x", "inside the repository"), (".git", "git's own folder")],
)
def test_it_must_be_a_folder_of_the_repository(value: str, said: str) -> None:
    for toml in (f'working_dir = "{value}"\n{TOML}', f'{TOML}[templates.web]\nworking_dir = "{value}"\n'):
        with pytest.raises(Exception, match=said):
            parse_settings(toml)
