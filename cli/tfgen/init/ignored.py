"""Lines of `.gitignore` for what Terraform and tfgen leave behind."""

from __future__ import annotations

FILE = ".gitignore"
_LOCK = ".terraform.lock.hcl"
#: Each line, and others that do the same.
_LINES = {
    ".terraform/": (".terraform", "**/.terraform/*", "**/.terraform/", "**/.terraform", ".terraform/*"),
    ".tfgen/": (".tfgen",),
    "*.tfstate": ("*.tfstate*",),
    "*.tfstate.*": ("*.tfstate*",),
    "*.tfplan": ("*.tfplan*",),
}
_TITLE = "# Terraform and tfgen; .terraform.lock.hcl is committed."


def in_words() -> str:
    """The lines, for a person."""
    return " ".join(_LINES)


def with_lines(text: str) -> str:
    """`text` (with its own line ends) with the lines that it lacks, at its end."""
    there = {line.strip().removeprefix("/") for line in text.splitlines()}
    missing = [line for line, alike in _LINES.items() if not there & {line, *alike}]
    if not missing:
        return text
    end = "\r\n" if "\r\n" in text else "\n"
    kept = text if not text or text.endswith("\n") else text + end
    return kept + (end if kept else "") + "".join(f"{line}{end}" for line in (_TITLE, *missing))


def leaves_out_the_lock_file(text: str) -> bool:
    """Whether it says that git shall not have the dependency lock file."""
    return any(line.strip().rpartition("/")[2] == _LOCK for line in text.splitlines())
