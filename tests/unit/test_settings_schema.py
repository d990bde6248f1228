"""The JSON schema of tfgen.toml: it says what tfgen itself says, in all of the documentation's examples and beyond."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import msgspec
import pytest

from tests.conftest import JSON, TOML, Command, Repo
from tests.documented import ROOT
from tests.e2e.tools import require_tool
from tfgen_generators.errors import SettingsError
from tfgen_generators.settings import lint_tables, model
from tfgen_generators.settings.publish import tables as publish
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.settings.schema.key_texts import TEXTS
from tfgen_generators.settings.schema.make import FILE_NAME, keys_of, settings_schema

SCHEMA = settings_schema()
VALID = jsonschema.Draft7Validator(SCHEMA)
_BLOCK = re.compile(r"^( *)```toml\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
#: Beginnings of examples of other files.
_OTHERS = ("[build-system]", "[tool.")


def examples() -> Iterator[tuple[str, str]]:
    """Place and text of every example of the documentation, as a whole file."""
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        text = page.read_text()
        for found in _BLOCK.finditer(text):
            example = found[2]
            if not example.startswith(_OTHERS):
                line = text.count("\n", 0, found.start()) + 1
                has_name = re.search(r"^source_repository\b", f"\n{example}".partition("\n[")[0], re.MULTILINE)
                yield f"{page.relative_to(ROOT)}:{line}", example if has_name else TOML + example


EXAMPLES = dict(examples())


def refused(text: str) -> bool:
    try:
        parse_settings(text)
    except SettingsError:
        return True
    return False


def test_it_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)


def test_the_shipped_file_and_the_command_are_the_same(cli: Command) -> None:
    shipped = (ROOT / "docs" / FILE_NAME).read_text()
    assert shipped == cli("schema").expect(0).out, "run: python tools/reference.py"
    assert json.loads(shipped) == SCHEMA


def test_every_key_says_what_it_is_for() -> None:
    """And no text is left of a key that is gone."""
    assert [name for name, key in keys_of(SCHEMA).items() if "description" not in key] == []
    structs = {
        name: found
        for name, found in (vars(model) | vars(lint_tables) | vars(publish)).items()
        if isinstance(found, type)
    }
    for name in TEXTS:
        struct, _, key = name.partition(".")
        assert key in structs[struct].__struct_fields__, name  # type: ignore[attr-defined]


def test_every_setting_is_a_key_of_it() -> None:
    keys = keys_of(SCHEMA)
    for field in msgspec.structs.fields(model.Settings):
        assert (field.name in keys) == (field.name != "origin")
    for field in msgspec.structs.fields(model.TemplateSettings):
        assert f"templates.NAME.{field.name}" in keys


@pytest.mark.parametrize("place", EXAMPLES)
def test_examples_of_the_documentation(place: str) -> None:
    document = tomllib.loads(EXAMPLES[place])
    assert [error.message for error in VALID.iter_errors(document)] == []
    assert not refused(EXAMPLES[place])


def test_examples_by_taplo(tmp_path: Path) -> None:
    """And one that has a key which is none."""
    taplo = require_tool("taplo")
    (tmp_path / FILE_NAME).write_text(json.dumps(SCHEMA))
    files = []
    for number, text in enumerate(EXAMPLES.values()):
        files.append(tmp_path / f"{number}.toml")
        files[-1].write_text(text)
    argv = [taplo, "lint", "--no-auto-config", "--schema", f"file://{tmp_path / FILE_NAME}"]
    done = subprocess.run([*argv, *map(str, files)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    bad = tmp_path / "bad.toml"
    bad.write_text(TOML + "terraform_dirr = 'x'\n")
    done = subprocess.run([*argv, str(bad)], capture_output=True, text=True)
    assert done.returncode != 0
    assert "terraform_dirr" in done.stderr


def test_what_init_writes_by_taplo(repo: Repo, cli: Command) -> None:
    """It finds the schema by the file's first line."""
    taplo = require_tool("taplo")
    root = repo({"packer/web.json": JSON})
    cli("init").expect(0)
    argv = [taplo, "lint", "--no-auto-config", "tfgen.toml"]
    assert subprocess.run(argv, cwd=root, capture_output=True).returncode == 0
    (root / "tfgen.toml").write_text((root / "tfgen.toml").read_text() + "[nope]\n")
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True)
    assert done.returncode != 0
    assert "nope" in done.stderr


#: What both refuse.
BAD = r"""
branch = "main"
source_repository = 1
source_repository = "x"\nbranch = ""
source_repository = "x"\npacker_dir = ""
source_repository = "x"\nignore = "packer/"
source_repository = "x"\nignore = [1]
source_repository = "x"\nremoved = "forget"
source_repository = "x"\ntrigger = "never"
source_repository = "x"\nmax_in_flight = -1
source_repository = "x"\nmax_in_flight = 100000
source_repository = "x"\nmax_in_flight = "5"
source_repository = "x"\nmax_in_flight = true
source_repository = "x"\norigin = "x"
source_repository = "x"\nmodule = "../m"
source_repository = "x"\nartefact_bucket = true
source_repository = "o/x"\nconnection_arn = 1
source_repository = "o/x"\nconnection_arn = { fact = "name" }
source_repository = "x"\n[templates.web]\nvar_files = 1
source_repository = "x"\n[templates.web]\nvariants = "x"
source_repository = "x"\n[templates.web.variants.a]\nvar_fil = "x"
source_repository = "x"\n[templates.web.variants.a]\nvar_file = 1
source_repository = "x"\n[templates.web.variants.a.environment]\nA = 1
source_repository = "x"\n[templates.web.variants.a.inputs]\nfor_each = 1
source_repository = "x"\n[module]\nversion = 1
source_repository = "x"\n[module.inputs]\na = { fact = "nme" }
source_repository = "x"\n[module.inputs]\na = { fact = "name", pattern = "x" }
source_repository = "x"\n[module.providers]\naws = 1
source_repository = "x"\n[shared]\nroles = "yes"
source_repository = "x"\n[shared.inputs]\na = { fact = "name" }
source_repository = "x"\n[dispatcher.inputs]\na = { pattern = "{name}" }
source_repository = "x"\n[dispatcher.inputs]\npipelines = []
source_repository = "x"\n[quota]\nbuckets = 0
source_repository = "x"\n[retention]\nkeep_last = -1
source_repository = "x"\n[retention]\nprevious = 101
source_repository = "x"\n[retention]\nkeep = { main = "a month" }
source_repository = "x"\n[retention]\nkeep = { main = 30 }
source_repository = "x"\n[retention]\ndisable = "60"
source_repository = "x"\n[retention]\nskip_sources = ["ec2"]
source_repository = "x"\n[retention]\nnope = 1
source_repository = "x"\n[environment]\nA = 1
source_repository = "x"\n[environment]\n"A-B" = "x"
source_repository = "x"\n[environment]\nCODEBUILD_X = "x"
source_repository = "x"\n[environment]\nPACKER_SCRIPT = "x"
source_repository = "x"\n[environment]\nA = { secrets = "x" }
source_repository = "x"\n[environment]\nA = { secret = "x", parameter = "y" }
source_repository = "x"\n[environment]\nA = {}
source_repository = "x"\n[environment]\nA = { secret = "" }
source_repository = "x"\n[inputs]\nfor_each = "x"
source_repository = "x"\n[inputs]\n"a b" = "x"
source_repository = "x"\n[inputs]\na = { expression = 1 }
source_repository = "x"\n[templates.web]\nbranch = "x"
source_repository = "x"\n[templates.web]\nmoved_from = "x"
source_repository = "x"\nartefact_bucket = "ours"
source_repository = "x"\n[templates.web]\nvar_files = 1
source_repository = "x"\n[templates.web.variants.a]\nnope = 1
source_repository = "x"\n[templates.web.variants.a.environment]\nA = { secret = 1 }
source_repository = "o/x"\nconnection_arn = 1
source_repository = "o/x"\nconnection_arn = { fact = "name" }
source_repository = "x"\n[templates.web.names]\nnope = "x"
source_repository = "x"\n[lint]\nnope = 1
source_repository = "x"\n[lint.disable]\nunused-role = ""
source_repository = "x"\n[lint.severity]\nunused-role = "off"
source_repository = "x"\n[lint.rules.unused-role]\nseverity = "none"
source_repository = "x"\n[lint.rules.unused-role]\npaths = "x"
source_repository = "x"\n[lint.templates.web]\nunused-role = 1
"""
#: What both take.
GOOD = r"""
source_repository = "x"\nmax_in_flight = 0
source_repository = "x"\nartefact_bucket = "shared"
source_repository = "o/x"\nconnection_arn = { expression = "local.link" }
source_repository = "x"\n[templates.web]\nvar_files = ["a.json"]\nvariants = { b = { inputs = { a = 1 } } }
source_repository = "x"\n[templates.web]\nvar_files = "v/*.json"
source_repository = "x"\n[inputs]\na = { fact = "name" }\nb = [1, 2.5, true, "x", { c = [] }]
source_repository = "x"\n[inputs]\na = { literal = { fact = 1 } }\nb = { facts = 1, other = { fact = "nme" } }\nc = {}
source_repository = "x"\n[shared.inputs]\na = { expression = "local.x" }\nb = { literal = { a = 1 } }
source_repository = "x"\n[environment]\nA = ""\nB = { secret = "app/db:password" }\nC = { parameter = "/app/token" }
source_repository = "x"\n[lint.rules.unused-role]\nseverity = "off"
source_repository = "x"\n[templates.web]\nvar_files = ["vars/*.json"]
source_repository = "x"\n[templates.web.variants.a]\nvar_file = "a.json"\nenvironment = { A = { secret = "x" } }
source_repository = "o/x"\nconnection_arn = { expression = "var.connection_arn" }
source_repository = "x"\nartefact_bucket = "shared"
source_repository = "x"\n[templates."2019"]\nworking_dir = "packer"
"""


def texts(table: str) -> list[str]:
    return [line.replace("\\n", "\n") for line in table.strip().splitlines()]


@pytest.mark.parametrize(
    ("text", "is_bad"), [*((text, True) for text in texts(BAD)), *((text, False) for text in texts(GOOD))]
)
def test_it_says_what_tfgen_says(text: str, is_bad: bool) -> None:
    document = tomllib.loads(text)
    errors = [error.message for error in VALID.iter_errors(document)]
    assert (bool(errors), refused(text)) == (is_bad, is_bad), errors


def tables() -> set[tuple[str, ...]]:
    """The path of every table whose keys are known; that of no table is the file's own."""
    return {tuple(name.replace("NAME", "web").split(".")[:-1]) for name in keys_of(SCHEMA)}


def test_an_unknown_key_is_refused_in_every_table() -> None:
    assert tables() >= {(), ("module",), ("templates", "web", "names"), ("lint",), ("lint", "rules", "web")}
    for path in tables():
        text = f"{TOML}nope = 1\n" if not path else f"{TOML}[{'.'.join(path)}]\nnope = 1\n"
        assert refused(text), text
        assert not VALID.is_valid(tomllib.loads(text)), text
