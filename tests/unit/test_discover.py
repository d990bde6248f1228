"""The walk, and the names that it gives."""

from __future__ import annotations

import os
from pathlib import Path

from tests.conftest import HCL2, JSON, write_tree
from tests.unit.discovery import NEEDY, VARIABLES, errors, found, names
from tfgen_generators.packer.discovery.discover import discover


def test_two_templates_of_one_name_are_both_named(tmp_path: Path) -> None:
    discovery = found(tmp_path, {"packer/web.json": JSON, "packer/Web.pkr.hcl": HCL2})
    fix = "rename one of them, or pin another name in tfgen.toml"
    assert errors(discovery) == [
        f"packer/Web.pkr.hcl: the name 'Web' is also used by packer/web.json; {fix}",
        f"packer/web.json: the name 'web' is also used by packer/Web.pkr.hcl; {fix}",
    ]


def test_odd_files_are_read(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/bom.json": b"\xef\xbb\xbf" + JSON.encode(),
            "packer/crlf.pkr.hcl": HCL2.replace("\n", "\r\n"),
            "packer/bomhcl.pkr.hcl": b"\xef\xbb\xbf" + HCL2.encode(),
            "packer/With Space.json": JSON,
        },
    )
    assert sorted(names(discovery)) == ["With-Space", "bom", "bomhcl", "crlf"]
    assert errors(discovery) == []


def test_symlinked_folders_are_not_followed(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/web.json": JSON})
    (tmp_path / "packer" / "loop").symlink_to(tmp_path / "packer")
    (tmp_path / "packer" / "gone.json").symlink_to(tmp_path / "nowhere")
    discovery = discover(tmp_path, "packer")
    assert names(discovery) == {"web": "packer/web.json"}
    assert [skipped.path for skipped in discovery.skipped] == ["packer/loop"]
    assert [str(problem) for problem in discovery.unreadable] == ["packer/gone.json: broken symlink or special file"]


def test_a_folder_named_like_a_file_and_a_pipe(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/dir.json/inner.json": JSON})
    os.mkfifo(tmp_path / "packer" / "pipe.json")
    discovery = discover(tmp_path, "packer")
    assert names(discovery) == {"dir-json-inner": "packer/dir.json/inner.json"}
    assert [problem.path for problem in discovery.unreadable] == ["packer/pipe.json"]


def test_hidden_files_are_editors_and_not_ours(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/.web.json": JSON, "packer/._base.pkr.hcl": b"\x00\x05", "packer/web.json": JSON})
    (tmp_path / "packer" / ".#web.json").symlink_to("nowhere")
    discovery = discover(tmp_path, "packer")
    assert names(discovery) == {"web": "packer/web.json"}
    assert [(skipped.path, skipped.reason) for skipped in discovery.skipped] == [
        ("packer/.web.json", "hidden file"),
    ]
    assert discovery.unreadable == ()


def test_links_that_go_nowhere_stop_nothing(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/web.json": JSON, "packer/big.json": '{"builders": ' + "1" * 5000 + "}"})
    (tmp_path / "packer" / "loop.json").symlink_to("loop.json")
    discovery = discover(tmp_path, "packer")
    assert set(names(discovery)) == {"web", "big"}
    assert [problem.path for problem in discovery.unreadable] == ["packer/loop.json"]


def test_a_very_long_name_is_shortened_and_stays_unique(tmp_path: Path) -> None:
    files = {f"packer/{'x' * 120}/{'y' * 120}{number}.json": JSON for number in range(2)}
    discovery = found(tmp_path, files)
    assert errors(discovery) == []
    assert [len(name) for name in names(discovery)] == [200, 200]


def test_names_that_differ_only_where_a_bucket_cannot(tmp_path: Path) -> None:
    assert len(errors(found(tmp_path, {"packer/web.json": JSON, "packer/web_.json": JSON}))) == 2


def test_folders_that_are_no_ground_for_templates(tmp_path: Path) -> None:
    discovery = found(
        tmp_path,
        {
            "packer/x.pkr.hcl/real.json": JSON,
            "packer/{{cookiecutter.slug}}/a.json": JSON,
            "packer/.terraform/modules/a.json": JSON,
            "packer/.git/a.json": JSON,
            "packer/.ci/runner.json": JSON,
        },
    )
    assert names(discovery) == {"ci-runner": "packer/.ci/runner.json", "x-pkr-hcl-real": "packer/x.pkr.hcl/real.json"}
    assert {skipped.path: skipped.reason for skipped in discovery.skipped} == {
        "packer/x.pkr.hcl": "folder named like a file",
        "packer/{{cookiecutter.slug}}": "folder with a template expression in its name",
    }


def test_a_symlinked_folder_outside_is_followed_once(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/a.json": JSON, "images/deep/b.json": JSON})
    for name in ("one", "two"):
        (tmp_path / "packer" / name).symlink_to("../images")
    (tmp_path / "images" / "loop").symlink_to("..")
    (tmp_path / "images" / "out").symlink_to("/")
    discovery = discover(tmp_path, "packer")
    assert names(discovery) == {"a": "packer/a.json", "one-deep-b": "packer/one/deep/b.json"}
    assert [skipped.path for skipped in discovery.skipped] == ["packer/one/loop", "packer/one/out", "packer/two"]


def test_templates_left_out_by_settings(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/a.json": JSON, "packer/old/b.json": JSON, "packer/t/a.pkr.hcl": NEEDY})
    write_tree(tmp_path, {"packer/t/v.pkr.hcl": VARIABLES})
    discovery = discover(tmp_path, "packer", ignore=["old/", "packer/t"])
    assert names(discovery) == {"a": "packer/a.json"}
    assert discovery.ignored == {"packer/old/b.json", "packer/t"}


def test_a_pinned_name_is_the_templates_name(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/a.json": JSON, "packer/b.json": JSON})
    discovery = discover(tmp_path, "packer", pins={"packer/b.json": "old"})
    assert names(discovery) == {"a": "packer/a.json", "old": "packer/b.json"}


def test_links_that_never_end(tmp_path: Path) -> None:
    write_tree(tmp_path, {"packer/web.json": JSON, "packer/real": "web.json\n"})
    (tmp_path / "packer" / ".gitignore").symlink_to("/dev/zero")
    (tmp_path / "packer" / "zero.json").symlink_to("/dev/zero")
    assert names(discover(tmp_path, "packer")) == {"web": "packer/web.json"}
