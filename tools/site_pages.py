"""Put together what the site of the documentation is made of: `python tools/site_pages.py FOLDER`.

Copies every page of the repository, and each file that a page links to, to the same place below FOLDER, so that all
relative links hold there as they do in a clone. A link to a folder leads to its README; `docs/adr`, which has none,
gets a list of its pages. What is not in the repository is not copied: a link to it is an error of the site's build.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from posixpath import normpath

ROOT = Path(__file__).resolve().parents[1]
#: Folders whose pages are for the tests.
_LEFT_OUT = ("tests/",)
_LINK = re.compile(r"(\[[^\]\n]*\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|/|#")
_LISTED = "docs/adr"


def put(folder: Path) -> None:
    """Makes `folder` anew."""
    known = set(_tracked())
    pages = sorted(path for path in known if path.endswith(".md") and not path.startswith(_LEFT_OUT))
    shutil.rmtree(folder, ignore_errors=True)
    for page in pages:
        text = (ROOT / page).read_text(encoding="utf-8")
        _write(folder / page, _LINK.sub(lambda link, page=page: _to_readme(link, page, known), text))  # type: ignore[misc]
        for target in _targets(page, text):
            if target in known and not target.endswith(".md"):
                (folder / target).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(ROOT / target, folder / target)
    _write(folder / _LISTED / "README.md", _list(folder, [page for page in pages if page.startswith(f"{_LISTED}/")]))


def _tracked() -> list[str]:
    """What git has, or would take."""
    argv = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(argv, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return [path for path in listed.split("\0") if path and (ROOT / path).is_file()]


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _targets(page: str, text: str) -> Iterator[str]:
    """The paths in the repository to which a page links."""
    for link in _LINK.finditer(text):
        if not _ELSEWHERE.match(link[2]):
            yield normpath((PurePosixPath(page).parent / link[2]).as_posix())


def _to_readme(link: re.Match[str], page: str, known: set[str]) -> str:
    (target,) = _targets(page, link[0]) if not _ELSEWHERE.match(link[2]) else ("",)
    if target and (f"{target}/README.md" in known or target == _LISTED):
        return f"{link[1]}{link[2].rstrip('/')}/README.md{link[3]}"
    return link[0]


def _list(folder: Path, pages: list[str]) -> str:
    titles = {page: (folder / page).read_text(encoding="utf-8").partition("\n")[0] for page in pages}
    lines = [f"- [{title.lstrip('# ')}]({PurePosixPath(page).name})" for page, title in titles.items()]
    return "\n".join(["# Decisions", "", "What was decided once and for all, and why.", "", *lines, ""])


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):  # it is made anew: no folder of a mistaken name
        sys.exit("usage: python tools/site_pages.py FOLDER")
    put(Path(sys.argv[1]))
