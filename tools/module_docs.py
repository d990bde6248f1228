"""Write the tables of a Terraform module's README as terraform-docs does, which is no Python package.

    python tools/module_docs.py [--check] FOLDER...

The text between the two markers is made from the folder's *.tf files, by the settings in its .terraform-docs.yml
(no anchors, no escapes), so that the real terraform-docs writes the same. `--check` writes nothing, exit 1 means stale.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- BEGIN_TF_DOCS -->", "<!-- END_TF_DOCS -->"
_TYPE = re.compile(r"^  type\s+= (.+?)(?=\n(?:\n|  [a-z]|\}))", re.MULTILINE | re.DOTALL)
_ABSENT = object()


def render(folder: Path) -> str:
    """The README of the module in `folder` with its tables made anew. Raises ValueError without the markers."""
    readme = (folder / "README.md").read_text(encoding="utf-8")
    before, begin, rest = readme.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(f"\n{END}")
    if not begin or not end:
        raise ValueError(f"{folder}/README.md has no {BEGIN} and {END}")
    return f"{before}{begin}{tables(folder)}{end}{after}"


def tables(folder: Path) -> str:
    """Requirements, inputs and outputs, each sorted by name."""
    texts = {file.name: file.read_text(encoding="utf-8") for file in sorted(folder.glob("*.tf"))}
    variables = {name: body for text in texts.values() for name, body in blocks(text, "variable")}
    outputs = {name: body for text in texts.values() for name, body in blocks(text, "output")}
    inputs = [
        f"| {name} | {cell(said(variables[name]))} | {cell(code(type_of(variables[name])))} "
        f"| {default_of(variables[name])} | {'no' if has_default(variables[name]) else 'yes'} |"
        for name in sorted(variables)
    ]
    return "\n".join(
        [
            "## Requirements\n",
            "| Name | Version |",
            "| ---- | ------- |",
            *(f"| {name} | {version} |" for name, version in requirements(texts["versions.tf"])),
            "\n## Inputs\n",
            "| Name | Description | Type | Default | Required |",
            "| ---- | ----------- | ---- | ------- | :------: |",
            *inputs,
            "\n## Outputs\n",
            "| Name | Description |",
            "| ---- | ----------- |",
            *(f"| {name} | {cell(said(outputs[name]))} |" for name in sorted(outputs)),
        ]
    )


def blocks(text: str, kind: str) -> list[tuple[str, str]]:
    """Name and source of each block of the kind; the files are formatted, so a block ends with a brace alone."""
    return re.findall(rf'^{kind} "([^"]+)" (\{{\n.*?^\}})$', text, re.MULTILINE | re.DOTALL)


def said(body: str) -> str:
    return str(value_of(body, "description"))


def type_of(body: str) -> str:
    found = _TYPE.search(body)
    return found[1] if found else "any"


def has_default(body: str) -> bool:
    return value_of(body, "default") is not _ABSENT


def default_of(body: str) -> str:
    value = value_of(body, "default")
    return "n/a" if value is _ABSENT else cell(code(json.dumps(value, indent=2)))


def code(text: str) -> str:
    return f"```\n{text}\n```" if "\n" in text else f"`{text}`"


def cell(text: str) -> str:
    """A table's cell: a block of code in <pre>, and no bar that would end the cell."""
    if text.startswith("```"):
        return f"<pre>{text[4:-4]}</pre>".replace("\n", "<br/>")
    return text if text.startswith("`") else text.replace("|", "\\|")


def value_of(body: str, name: str) -> Any:
    """The value of an argument in a block's source; _ABSENT without one."""
    import hcl2

    (block,) = hcl2.loads(f"x {body}\n")["x"]
    return plain(block[name]) if name in block else _ABSENT


def plain(value: Any) -> Any:
    """python-hcl2 keeps the quotes of a text."""
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items() if not key.startswith("__")}
    return json.loads(value) if isinstance(value, str) and value.startswith('"') else value


def requirements(text: str) -> list[tuple[str, str]]:
    terraform = re.search(r'required_version = "([^"]+)"', text)
    if terraform is None:
        raise ValueError("versions.tf has no required_version")
    providers = re.findall(r'^    (\w+) = \{.*?version = "([^"]+)"', text, re.MULTILINE | re.DOTALL)
    return [("terraform", terraform[1]), *sorted(providers)]


def main(arguments: list[str]) -> int:
    stale = 0
    for folder in (Path(each) for each in arguments if each != "--check"):
        readme, text = folder / "README.md", render(folder)
        if readme.read_text(encoding="utf-8") == text:
            continue
        stale += 1
        if "--check" not in arguments:
            readme.write_text(text, encoding="utf-8")
        sys.stderr.write(f"{readme}: {'stale' if '--check' in arguments else 'written'}\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
