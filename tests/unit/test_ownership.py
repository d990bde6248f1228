from __future__ import annotations

import re

import pytest

from tfgen_generators.generated.ownership import examine, moved_blocks, removed_blocks, same, sign

DIGEST = "ab" * 32
BODY = 'module "web" {\n}\n'


def test_what_a_file_says_of_itself() -> None:
    owner = examine(sign("packer/web.json", BODY, DIGEST))
    assert (owner.state, owner.source, owner.name, owner.template, owner.forgets) == (
        "ours",
        "packer/web.json",
        "web",
        DIGEST,
        False,
    )


def test_files_of_older_versions_have_no_digest_of_the_template() -> None:
    old = sign("packer/web.json", BODY)
    assert (examine(old).state, examine(old).template) == ("ours", "")
    assert same(old, sign("packer/web.json", BODY, DIGEST))


def test_the_templates_digest_is_not_signed() -> None:
    text = sign("packer/web.json", BODY, DIGEST)
    other = text.replace(DIGEST, "cd" * 32)
    assert examine(other).state == "ours"
    assert same(text, other)
    assert same(text, other.replace("\n", "\r\n"))
    assert not same(text, sign("packer/db.json", BODY, DIGEST))


@pytest.mark.parametrize("line", ["# tfgen:template:sha256:zz", f"# tfgen:template:sha256:{DIGEST} ", "# more"])
def test_another_third_line_is_an_edit(line: str) -> None:
    text = sign("packer/web.json", BODY, DIGEST).replace(f"# tfgen:template:sha256:{DIGEST}", line)
    assert examine(text).state == "edited"


def test_a_second_digest_line_is_an_edit() -> None:
    line = f"# tfgen:template:sha256:{DIGEST}\n"
    text = sign("packer/web.json", BODY, DIGEST)
    assert examine(text.replace(line, line + line)).state == "edited"


def test_blocks_around_the_module_are_signed_and_leave_the_name() -> None:
    text = sign("packer/web.json", moved_blocks(["a", "b"], "web") + BODY, DIGEST)
    assert (examine(text).state, examine(text).name, examine(text).forgets) == ("ours", "web", False)
    assert examine(text.replace("module.a", "module.x")).state == "edited"
    gone = sign("packer/web.json", removed_blocks("web"), DIGEST)
    assert (examine(gone).state, examine(gone).name, examine(gone).forgets) == ("ours", "web", True)


def test_each_old_name_moves_to_the_next() -> None:
    assert moved_blocks(["a", "b"], "c") == (
        "moved {\n  from = module.a\n  to   = module.b\n}\n\nmoved {\n  from = module.b\n  to   = module.c\n}\n\n"
    )
    assert moved_blocks([], "c") == ""


@pytest.mark.parametrize(
    "path", ["packer/a\nb.json", "packer/ü.json", "packer/a\\tb.json", "packer/\x01\u2028\U000e0041.json"]
)
def test_a_path_is_read_back_as_it_was(path: str) -> None:
    text = sign(path, BODY, DIGEST)
    assert len(text.splitlines()[0]) > 60
    assert examine(text).source == path


def test_what_has_an_old_name_is_forgotten_too() -> None:
    text = removed_blocks("c", ["a", "b"])
    assert re.findall(r"from = module\.(\w)", text) == ["c", "a", "b"]
    found = examine(sign("packer/web.json", text, DIGEST))
    assert (found.state, found.name, found.forgets) == ("ours", "c", True)


def test_what_hides_behind_a_removed_block_is_no_file_of_ours() -> None:
    body = removed_blocks("old") + '\nresource "terraform_data" "evil" {\n}\n'
    assert examine(sign("packer/old.json", body, DIGEST)).state == "edited"
