"""`tfgen build --local`: the copy of the working tree, the log, what is kept, and bad input."""

from __future__ import annotations

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import JSON, Command, Repo
from tests.functional.git_repo import commit, git
from tests.functional.local_builds import Estate, estate, spec

LIST = """found="$(find . -mindepth 1 -printf '%y %m %P\\n')"; echo "$found" >listed"""


@pytest.fixture(autouse=True)
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder for temporary files of its own, so that what is left there is seen; short, for sockets."""
    with tempfile.TemporaryDirectory(prefix="t") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        monkeypatch.setattr(tempfile, "tempdir", None)
        yield Path(folder)


def listed(built: Estate) -> set[str]:
    """The names in the source's copy."""
    return {line.split(" ", 2)[2] for line in built.kept("listed").splitlines()}


def test_the_source_is_what_git_would_take(repo: Repo, cli: Command) -> None:
    files = {".gitignore": "ignored\n", "ignored": "", "kept": "old", "gone": "", "run.sh": "", "sub/a b": ""}
    built = estate(repo, cli, spec(build=[LIST, "cat kept >text"]), files)
    git(built.root, "init", "--quiet")
    (built.root / "run.sh").chmod(0o755)
    (built.root / "link").symlink_to("kept")
    commit(built.root)
    (built.root / "kept").write_text("new")
    (built.root / "gone").unlink()
    (built.root / "untracked").write_text("")
    os.mkfifo(built.root / "pipe")
    result = built.build().expect(0)
    names = {"sub", "sub/a b", ".gitignore", "buildspec.yml", "kept", "link", "packer", "packer/web.json"}
    assert listed(built) == {*names, "run.sh", "tfgen.toml", "untracked"}
    assert built.kept("text") == "new"
    assert {"f 755 run.sh", "l 777 link"} <= set(built.kept("listed").splitlines())
    assert "uncommitted changes: gone, kept, untracked" in result.err


def test_without_git_it_is_everything(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=[LIST]), {".gitignore": "ignored\n", "ignored": ""})
    (built.root / "to-a-folder").symlink_to("packer")
    built.build().expect(0)
    built.build().expect(0)
    assert {"ignored", ".gitignore", "to-a-folder", "packer/web.json"} <= listed(built)
    assert not any(name.startswith((".tfgen", ".git/")) for name in listed(built))


def committed(repo: Repo, cli: Command, *commands: str) -> Estate:
    """A repository with folder/a and other/b, committed."""
    built = estate(repo, cli, spec(build=[LIST, *commands]), {"folder/a": "a", "other/b": "b"})
    git(built.root, "init", "--quiet")
    commit(built.root)
    return built


def test_a_folder_has_become_a_link(repo: Repo, cli: Command) -> None:
    built = committed(repo, cli)
    (built.root / "folder").rename(built.root / "moved")
    (built.root / "folder").symlink_to("moved")
    built.build().expect(0)
    assert {"folder", "moved/a"} <= listed(built)
    assert "folder/a" not in listed(built)


def test_a_folder_has_become_a_file(repo: Repo, cli: Command) -> None:
    built = committed(repo, cli)
    (built.root / "folder/a").unlink()
    (built.root / "folder").rmdir()
    (built.root / "folder").write_text("a file")
    built.build().expect(0)
    assert "folder" in listed(built)


def test_links_out_of_the_source_are_left_out(repo: Repo, cli: Command, tmp_path: Path) -> None:
    built = committed(repo, cli)
    targets = {"in": "folder/a", "other/in": "../folder", "here": "folder/..", "out": "../x", "other/away": "../../x"}
    for name, target in {**targets, "absolute": str(built.root / "folder")}.items():
        (built.root / name).symlink_to(target)
    (built.root / "through").symlink_to("folder/back/../../x")
    (built.root / "folder/back").symlink_to("../other")
    result = built.build().expect(0)
    left_out = ("absolute", "other/away", "out", "through")
    assert (
        f"left out symlinks to outside the source, where CodeBuild has nothing: {', '.join(left_out)}\n" in result.err
    )
    assert {"in", "other/in", "here", "folder/back"} <= listed(built)
    assert not {*left_out} & listed(built)


def test_submodules_are_left_out(repo: Repo, cli: Command) -> None:
    built = committed(repo, cli)
    git(built.root, "init", "--quiet", "sub")
    (built.root / "sub/file").write_text("")
    commit(built.root / "sub")
    commit(built.root)
    (built.root / "sub/file").write_text("changed")
    assert "uncommitted changes" not in built.build().expect(0).err
    assert not any(name.startswith("sub") for name in listed(built))


def test_a_sparse_checkout(repo: Repo, cli: Command) -> None:
    built = committed(repo, cli)
    git(built.root, "sparse-checkout", "set", "--no-cone", "/*", "!/folder/")
    result = built.build().expect(0)
    assert "files missing in this sparse checkout, but present in CodeBuild: folder/a\n" in result.err
    assert "folder/a" not in listed(built)


def test_a_large_file_that_git_does_not_track(repo: Repo, cli: Command) -> None:
    built = committed(repo, cli)
    for name, size in (("small", 99_000_000), ("large", 120_000_000)):
        (built.root / name).touch()
        os.truncate(built.root / name, size)
    result = built.build().expect(0)
    assert "copied an untracked file: large (120 MB)\n" in result.err
    assert "copied an untracked file: small" not in result.err


def test_git_has_no_answer(repo: Repo, cli: Command) -> None:
    built = committed(repo, cli)
    shutil.rmtree(built.root / ".git")
    (built.root / ".git").write_text("gitdir: nowhere\n")
    result = built.build().expect(0)
    assert "git cannot list the source files" in result.err
    assert ".git" not in listed(built)
    assert "folder/a" in listed(built)


def test_the_working_tree_is_not_touched(repo: Repo, cli: Command, temporary: Path) -> None:
    built = estate(repo, cli, spec(build=["rm -rf packer; touch new; echo x >tfgen.toml; pwd >where"]))
    built.build().expect(0)
    assert not built.kept("where").startswith(str(built.root))
    assert (built.root / "packer/web.json").read_text() == JSON
    assert not (built.root / "new").exists()
    assert list(temporary.iterdir()) == []


def test_keep_leaves_the_copy(repo: Repo, cli: Command, temporary: Path) -> None:
    built = estate(repo, cli, spec(build=["touch made"]))
    result = built.build("--keep").expect(0)
    (kept,) = temporary.glob("tfgen-build-web-*/src")
    assert (kept / "made").is_file()
    assert f"kept the copy of the source: {kept}" in result.err


def test_a_repository_without_a_folder_for_git(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["! git rev-parse 2>/dev/null"]))
    git(built.root, "init", "--quiet")
    commit(built.root)
    built.build().expect(0)


@pytest.mark.parametrize("code", [0, 1])
def test_artifacts_are_kept_in_both_outcomes(repo: Repo, cli: Command, code: int) -> None:
    document = spec(
        build=[f"echo log >packer-build.log; exit {code}"], files=("packer-build.log", "packer-manifest.json")
    )
    built = estate(repo, cli, document)
    outcome = built.outcome(code=code)
    assert outcome["artifacts"] == str(built.root / ".tfgen/build/web")
    assert built.kept("packer-build.log") == "log\n"


def test_a_good_build_without_artifacts_is_none(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["true"], files=("nothing",)))
    assert built.outcome(code=1)["reason"] == "UPLOAD_ARTIFACTS: no matching artifact paths found"
    document = spec(build=["true"])
    del document["artifacts"]
    outcome = estate(repo, cli, document).outcome()
    assert (outcome["succeeded"], outcome["artifacts"]) == (True, "")


def test_the_log_has_all_and_is_ours_alone(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["echo out; echo err >&2; printf 'no end'"]))
    outcome = built.outcome()
    log = Path(outcome["log"])
    assert log.parent == built.root / ".tfgen/log"
    assert log.stat().st_mode & 0o777 == 0o600
    assert re.search(r"out\nerr\nno end", log.read_text())


def test_the_log_is_shown_as_data(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["printf '\\033[31mred\\033]0;x\\007\\n\\377\\n'; printf 'last'"]))
    result = built.build().expect(0)
    assert "\\x1b[31mred\\x1b]0;x\\x07\n\N{REPLACEMENT CHARACTER}\nlast\n" in result.err
    assert "red" not in result.out


def test_a_flood_is_shown_and_kept(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["seq 200000; head -c 300000 /dev/zero | tr '\\0' x; echo; echo end"]))
    result = built.build().expect(0)
    assert "\n200000\n" in result.err
    assert "\nend\n" in result.err
    assert len(result.err) < 2_000_000


def test_several_images_one_after_the_other(repo: Repo, cli: Command) -> None:
    document = spec(build=['echo "$PACKER_SCRIPT" >said; [ "$PACKER_SCRIPT" != packer/db.json ]'])
    built = estate(repo, cli, document, {"packer/db.json": JSON})
    result = cli("build", "db", "web", "db", "--local", "--region", "eu-west-1").expect(1)
    assert [line.split()[:2] for line in result.out.splitlines()[1:]] == [["db", "failed"], ["web", "succeeded"]]
    assert built.kept("said") == "packer/web.json\n"
    assert re.search(r"^db: failed after \d+s; artifacts: .*/.tfgen/build/db$", result.err, re.MULTILINE)
    assert re.search(r"^web: built no AMI in eu-west-1 after \d+s; ", result.err, re.MULTILINE)
    assert (built.root / ".tfgen/build/db/said").read_text() == "packer/db.json\n"


def test_no_buildspec(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["true"]))
    (built.root / "buildspec.yml").unlink()
    assert "error: buildspec.yml: file not found" in built.build().expect(1).err
    (built.root / "buildspec.yml").write_bytes(b"\xff\n")
    assert "error: buildspec.yml: not UTF-8 text" in built.build().expect(1).err
    (built.root / "buildspec.yml").unlink()
    (built.root / "buildspec.yml").mkdir()
    assert "error: buildspec.yml: cannot be read: Is a directory" in built.build().expect(1).err


def test_the_buildspec_that_the_module_is_given(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, spec(build=["false"]))
    text = (built.root / "buildspec.yml").read_text().replace("'false'", "'true'")
    (built.root / "ci").mkdir()
    (built.root / "ci/image.yml").write_text(text)
    (built.root / "tfgen.toml").write_text('source_repository = "x"\n\n[inputs]\nbuildspec = "ci/image.yml"\n')
    built.build().expect(0)


def test_a_name_that_there_is_not(repo: Repo, cli: Command) -> None:
    estate(repo, cli, spec(build=["true"]))
    result = cli("build", "wbe", "--local").expect(64)
    assert "image 'wbe' not found" in result.err
    assert "web" in result.err


def test_a_bad_buildspec_names_its_line(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, "version: 0.2\nphases:\n  build:\n    commands:\n      - echo a: b\n")
    assert "error: buildspec.yml:5: commands[0] is not a string" in built.build().expect(1).err


def test_a_warning_is_said(repo: Repo, cli: Command) -> None:
    built = estate(repo, cli, "version: 0.2\nrun-as: root\nphases:\n  build:\n    commands: ['true']\n")
    assert (
        "warning: buildspec.yml:2: run-as is ignored in a local build: commands run as you"
        in built.build().expect(0).err
    )


def test_no_shell(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    built = estate(repo, cli, spec(build=["true"]))
    monkeypatch.setenv("PATH", str(built.root))
    assert "bash not found on PATH" in built.build().expect(1).err


def test_a_file_that_cannot_be_copied_costs_its_build_alone(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = estate(repo, cli, spec(build=["true"]))

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "x")

    monkeypatch.setattr("tfgen.codebuild.source.shutil.copy2", full)
    assert built.outcome(code=1)["reason"] == "x: No space left on device"


def test_what_a_build_leaves_in_its_folder_for_temporary_files_goes_with_it(
    repo: Repo, cli: Command, temporary: Path
) -> None:
    """A virtual environment with Ansible, say; whether the build succeeds, fails or is kept. Sockets fit in there."""
    commands = ['made="$(mktemp -d)"', 'mkdir "$made/bin"', 'echo "$made" >listed']
    name = "a-name-that-is-much-longer-than-most"
    for ending, options in (("true", ()), ("false", ()), ("true", ("--keep",))):
        built = estate(repo, cli, spec(build=[*commands, ending]), {f"packer/{name}.json": JSON})
        cli("build", name, "--local", *options).expect(int(ending == "false"))
        made = Path((built.root / f".tfgen/build/{name}/listed").read_text().strip())
        assert made.is_relative_to(temporary)
        assert len(str(made.parent.relative_to(temporary))) <= 40
        assert not made.exists()
        if not options:
            assert list(temporary.iterdir()) == []
