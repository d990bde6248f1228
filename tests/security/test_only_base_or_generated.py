"""For random changes of a branch: the folder that its plan is made in holds files of the base or generated ones.

Byte for byte, and nothing else but files that were made on this machine. Terraform does not run.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import JSON, write_tree
from tests.depth import amount, deep
from tests.functional.branches import ESTATE, MODULE, ROOT
from tests.functional.git_repo import commit, git
from tests.functional.refusals import Look, look
from tests.pinned import REQUIREMENT
from tfgen.main import run
from tfgen_generators.errors import TfgenError
from tfgen_generators.hcl.blocks import read_blocks

TOML = ESTATE["tfgen.toml"]
#: Nothing with this in it may be in the folder, but for texts.
CALL = 'file("/etc/evil")'
EVIL = f"locals {{\n  evil = {CALL}\n}}\n"
BASE = {
    **ESTATE,
    "tfgen.toml": TOML + "[names]\naccount_id = 'local.account_id'\n[module]\nsource = \"../modules/codepipeline\"\n",
    "buildspec.yml": "version: 0.2\n",
    f"{ROOT}/files/policy.json": "{}",
    "shared/x.tpl": "${x}",
    f"{MODULE}/extra.tf": """\
variable "extra" {
  default = ""
}
locals {
  x = file("${path.module}/../../../shared/x.tpl")
}
""",
    "bin/terraform": "#!/bin/sh\n",
}
OUTSIDE = {"x.tf": EVIL, "x.json": JSON, "inner/x.tf": EVIL}
BEFORE = {f"a/b/c/d/outside/{path}": text.encode() for path, text in OUTSIDE.items()}
LINKS = {f"{ROOT}/linked.tf": "../../shared/x.tf", "packer/again": "../shared", f"{MODULE}/out": "../../../../outside"}
FOLDERS = (
    ROOT,
    MODULE,
    f"{MODULE}/inner",
    f"{ROOT}/files",
    "packer",
    "packer/more",
    "shared",
    "evil",
    ".",
    "Terraform/x",
)
NAMES = (
    *("main.tf", "locals.tf", "override.tf", "x_override.tf.json", "evil.tofu", "terraform.tfvars", "x.auto.tfvars"),
    *(".terraform.lock.hcl", "terraform.tfstate", "pipeline_web.gen.tf", "pipeline_new.gen.tf", "policy.json"),
    *("web.json", "new.json", "new.pkr.hcl", "x.tpl", ".gitattributes", ".gitignore", "buildspec.yml", "\u00e9\n.tf"),
    *(".tool-versions", "..\\..\\evil", "MAIN.TF", "terraform", "HEAD", "config"),
)
PATHS = st.builds(
    lambda folder, name: os.path.normpath(f"{folder}/{name}"), st.sampled_from(FOLDERS), st.sampled_from(NAMES)
)
TEXTS = st.sampled_from(
    [
        EVIL,
        JSON,
        "",
        "x = {\n",
        '{"builders": [{"type": "null"}], "x": "${' + CALL.replace('"', "'") + '}"}',
        "* text\n*.tf filter=evil ident\n",
        "\0\xff",
    ]
)
#: {above} is the folder around the repository, {outside} another one in it.
TARGETS = st.sampled_from(
    [
        "../../evil",
        "{outside}",
        "{above}",
        "../outside",
        ".",
        "main.tf",
        f"../../{ROOT}/locals.tf",
        "{outside}/x.tf",
        "loop",
    ]
)
SETTINGS = st.sampled_from(
    [
        f"[inputs]\nextra = {{ expression = '{CALL}' }}\n",
        f"[inputs]\nextra = '{CALL}'\n",
        f"[inputs]\nextra = '${{{CALL}}}'\n",
        f"[names]\naccount_id = '{CALL}'\n",
        '[module]\nsource = "../../evil"\n',
        '[module]\nsource = "./..\\\\..\\\\evil"\n[module.inputs]\n',
        '[module]\nsource = "git::https://example.com/evil"\n',
        '[module.providers]\naws = "aws.evil"\n',
        f"[templates.web]\nnames = {{ account_id = '{CALL}', project_name = '{{name}}-{{account_id}}' }}\n",
        f"[templates.db.inputs]\nextra = {{ expression = '{CALL}' }}\n",
        '[templates.new]\npath = "packer/web.json"\nmoved_from = ["web"]\n',
        "[environment]\nA = '${" + CALL + "}'\n",
        'packer_dir = "shared"\n',
        'packer_dir = "terraform/modules/codepipeline"\n',
        'terraform_dir = "evil"\n',
        'terraform_dir = "."\n',
        f'trigger = "affected"\n[dispatcher]\nsource = "../../evil"\ninputs.tfgen_requirement = "{REQUIREMENT}"\n',
        'ignore = ["packer/db.json"]\nremoved = "keep"\n',
        "broken [\n",
    ]
)
Change = Callable[[Path], None]


def _inside(root: Path, path: str) -> Path:
    """Where `path` is, if no link leads there. Raises OSError: nothing is changed but in the repository."""
    parent = (root / path).parent
    if os.path.realpath(parent) != str(parent) or not parent.is_relative_to(root):
        raise OSError(f"{path} lies behind a link")
    return root / path


def _write(path: str, text: str) -> Change:
    def change(root: Path) -> None:
        if not _inside(root, path).is_symlink():
            write_tree(root, {path: text.encode("latin-1")})

    return change


def _delete(path: str) -> Change:
    def change(root: Path) -> None:
        found = _inside(root, path)
        if found.is_dir() and not found.is_symlink():
            shutil.rmtree(found)
        else:
            found.unlink(missing_ok=True)

    return change


def _link(path: str, target: str) -> Change:
    def change(root: Path) -> None:
        _delete(path)(root)
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        text = target.replace("{outside}", str(root.parent / "outside")).replace("{above}", str(root.parent))
        (root / path).symlink_to(text)

    return change


def _submodule(path: str, filled: bool) -> Change:
    def change(root: Path) -> None:
        _delete(path)(root)
        git(root, "rm", "--quiet", "-r", "--cached", "--ignore-unmatch", "--", path)
        git(root, "update-index", "--add", "--cacheinfo", f"160000,{git(root, 'rev-parse', 'main').strip()},{path}")
        (root / path).mkdir(parents=True, exist_ok=True)
        if filled:
            write_tree(root, {f"{path}/evil_override.tf": EVIL, f"{path}/terraform.tfvars": "x = 1\n"})

    return change


def _move(path: str, to: str) -> Change:
    def change(root: Path) -> None:
        found = _inside(root, path)
        if found.exists() and not found.is_symlink() and not (root / to).exists():
            (root / to).parent.mkdir(parents=True, exist_ok=True)
            shutil.move(found, _inside(root, to))
            (root / path).symlink_to(os.path.relpath(root / to, (root / path).parent))

    return change


def _set(text: str, *, instead: bool) -> Change:
    def change(root: Path) -> None:
        if (root / "tfgen.toml").is_symlink() or (root / "tfgen.toml").is_dir():
            return
        before = TOML if instead or not (root / "tfgen.toml").is_file() else (root / "tfgen.toml").read_text()
        keys = text if text[0] != "[" else ""
        write_tree(root, {"tfgen.toml": keys + before + (text if not keys else "")})

    return change


EXISTING = st.sampled_from([*BASE, *LINKS, ROOT, MODULE, "packer", f"{ROOT}/files"])
CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(_write, PATHS, TEXTS),
    st.builds(_write, EXISTING, TEXTS),
    st.builds(_delete, EXISTING),
    st.builds(_link, st.one_of(PATHS, EXISTING), TARGETS),
    st.builds(_submodule, st.one_of(PATHS, st.sampled_from([ROOT, MODULE, f"{ROOT}/files", "shared"])), st.booleans()),
    st.builds(_move, st.sampled_from([ROOT, MODULE, "packer", "shared"]), st.just("evil/moved")),
    st.builds(lambda text, instead: _set(text, instead=instead), SETTINGS, st.booleans()),
)


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Deep enough that no relative link of TARGETS, from wherever, leads out of the test's own folder.
    top = Path(os.path.realpath(tmp_path_factory.mktemp("estate"))) / "a/b/c/d"
    write_tree(top / "outside", OUTSIDE)
    root = write_tree(top / "ami-builder", BASE)
    for path, target in LINKS.items():
        (root / path).symlink_to(target)
    before = Path.cwd()
    os.chdir(root)
    try:
        assert run(["sync"]) == 0
    finally:
        os.chdir(before)
    git(root, "init", "--quiet")
    commit(root)
    return root


@deep
@settings(
    max_examples=amount(40, 1500),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(branch=st.lists(CHANGES, max_size=5), here=st.lists(st.builds(_write, PATHS, TEXTS), max_size=2))
def test_the_folder_holds_base_or_generated_files(
    estate: Path, monkeypatch: pytest.MonkeyPatch, branch: list[Change], here: list[Change]
) -> None:
    root = estate
    monkeypatch.chdir(root)
    git(root, "checkout", "--quiet", "--force", "-B", "feature", "main")
    git(root, "reset", "--quiet", "--hard", "main")
    git(root, "clean", "--quiet", "-ffdx")
    for change in branch:
        _try(change, root)
    _commit(root)
    run(["sync"])
    _commit(root)
    tracked = set(git(root, "ls-files", "-z").split("\0"))
    for change in here:
        _try(change, root)
    found = _looked()
    assert _around(root) == BEFORE, "something was written outside the repository"
    if found is None:
        return
    known = _base(root)
    for path, data in found.files.items():
        if path in found.made_here:
            assert path not in tracked
            assert path not in known
            assert data == (root / path).read_bytes()
            assert not any((root / parent).is_symlink() for parent in (path, *map(str, Path(path).parents)))
        else:
            assert data == found.generated.get(path, known.get(path)), path
    assert found.files.keys() >= {path for path in LINKS if "out" not in path}
    for path, data in found.generated.items():
        _require_values(path, data)
    assert found.files.keys() >= {path for path in known if not path.endswith(".gen.tf") and path not in LINKS}


def _around(root: Path) -> dict[str, bytes]:
    """What lies outside the repository, where links of the branch lead."""
    found: dict[str, bytes] = {}
    for folder, folders, names in os.walk(root.parents[4]):
        folders[:] = [name for name in folders if Path(folder) / name != root]
        found |= {
            os.path.relpath(Path(folder) / name, root.parents[4]): (Path(folder) / name).read_bytes() for name in names
        }
    return found


def _looked() -> Look | None:
    """None for a branch that is refused, or whose templates or tfgen.toml are broken."""
    try:
        return look()
    except TfgenError:
        return None


def _try(change: Change, root: Path) -> None:
    """What a file system does not allow is no change."""
    try:
        change(root)
    except (OSError, AssertionError):
        return


def _commit(root: Path) -> None:
    """Everything, ignored files too; submodules as the index has them."""
    entries = [line.partition("\t") for line in git(root, "ls-files", "-z", "--stage").split("\0") if line]
    submodules = [path for facts, _, path in entries if facts.startswith("160000") and not _behind_a_link(root, path)]
    excluded = [f":(exclude,literal){path}" for path in (*submodules, ".tfgen")]
    git(root, "add", "--force", "--all", "--", ".", *excluded)
    git(root, "commit", "--quiet", "--allow-empty", "--message", "x")


def _behind_a_link(root: Path, path: str) -> bool:
    """git takes no such path, even to leave it out."""
    return any((root / parent).is_symlink() for parent in Path(path).parents)


def _base(root: Path) -> dict[str, bytes]:
    """The base's files as git keeps them; of a link "-> " and where it leads."""
    listed = [line.partition("\t")[::2] for line in git(root, "ls-tree", "-r", "-z", "main").split("\0") if line]
    names = "".join(f"{facts.split()[2]}\n" for facts, _ in listed).encode()
    rest = subprocess.run(["git", "cat-file", "--batch"], cwd=root, input=names, capture_output=True, check=True).stdout
    found: dict[str, bytes] = {}
    for facts, path in listed:
        head, _, rest = rest.partition(b"\n")
        size = int(head.split()[2])
        data, rest = rest[:size], rest[size + 1 :]
        found[path] = b"-> " + data if facts.startswith("120000") else data
    return found


def _require_values(path: str, data: bytes) -> None:
    """A generated file has calls of the base's module, and texts."""
    for block in read_blocks(path, data):
        assert block.kind in ("module", "moved", "removed")
        if block.kind == "module":
            assert block.attributes["source"].plain == "../modules/codepipeline"
            assert "providers" not in block.attributes
    assert CALL.encode() not in data
