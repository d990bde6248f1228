from __future__ import annotations

import pytest

from tfgen_generators.generated.ownership import sign
from tfgen_generators.hcl.write import Value
from tfgen_generators.packer.model import Template
from tfgen_generators.pipeline.pipeline import Pipeline, make_pipeline
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.sync.verify import verify

TOML = r"""
source_repository = "ami-builder"
[module.providers]
aws = "aws.eu"
[inputs]
integer = 9223372036854775807
float = 1e-7
yes = true
list = ["a", 1, [], {}, ["x", { y = -2.5 }]]
map = { "for" = 1, "${x}" = "%{y}", "a b" = { } }
text = "a\n\"q\" \\ ${local.x} \u202e"
call = { expression = 'upper("x${local.y}")' }
pattern = { pattern = "/${name}/{name}-{account_id}" }
account = { pattern = "{account_id}" }
"""


def web() -> Pipeline:
    template = Template(name="web", path="packer/web.json", format="json", kind="file")
    return make_pipeline(template, parse_settings(TOML.replace("/${name}/", "/$/")))


def test_what_was_written_is_what_was_meant() -> None:
    assert verify(web().body(), web()) == ""
    assert verify(sign("packer/web.json", web().body()), web()) == ""
    assert verify("moved {\n  from = module.a\n  to   = module.web\n}\n\n" + web().body(), web()) == ""


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("9223372036854775807", "9223372036854775806", "integer is 9223372036854775806"),
        ("1e-07", "1e-08", "float is "),
        ("1e-07", '"1e-07"', "float is "),
        ("= true", '= "true"', "yes is "),
        ("= true", "= 1", "yes is "),
        ('    "a",\n', "", "list is "),
        ("y = -2.5", "y = 2.5", "list[4][1]['y'] is "),
        (r"\u0024{x}", "${x}", "map has other keys"),
        (r"\u0025{y}", "%%{y}", "map['${x}'] is "),
        (r"\u0024{local.x}", "${local.x}", "text is "),
        (r"\u202e", "", "text is "),
        ('upper("x${local.y}")', 'lower("x${local.y}")', "call is "),
        ("web-${local.account_id}", "web-${local.other}", "pattern is "),
        ("web-${local.account_id}", "web-local.account_id", "pattern is "),
        ("artefacts-${local.account_id}", "artefacts-$${local.account_id}", "artefact_bucket_name is "),
        ("artefacts-${local.account_id}", "${x}-${local.account_id}", "artefact_bucket_name is "),
        ("= local.account_id", '= "local.account_id"', "account is "),
        ("aws.eu", "aws.us", "providers['aws'] is "),
        ('  source_repository    = "ami-builder"\n', "", "source_repository is only in the settings"),
        ("  yes ", "  odd = 1\n  yes ", "odd is only in the file"),
        ('module "web"', 'module "api"', "contains the module blocks ['api'] instead of 'web'"),
        ('module "web"', 'resource "a" "b" {\n}\n\nmodule "web"', "contains resource, which tfgen never writes"),
        ('module "web" {', 'module "web" {{', "cannot be read back"),
    ],
)
def test_every_difference_is_found(before: str, after: str, says: str) -> None:
    body = web().body()
    assert before in body
    assert says in verify(body.replace(before, after, 1), web())


@pytest.mark.parametrize(
    ("value", "written"), [(1, "true"), (True, "1"), ("1", "1"), (1, '"1"'), ([], "{}"), ({}, "[]"), ("x", "x")]
)
def test_kinds_are_told_apart(value: Value, written: str) -> None:
    pipeline = Pipeline(name="m", template_path="", source="./m", values=(("v", value),))
    assert verify(f'module "m" {{\n  source = "./m"\n  v      = {written}\n}}\n', pipeline).startswith("v is ")
