"""Nothing that a branch brings keeps tfgen busy for ever: each test is bounded by processor time."""

from __future__ import annotations

import pytest

from tests.conftest import JSON, TOML, Repo
from tests.security.limited import limited

LONG = "a" * 200
DEEP = "/".join("a" * 500)
#: Expressions with one way for each number of characters that each wildcard may take try them all.
ENDLESS = {
    "stars": ("*a" * 12 + "b", f"packer/{LONG}.json"),
    "classes": ("*[ab]" * 20 + "c", f"packer/{LONG}.json"),
    "question marks": ("*a?" * 20 + "b", f"packer/{LONG}.json"),
    "folders": ("**/a/**/a/**/a/**/a/**/b", f"packer/{DEEP}/web.json"),
    "folders and stars": ("**/*a*/**/*a*/**/*a*/**/*a*/b", f"packer/{DEEP}/web.json"),
    "folders by name": ("/packer" + "/**/a*" * 30 + "/b/", f"packer/{DEEP}/web.json"),
    "as long as a name": ("*" * 60_000 + "b", f"packer/{LONG}.json"),
    "many wildcards": ("*a" * 30_000 + "b", f"packer/{LONG}.json"),
    "a class without an end": ("[" + "[:" * 30_000, f"packer/{LONG}.json"),
}


@pytest.mark.parametrize("kind", ENDLESS)
@pytest.mark.parametrize("place", ["tfgen.toml", ".gitignore", "packer/.gitignore"])
def test_a_pattern(repo: Repo, kind: str, place: str) -> None:
    pattern, path = ENDLESS[kind]
    files = {"tfgen.toml": TOML, "packer/web.json": JSON, path: JSON}
    if place == "tfgen.toml":
        files[place] = f"ignore = ['{pattern}']\n{TOML}"
    else:
        files[place] = f"{pattern}\n"
    root = repo(files)
    (root / ".git").mkdir()
    assert "web" in limited(root, "list").expect(0).out


def test_many_patterns(repo: Repo) -> None:
    lines = "\n".join("*a?" * 40 + str(number) for number in range(2000))
    root = repo({"tfgen.toml": TOML, "packer/web.json": JSON, f"packer/{LONG}.json": JSON, ".gitignore": lines})
    assert "web" in limited(root, "list").expect(0).out
