"""Any text, number, list and map goes settings -> generated HCL -> Terraform and comes back unchanged."""

from __future__ import annotations

import json
import subprocess
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import depth
from tfgen.terraform.binary import find_terraform
from tfgen_generators.hcl.write import quote, why_changed
from tfgen_generators.packer.model import Template
from tfgen_generators.pipeline.pipeline import Pipeline, make_pipeline
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.sync.verify import verify

BLOCKS = 50
MODULE = """\
variable "path" { type = string }
variable "environment" { type = map(string) }
variable "pattern" { type = string }
variable "tree" { type = any }
"""
PIECES = [
    '"}\nresource "x" "y" {',
    "${local.account_id}",
    "%{if true}",
    "$",
    "%",
    "{",
    "}",
    "~}",
    "\\",
    "\\u0041",
    '"',
    "\n",
    "\r\n",
    "\t",
    "<<EOT\n",
    "/* */ # //",
    "\x1b[31m",
    "\x7f\x85",
    "\u2028",
    "\u202e",
    "\ufeff",
    "\U000e0041",
    "\uffff",
    "😀",
    "\U0010ffff",
    "é",
    "日本",
    "x",
    " ",
]

_SETTINGS = settings(
    deadline=None,
    print_blob=True,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)
#: What composes, and what only piles up: Go breaks runs of more than 30 combining signs.
COMBINING = "ae<\u0301\u0323\u0338\u0f71\u0f72\u093c\u1100\u1161\u11a8\u1e69\u20e3\u0332"
texts = st.one_of(
    st.text(COMBINING, max_size=60).map(lambda text: unicodedata.normalize("NFC", text)),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=10),
    st.lists(st.sampled_from(PIECES), max_size=4).map("".join),
).filter(lambda text: not why_changed(text))
paths = texts.map(lambda text: text.replace("\0", "").replace("/", "")).map(lambda text: f"packer/{text}.json")
scalars = st.one_of(
    texts, st.booleans(), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False)
)
trees = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=5
)


def toml(value: object) -> str:
    """`value` as TOML, every odd sign escaped."""
    if isinstance(value, str):
        shown = (
            sign if sign.isascii() and sign.isprintable() and sign not in '\\"' else f"\\U{ord(sign):08x}"
            for sign in value
        )
        return f'"{"".join(shown)}"'
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{toml(key)} = {toml(item)}" for key, item in value.items()) + "}"
    return repr(value)


def braces(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def same(found: object, meant: object) -> bool:
    """Equal, and of the same kind: true is not 1."""
    if isinstance(meant, dict):
        return isinstance(found, dict) and found.keys() == meant.keys() and all(same(found[k], meant[k]) for k in meant)
    if isinstance(meant, list):
        return isinstance(found, list) and len(found) == len(meant) and all(map(same, found, meant))
    if isinstance(meant, float):  # Terraform writes 1e300 with all its digits, which is an integer to Python
        return isinstance(found, int | float) and not isinstance(found, bool) and float(found) == meant
    return isinstance(found, bool) == isinstance(meant, bool) and found == meant


class Terraform:
    """A root module that hands every module's inputs out again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "m").mkdir()
        outputs = "\n".join(f'output "{name}" {{\n  value = var.{name}\n}}' for name in INPUTS)
        (folder / "m" / "main.tf").write_text(f"{MODULE}{outputs}\n", encoding="utf-8")
        lines = ['locals {\n  account_id = "123456789012"\n}']
        lines += [f'output "m{number}" {{\n  value = module.m{number}\n}}' for number in range(BLOCKS)]
        (folder / "main.tf").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def run(self, *arguments: str) -> str:
        argv = [*find_terraform().argv, *arguments]
        done = subprocess.run(argv, cwd=self.folder, capture_output=True, encoding="utf-8", timeout=120, check=False)
        assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-4000:]
        return done.stdout

    def outputs(self, text: str) -> dict[str, dict[str, object]]:
        (self.folder / "generated.tf").write_text(text, encoding="utf-8", newline="")
        if not (self.folder / ".terraform").exists():
            self.run("init", "-input=false", "-no-color")
        self.run("fmt", "-check", "-diff", "-no-color")
        self.run("apply", "-auto-approve", "-input=false", "-no-color")
        state = json.loads((self.folder / "terraform.tfstate").read_text(encoding="utf-8"))
        return {name: item["value"] for name, item in state["outputs"].items()}


INPUTS = ("path", "environment", "pattern", "tree")


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    return Terraform(tmp_path_factory.mktemp("data"))


def pipeline(number: int, path: str, environment: str, pattern: str, tree: object) -> Pipeline:
    text = f"""\
source_repository = "ami-builder"
[module]
source = "./m"
[module.inputs]
path = {{ fact = "path" }}
environment = {{ fact = "environment" }}
pattern = {{ pattern = {toml(braces(pattern) + "{account_id}" + braces(pattern))} }}
tree = {toml({"literal": tree})}
[environment]
VALUE = {toml(environment)}
"""
    return make_pipeline(Template(name=f"m{number}", path=path, format="json", kind="file"), parse_settings(text))


rows = st.tuples(paths, texts.map(lambda text: text.replace("\0", "")), texts, trees)


@depth.deep
@settings(_SETTINGS, max_examples=depth.amount(4, 24))
@given(st.lists(rows, min_size=BLOCKS, max_size=BLOCKS))
def test_whatever_stands_there_comes_back(root: Terraform, batch: list[tuple[str, str, str, object]]) -> None:
    pipelines = [pipeline(number, *row) for number, row in enumerate(batch)]
    found = root.outputs("\n".join(item.body() for item in pipelines))
    for number, (path, environment, pattern, tree) in enumerate(batch):
        values = found[f"m{number}"]
        assert values["path"] == path
        assert values["environment"] == {"PACKER_SCRIPT": path, "VALUE": environment}
        assert values["pattern"] == f"{pattern}123456789012{pattern}"
        assert same(values["tree"], tree), (values["tree"], tree)
    for item in pipelines:
        assert verify(item.body(), item) == ""


@pytest.mark.parametrize(
    ("text", "carried"),
    [
        ("\u00e9", True),
        ("e\u0301", False),
        ("a\0b", True),
        ("\uffff\U0010ffff\ufdd0", True),
        ("x" + "\u0332" * 30, True),
        ("x" + "\u0332" * 31, False),
        ("\u1e69" + "\u0332" * 28, True),
        ("\u1e69" + "\u0332" * 29, False),
        ("\u212b", False),
    ],
)
def test_what_is_refused_is_what_terraform_would_change(root: Terraform, text: str, *, carried: bool) -> None:
    row = pipeline(0, "packer/x.json", "", "", "PLACE")
    body = row.body().replace('"PLACE"', quote(text))
    others = [pipeline(number, "packer/x.json", "", "", "").body() for number in range(1, BLOCKS)]
    assert (root.outputs("\n".join([body, *others]))["m0"]["tree"] == text) is carried
    assert (why_changed(text) == "") is carried
