"""`tfgen affected` where git is in the way: shallow clones, no base, no repository, odd names, sparse check-outs."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.conftest import TOML, Command, Repo
from tests.functional.git_repo import commit, git

PLAYBOOK = "- hosts: all\n  tasks: []\n"


def template(*settings: str) -> str:
    provisioner = ", ".join(['"type": "ansible"', *settings])
    return f'{{"builders": [{{"type": "null"}}], "provisioners": [{{{provisioner}}}]}}\n'


FILES = {
    "tfgen.toml": TOML,
    ".gitignore": ".tfgen/\n",
    "packer/web.json": template('"playbook_file": "web.yml"'),
    "packer/db.json": template('"playbook_file": "db.yml"'),
    "web.yml": PLAYBOOK,
    "db.yml": PLAYBOOK,
}


@pytest.fixture
def estate(repo: Repo) -> Path:
    root = repo(FILES)
    git(root, "init", "--quiet")
    commit(root)
    git(root, "checkout", "--quiet", "-b", "change")
    return root


def images(cli: Command, *arguments: str) -> list[str]:
    return cli("affected", "--format", "names", *arguments).expect(0).out.split()


def shallow(origin: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of one commit of the branch `change`, as CI systems make it."""
    url = f"file://{origin}"
    git(origin, "clone", "--quiet", "--depth=1", "--branch=change", url, str(target))
    monkeypatch.chdir(target)
    return target


def test_a_shallow_clone_is_deepened(
    estate: Path, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("one", "two"):
        (estate / "web.yml").write_text(f"{PLAYBOOK}# {text}\n")
        commit(estate)
    clone = shallow(estate, tmp_path / "clone", monkeypatch)
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    before = git(clone, "status", "--branch", "--porcelain"), git(clone, "rev-parse", "HEAD")
    result = cli("affected", "--format", "names").expect(0)
    assert result.out.split() == ["web"]
    assert "shallow" in result.err
    assert (git(clone, "status", "--branch", "--porcelain"), git(clone, "rev-parse", "HEAD")) == before


def test_where_a_shallow_clone_cannot_be_deepened_everything_counts(
    estate: Path, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (estate / "web.yml").write_text(f"{PLAYBOOK}# one\n")
    commit(estate)
    clone = shallow(estate, tmp_path / "clone", monkeypatch)
    git(clone, "remote", "set-url", "origin", f"file://{tmp_path}/gone")
    monkeypatch.setenv("GITHUB_BASE_REF", "main")
    result = cli("affected", "--format", "json").expect(0)
    document = json.loads(result.out)
    assert [image["name"] for image in document["images"]] == ["db", "web"]
    assert "fetching its history failed" in document["everything"]
    assert "warning: all images count as affected" in result.err
    assert "the clone is shallow" in cli("affected", "--why").expect(0).err


def test_a_partial_clone_makes_everything_count(
    estate: Path, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text in ("zero", "one"):
        git(estate, "branch", "--force", "main", "change")
        (estate / "web.yml").write_text(f"{PLAYBOOK}# {text}\n")
        commit(estate)
    git(estate, "config", "uploadpack.allowFilter", "true")
    clone = str(tmp_path / "clone")
    git(estate, "clone", "--quiet", "--filter=blob:none", "--branch=change", f"file://{estate}", clone)
    monkeypatch.chdir(clone)
    result = cli("affected", "--base", "origin/main", "--format", "names").expect(0)
    assert result.out.split() == ["db", "web"]
    assert "warning: all images count as affected: files of origin/main are missing in this clone" in result.err


def test_no_repository_no_commit_and_no_such_base_are_errors_that_say_what_to_do(repo: Repo, cli: Command) -> None:
    root = repo(FILES)
    assert "not a git repository" in cli("affected").expect(1).err
    git(root, "init", "--quiet")
    assert "no commits yet; commit something first" in cli("affected").expect(1).err
    commit(root)
    assert "--base gone: branch, tag or commit not found" in cli("affected", "--base", "gone").expect(1).err
    assert "--head gone: branch, tag or commit not found" in cli("affected", "--head", "gone").expect(1).err


def test_a_tfgen_toml_that_cannot_be_read_at_the_base_makes_everything_count(repo: Repo, cli: Command) -> None:
    root = repo({**FILES, "tfgen.toml": "source_repository = \n"})
    git(root, "init", "--quiet")
    commit(root)
    (root / "tfgen.toml").write_text(TOML)
    git(root, "checkout", "--quiet", "-b", "change")
    result = cli("affected", "--format", "names").expect(0)
    assert result.out.split() == ["db", "web"]
    assert (
        "warning: all images count as affected: tfgen.toml of the base cannot be read (main:tfgen.toml:1" in result.err
    )


@pytest.mark.parametrize("name", ["a b", "ü", "-x", "new\nline", "quote'\"", "%(x)s", "$(touch x)"])
def test_odd_names_are_data(estate: Path, cli: Command, name: str) -> None:
    (estate / "packer/web.json").write_text(
        template(f'"playbook_file": "web.yml", "extra_arguments": ["-e", {json.dumps(f"@{name}.yml")}]')
    )
    (estate / f"{name}.yml").write_text("a: 1\n")
    commit(estate)
    git(estate, "branch", "--force", "main", "change")
    (estate / f"{name}.yml").write_text("a: 2\n")
    result = cli("affected", "--why").expect(0)
    assert len(result.out.splitlines()) == 1
    assert "web  because " in result.out


def test_a_name_that_is_not_utf_8(estate: Path, cli: Command) -> None:
    (estate / "files").mkdir()
    (estate / "packer/web.json").write_text(
        '{"builders": [{"type": "null"}], "provisioners": [{"type": "file", "source": "files", "destination": "/"}]}\n'
    )
    commit(estate)
    git(estate, "branch", "--force", "main", "change")
    with open(bytes(estate / "files") + b"/\xff", "w") as opened:  # noqa: PTH123
        opened.write("x")
    assert images(cli) == ["web"]
    cli("affected", "--why").expect(0)
    cli("affected", "--format", "json").expect(0)


def test_a_mode_is_a_change_and_line_ends_of_the_check_out_are_none(estate: Path, cli: Command) -> None:
    (estate / ".gitattributes").write_text("*.yml text eol=crlf\n")
    commit(estate)
    git(estate, "branch", "--force", "main", "change")
    (estate / "web.yml").write_bytes(PLAYBOOK.replace("\n", "\r\n").encode())
    assert images(cli) == []
    (estate / "db.yml").chmod(0o755)
    assert images(cli) == ["db"]


def test_a_sparse_check_out_misses_nothing(estate: Path, cli: Command) -> None:
    (estate / "packer/web.json").write_text(template('"playbook_file": "ansible/web.yml"'))
    (estate / "ansible").mkdir()
    (estate / "ansible/web.yml").write_text(f"{PLAYBOOK}- import_playbook: more.yml\n")
    (estate / "ansible/more.yml").write_text(PLAYBOOK)
    commit(estate)
    git(estate, "branch", "--force", "main", "change")
    (estate / "ansible/more.yml").write_text(f"{PLAYBOOK}# x\n")
    commit(estate)
    git(estate, "sparse-checkout", "set", "packer")
    assert not (estate / "ansible").exists()
    assert images(cli) == ["web"]


def test_a_submodule_that_moves(estate: Path, cli: Command, tmp_path: Path) -> None:
    roles = tmp_path / "roles"
    roles.mkdir()
    git(roles, "init", "--quiet")
    (roles / "play.yml").write_text(PLAYBOOK)
    commit(roles)
    git(estate, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(roles), "shared")
    (estate / "packer/web.json").write_text(template('"playbook_file": "shared/play.yml"'))
    commit(estate)
    git(estate, "branch", "--force", "main", "change")
    assert images(cli) == []
    (roles / "play.yml").write_text(f"{PLAYBOOK}# x\n")
    commit(roles)
    git(estate / "shared", "pull", "--quiet")
    assert images(cli) == ["web"]
    commit(estate)
    assert images(cli) == ["web"]


def test_a_folder_below_the_repositorys_root(estate: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = estate / "images"
    for path, text in FILES.items():
        (inner / path).parent.mkdir(parents=True, exist_ok=True)
        (inner / path).write_text(text)
    commit(estate)
    git(estate, "branch", "--force", "main", "change")
    monkeypatch.chdir(inner)
    (inner / "web.yml").write_text(f"{PLAYBOOK}# x\n")
    (estate / "db.yml").write_text(f"{PLAYBOOK}# x\n")
    assert images(cli) == ["web"]
    assert images(cli, "--base", "main", "--head", "change") == []


def test_a_template_that_cannot_be_read_is_affected_by_anything(estate: Path, cli: Command) -> None:
    (estate / "packer/web.json").write_text('{"builders": ')
    commit(estate)
    git(estate, "branch", "--force", "main", "change")
    (estate / "x").write_text("x")
    assert "web  because packer/web.json cannot be read" in cli("affected", "--why").expect(0).out


def test_children_of_what_is_affected_on_request(repo: Repo, cli: Command) -> None:
    def ami(name: str, start: str) -> str:
        builder = {"type": "amazon-ebs", "ami_name": f"{name}-{{{{timestamp}}}}"}
        chosen = {"filters": {"name": f"{start}-*"}, "owners": ["self"], "most_recent": True}
        provisioner = {"type": "ansible", "playbook_file": f"{name}.yml"}
        document = {"builders": [{**builder, "source_ami_filter": chosen}], "provisioners": [provisioner]}
        return json.dumps(document)

    starts = {"z": "x", "m": "z", "a": "m", "b": "x"}
    files = {f"packer/{name}.json": ami(name, start) for name, start in starts.items()}
    root = repo({"tfgen.toml": TOML, **files, **{f"{name}.yml": PLAYBOOK for name in starts}})
    git(root, "init", "--quiet")
    commit(root)
    (root / "z.yml").write_text(f"{PLAYBOOK}# x\n")
    (root / "b.yml").write_text(f"{PLAYBOOK}# x\n")
    assert images(cli) == ["b", "z"]
    assert images(cli, "--include-children") == ["b", "z", "m", "a"]
    said = cli("affected", "--include-children", "--why").expect(0).out
    assert "m  because its parent z is affected\n" in said
    assert "a  because its parent m is affected\n" in said


def test_git_is_not_there(estate: Path, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    assert "git not found on PATH" in cli("affected").expect(1).err


def test_nothing_of_gits_is_touched(estate: Path, cli: Command) -> None:
    (estate / "web.yml").write_text(f"{PLAYBOOK}# x\n")
    before = subprocess.run(["ls", "-lR", "--time-style=full-iso", ".git"], cwd=estate, capture_output=True, check=True)
    assert images(cli) == ["web"]
    after = subprocess.run(["ls", "-lR", "--time-style=full-iso", ".git"], cwd=estate, capture_output=True, check=True)
    assert after.stdout == before.stdout
