"""`tfgen adopt`: hand-written calls continue as generated ones; everything else stays byte for byte, and back."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import JSON, Command, Repo, read_tree, write_tree
from tfgen.journal import files as journal

CASE = Path(__file__).parents[1] / "data" / "cases" / "legacy-estate"
WEB = "packer/web.json"
MODULE = "git::ssh://git@git.example.com/platform/pipeline.git?ref=v1.0"
#: A buildspec that takes the path from the root.
ESTATE = {
    WEB: JSON,
    "buildspec.yml": "version: 0.2\nphases:\n  build:\n    commands:\n      - packer build $PACKER_SCRIPT\n",
}
MAIN = "terraform/pipelines/main.tf"
OURS = ("project_name", "project_description", "artefact_bucket_name", "source_repository")


def call(
    label: str = "old", script: str = f'"{WEB}"', more: str = "", environment: str = "", source: str = MODULE
) -> str:
    return (
        f'module "{label}" {{\n  source = "{source}"\n{more}\n'
        f"  variables = {{\n    PACKER_SCRIPT = {script}\n{environment}  }}\n}}\n"
    )


def adopted(cli: Command, root: Path, *arguments: str) -> dict[str, Any]:
    """Adopts; held against what must be so each time: back is byte for byte, twice changes nothing, sync is content."""
    before = _tree(root)
    cli("adopt", "--no-plan").expect(0)
    assert _tree(root) == before
    found: dict[str, Any] = json.loads(
        cli("adopt", "--write", "--no-plan", "--format", "json", *arguments).expect(0).out
    )
    after = _tree(root)
    cli("sync", "--check").expect(0)
    cli("adopt", "--write", "--no-plan").expect(0)
    assert _tree(root) == after
    cli("adopt", "--undo").expect(0)
    assert _tree(root) == before
    cli("adopt", "--write", "--no-plan", *arguments).expect(0)
    assert _tree(root) == after
    assert found["written"]
    return found


def _tree(root: Path) -> dict[str, bytes]:
    return {path: data for path, data in read_tree(root).items() if not path.startswith((".tfgen/", ".git/"))}


def generated(root: Path, name: str = "web", folder: str = "terraform/pipelines") -> str:
    return (root / folder / f"pipeline_{name}.gen.tf").read_text()


def refused(cli: Command, root: Path, *said: str) -> None:
    """Refused by name, and nothing was written."""
    before = _tree(root)
    for arguments in ((), ("--write", "--no-plan")):
        result = cli("adopt", *arguments).expect(3)
        for text in said:
            assert text in result.err
    assert _tree(root) == before


def test_legacy_estate(repo: Repo, cli: Command) -> None:
    root = repo({})
    shutil.copytree(CASE, root, dirs_exist_ok=True)
    before = (root / "terraform/test.tf").read_text()
    rows = json.loads(cli("adopt", "--format", "json").expect(0).out)["images"]
    assert [(row["name"], row["path"], row["action"], row["call"] and row["call"]["line"]) for row in rows] == [
        ("proxy", "packer-proxy.json", "create", None),
        ("web", "packer-web.json", "adopt", 19),
    ]
    said = (
        "every pipeline, new ones too, is given: [environment] VPC_ID, SUBNET_ID;"
        ' [inputs] project_description = "{name} AMI"; [names] project_name = "example-{name}-ami-pipeline",'
        ' artefact_bucket_name = "codepipeline-artefacts-{name}"'
    )
    assert said in cli("adopt").expect(0).err
    adopted(cli, root)
    start = before.index('module "example-web-codepipline"')
    assert (root / "terraform/test.tf").read_text() == before[:start]
    web, proxy = generated(root, "web", "terraform"), generated(root, "proxy", "terraform")
    assert "moved {\n  from = module.example-web-codepipline\n  to   = module.web\n}\n" in web
    for line in (
        'source = "git::ssh://git@git.example.com/platform/tfmodule-codepipeline.git?ref=v1.0"',
        'project_name         = "example-web-ami-pipeline"',
        'project_description  = "web AMI"',
        'artefact_bucket_name = "codepipeline-artefacts"',
        'source_repository    = "ami-builder"',
        'PACKER_SCRIPT = "packer-web"',
        'SUBNET_ID     = "subnet-0123456789abcdef0"',
        'VPC_ID        = "vpc-0123456789abcdef0"',
    ):
        assert line in web
    assert 'PACKER_SCRIPT = "packer-proxy"' in proxy
    assert 'artefact_bucket_name = "codepipeline-artefacts-proxy"' in proxy  # the module makes it
    assert "example-web" not in proxy
    assert "# do not rename" in (root / "tfgen.toml").read_text()
    assert [row["name"] for row in json.loads(cli("list", "--format", "json").expect(0).out)["templates"]] == [
        "proxy",
        "web",
    ]


def test_comments_and_neighbours_stay(repo: Repo, cli: Command) -> None:
    before = "# above\nlocals {\n  x = 1 # x\n}\n\n# of the call\n"
    after = '# below\nvariable "y" {}\n'
    more = '  # why this bucket\n  bucket = "b"   # keep\n  /* and\n     this */\n  size = 3'
    root = repo({**ESTATE, MAIN: before + call(more=more, environment='    A = "1" # of a\n') + after})
    adopted(cli, root)
    assert (root / MAIN).read_text() == before + after
    toml = (root / "tfgen.toml").read_text()
    for comment in (
        "why this bucket",
        "keep",
        "# and\n# this\nsize = 3",
        '# why this bucket\nbucket = "b"  # keep',
        "of a",
    ):
        assert comment in toml
    assert tomllib.loads(toml)["inputs"] == {"bucket": {"pattern": "b-{name}"}, "size": 3}
    assert tomllib.loads(toml)["templates"]["web"]["inputs"] == {"bucket": "b"}


def test_a_comment_on_the_last_line_stays(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: "locals {}\n" + call().rstrip("\n") + " # end\nlocals {}"})
    adopted(cli, root)
    assert (root / MAIN).read_text() == "locals {}\n # end\nlocals {}"


def test_line_ends_and_byte_order_mark_stay(repo: Repo, cli: Command) -> None:
    text = "\ufeff" + (call() + '\n# "ä"\nlocals {\n  a = 1\n}\n').replace("\n", "\r\n")
    root = repo({**ESTATE, MAIN: text.encode(), "tfgen.toml": b'# mine\r\nsource_repository = "x"   # here\r\n'})
    adopted(cli, root)
    assert (root / MAIN).read_bytes() == '\ufeff\r\n# "ä"\r\nlocals {\r\n  a = 1\r\n}\r\n'.encode()
    toml = (root / "tfgen.toml").read_bytes()
    assert toml.startswith(b'# mine\r\nsource_repository = "x"   # here\r\n')
    assert toml.count(b"\n") == toml.count(b"\r\n")


def test_heredocs(repo: Repo, cli: Command) -> None:
    policy = '  policy = <<-EOT\n    {"a": "b"}\n      c\n  EOT\n  computed = <<EOT\n${local.x}\nEOT'
    root = repo({**ESTATE, MAIN: call(more=policy.partition("\n  computed")[0])})
    adopted(cli, root)
    assert 'policy = "{\\"a\\": \\"b\\"}\\n  c\\n"' in generated(root)
    write_tree(root, {"terraform/pipelines/main.tf": call(more=policy)})
    (root / "tfgen.toml").unlink()
    (root / "terraform/pipelines/pipeline_web.gen.tf").unlink()
    refused(cli, root, f"{MAIN}:7", "computed", "local value")


@pytest.mark.parametrize(
    ("argument", "said"),
    [
        ('for_each = { a = "b" }', "for_each"),
        ("count = 2", "count"),
        ("depends_on = [terraform_data.x]", "depends_on"),
        ("lifecycle {}", "a block lifecycle"),
        ("version = var.v", "its version is not plain text"),
        ("source = var.s", "its source is not plain text"),
    ],
)
def test_arguments_that_a_generated_call_does_not_have(repo: Repo, cli: Command, argument: str, said: str) -> None:
    root = repo({**ESTATE, MAIN: f"# first\n{call(more=f'  {argument}')}"})
    refused(cli, root, f"{MAIN}:2: module 'old'", said, "ignore in tfgen.toml")


def test_for_each_that_gives_the_script(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: call(script="each.value", more='  for_each = { web = "packer/web.json" }')})
    refused(cli, root, f"{MAIN}:1: module 'old'", "for_each")


def test_providers(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: call(more="  providers = {\n    aws.src = aws.eu\n    aws = aws.us\n  }")})
    adopted(cli, root)
    assert tomllib.loads((root / "tfgen.toml").read_text())["module"]["providers"] == {
        "aws.src": "aws.eu",
        "aws": "aws.us",
    }
    assert "providers = {\n" in generated(root)


def test_calls_in_other_modules(repo: Repo, cli: Command) -> None:
    root = repo(
        {
            **ESTATE,
            "tfgen.toml": 'source_repository = "x"\n',
            MAIN: 'module "team" {\n  source = "../team"\n}\n',
            "terraform/team/main.tf": f"\n{call()}",
        }
    )
    refused(cli, root, "terraform/team/main.tf:2: module 'old'", "another module", "move the call")


def test_calls_in_another_folder(repo: Repo, cli: Command) -> None:
    repo({**ESTATE, "tfgen.toml": 'source_repository = "x"\n', "infra/main.tf": call()})
    result = cli("adopt").expect(0)
    assert "warning: infra/main.tf:1: module 'old': it is not in terraform/pipelines" in result.err


def test_examples_of_a_module_are_no_pipelines(repo: Repo, cli: Command) -> None:
    example = call(source="../..")
    module = {"module/main.tf": 'variable "variables" {}\n', "module/examples/basic/main.tf": example}
    repo({**ESTATE, "infra/main.tf": call(source="../module"), **module})
    assert "old (infra/main.tf:1)" in cli("adopt").expect(0).out


def test_json_syntax(repo: Repo, cli: Command) -> None:
    body = {"source": MODULE, "variables": {"PACKER_SCRIPT": WEB}}
    root = repo({**ESTATE, "terraform/pipelines/main.tf.json": json.dumps({"module": {"old": body}})})
    refused(cli, root, "terraform/pipelines/main.tf.json:1: module 'old'", "JSON", "Terraform's own syntax")


def test_references_in_json_syntax(repo: Repo, cli: Command) -> None:
    """They are not edited; what only begins alike is none."""
    outputs = {"a": {"value": "${module.older.arn}"}, "b": {"value": "${module.old.arn}"}}
    text = json.dumps({"output": outputs}, indent=1)
    root = repo({**ESTATE, MAIN: call(), "terraform/pipelines/o.tf.json": text})
    refused(cli, root, "terraform/pipelines/o.tf.json:7: refers to module.old", "web", "Terraform's own syntax")
    (root / "terraform/pipelines/o.tf.json").write_text(text.replace("module.old.", "module.older."))
    adopted(cli, root)


def test_a_file_with_an_error_is_named_and_left(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: call(), "terraform/pipelines/broken.tf": 'locals {\n  x = = 1\n}\nmodule "a" {}\n'})
    refused(cli, root, "terraform/pipelines/broken.tf:2", "left as it is", "fix it")
    (root / "terraform/pipelines/broken.tf").write_text("locals {\n  x = = module.old.arn\n}\n")
    refused(cli, root, "terraform/pipelines/broken.tf:2", "left as it is", "fix it")


def test_a_file_with_keys_that_are_expressions(repo: Repo, cli: Command) -> None:
    """It is read as any other; a map of variables with such keys does not tell its script."""
    keys = 'locals {\n  a = { (var.x) = 1, "${var.x}-y" = 2, "a\\n" = 3 }\n}\n'
    root = repo(
        {**ESTATE, MAIN: keys + call(), "terraform/pipelines/x.tf": keys + 'module "a" {\n  source = "./a"\n}\n'}
    )
    adopted(cli, root)
    assert (root / MAIN).read_text() == keys
    root = repo({**ESTATE, MAIN: keys + call(environment='    (local.k) = "v"\n')}, name="other")
    refused(cli, root, f"{MAIN}:4: module 'old'", "not constant", "--match old=TEMPLATE")


def test_overrides(repo: Repo, cli: Command) -> None:
    """What another file changes in a call would have nothing to change."""
    override = 'module "old" {\n  timeout = 3\n}\n'
    root = repo({**ESTATE, MAIN: call(), "terraform/pipelines/x_override.tf": "\n" + override})
    refused(cli, root, f"{MAIN}:1: module 'old'", "terraform/pipelines/x_override.tf:2 overrides it")
    (root / "terraform/pipelines/x_override.tf").write_text(call())
    refused(cli, root, f"{MAIN}:1: module 'old'", "terraform/pipelines/x_override.tf:1 overrides it")


def test_expressions(repo: Repo, cli: Command) -> None:
    more = (
        '  bucket = "${local.prefix}-b"\n  tags = {\n    A = var.a\n    "B c" = "d"\n  }\n  nothing = null\n  on = true'
    )
    root = repo({**ESTATE, MAIN: call(more=more, environment='    VPC = var.vpc\n    N = 3\n    E = ""\n')})
    adopted(cli, root)
    toml = tomllib.loads((root / "tfgen.toml").read_text())
    assert toml["templates"]["web"]["inputs"] == {"bucket": {"expression": '"${local.prefix}-b"'}}
    assert toml["inputs"] == {
        "tags": {"expression": '{ A = var.a, "B c" = "d" }'},
        "nothing": {"expression": "null"},
        "on": True,
    }
    assert toml["environment"] == {"VPC": {"expression": "var.vpc"}, "N": {"expression": "3"}, "E": ""}
    text = generated(root)
    assert "VPC           = var.vpc" in text
    assert "N             = 3" in text


@pytest.mark.parametrize(
    ("script", "names"),
    [
        ("local.dir", 'locals {\n  dir = "${local.base}/web.json"\n  base = "packer"\n}\n'),
        ("var.template", 'variable "template" {\n  default = "packer/web.json"\n}\n'),
        ('"${var.base}/web.json"', 'variable "base" {\n  default = "packer"\n}\n'),
        ("local.all.web", 'locals {\n  all = { web = "packer/web.json" }\n}\n'),
        ('local.all["web"]', 'locals {\n  all = { web = "packer/web.json" }\n}\n'),
        ('format("%s/%s.json", "packer", "web")', ""),
        ('"packer/web"', ""),
        ('"./packer/web.json"', ""),
        ('"web.json"', ""),
        ('"web"', ""),
    ],
)
def test_what_the_script_resolves_to(repo: Repo, cli: Command, script: str, names: str) -> None:
    root = repo({**ESTATE, "packer/db.json": JSON, MAIN: names + call(script=script)})
    adopted(cli, root)
    assert (root / MAIN).read_text() == names
    assert "from = module.old\n  to   = module.web\n" in generated(root)


def test_values_of_variables_in_files(repo: Repo, cli: Command) -> None:
    text = 'variable "template" {\n  default = "packer/db.json"\n}\n' + call(script="var.template")
    repo({**ESTATE, "packer/db.json": JSON, MAIN: text, "terraform/pipelines/x.auto.tfvars": f'template = "{WEB}"\n'})
    rows = json.loads(cli("adopt", "--format", "json").expect(0).out)["images"]
    assert [(row["name"], row["action"]) for row in rows] == [("db", "create"), ("web", "adopt")]


def test_a_merged_environment(repo: Repo, cli: Command) -> None:
    merged = f'merge(local.common, {{\n    PACKER_SCRIPT = "{WEB}"\n  }})'
    text = f'module "old" {{\n  source = "{MODULE}"\n  env = {merged}\n}}\n'
    root = repo({**ESTATE, MAIN: text})
    adopted(cli, root)
    assert f'env = merge(local.common, {{ PACKER_SCRIPT = "{WEB}" }})' in generated(root)


def test_variables_that_the_settings_do_not_take(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: call(environment='    PACKER_WORKING_DIR = "."\n    "x-y" = var.x\n')})
    adopted(cli, root)
    text = 'variables = { PACKER_SCRIPT = "packer/web.json", PACKER_WORKING_DIR = ".", x-y = var.x }'
    assert text in generated(root)


def test_images_of_one_template(repo: Repo, cli: Command) -> None:
    """By the file of values that each call passes."""
    files = {"packer/eks.json": JSON, "vars/eks-1.json": "{}", "vars/eks-2.json": "{}", "vars/eks-3.json": "{}"}
    toml = 'source_repository = "r"\n\n[templates.eks]\nvar_files = "vars/*.json"\n'
    text = "".join(
        call(f"old{n}", '"packer/eks.json"', environment=f'    PACKER_VAR_FILE = "vars/eks-{n}.json"\n') for n in (1, 2)
    )
    root = repo({**files, "buildspec.yml": ESTATE["buildspec.yml"], "tfgen.toml": toml, MAIN: text})
    adopted(cli, root)
    for n in (1, 2):
        assert f"from = module.old{n}\n  to   = module.eks-{n}\n" in generated(root, f"eks-{n}")
        assert f'PACKER_VAR_FILE = "vars/eks-{n}.json"' in generated(root, f"eks-{n}")
    assert "moved" not in generated(root, "eks-3")


def test_files_of_values_that_the_calls_pass(repo: Repo, cli: Command) -> None:
    """Without a tfgen.toml that has them: those of the calls, or all that a makefile shows beside them."""
    files = {"packer/eks.json": JSON, "packer/web.json": JSON, "buildspec.yml": ESTATE["buildspec.yml"]}
    files |= {f"vars/eks-{n}.json": "{}" for n in (1, 2, 3)}
    text = "".join(
        call(f"old{n}", '"packer/eks.json"', environment=f'    PACKER_VAR_FILE = "./vars/eks-{n}.json"\n')
        for n in (1, 2)
    )
    text = text.replace('"./vars/eks-2', '"vars/eks-2')
    root = repo({**files, MAIN: text.replace('"./', '"')})
    adopted(cli, root)
    tables = tomllib.loads((root / "tfgen.toml").read_text())["templates"]
    assert tables["eks"] == {"var_files": ["vars/eks-1.json", "vars/eks-2.json"]}
    assert "from = module.old2\n  to   = module.eks-2\n" in generated(root, "eks-2")
    assert "PACKER_VAR_FILE" not in generated(root, "web")
    makefile = "build:\n\tpacker build -var-file vars/eks-$(VERSION).json packer/eks.json\n"
    root = repo({**files, MAIN: text.replace('"./', '"'), "Makefile": makefile}, name="shown")
    adopted(cli, root)
    assert 'PACKER_VAR_FILE = "vars/eks-3.json"' in generated(root, "eks-3")
    root = repo({**files, MAIN: call("old", environment='    PACKER_VAR_FILE = "vars/eks-1.json"\n')}, name="alone")
    adopted(cli, root)
    assert 'PACKER_VAR_FILE = "vars/eks-1.json"' in generated(root, "web")
    assert "PACKER_VAR_FILE" not in generated(root, "eks")


def test_what_is_not_constant_is_asked(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: call(script="data.external.x.result.script")})
    refused(cli, root, f"{MAIN}:1: module 'old'", "not constant", "--match old=TEMPLATE")
    cli("adopt", "--write", "--no-plan", "--match", "old=web").expect(0)
    assert "PACKER_SCRIPT = data.external.x.result.script" in generated(root)
    cli("adopt", "--match", "nobody=web").expect(64)
    cli("adopt", "--match", "old").expect(64)


def test_two_candidates_are_asked(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: call("a") + call("b")})
    refused(cli, root, "two calls build it", f"a ({MAIN}:1)", f"b ({MAIN}:8)", f"--match a={WEB}")
    result = cli("adopt", "--write", "--no-plan", "--match", "b=web").expect(0)
    assert f"warning: {MAIN}:1: module 'a': builds web, too" in result.err
    assert (root / MAIN).read_text() == call("a")
    assert "from = module.b\n" in generated(root)
    assert "run: tfgen adopt" in cli("sync").expect(3).err
    root = repo({"packer/x/web.json": JSON, "packer/y/web.json": JSON, MAIN: call(script='"web"')}, name="other")
    refused(cli, root, f"{MAIN}:1", "packer/x/web.json and packer/y/web.json", "--match old=packer/x/web.json")


def test_a_person_is_asked(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tfgen.sync.renames.can_ask", lambda: True)
    root = repo({"packer/x/web.json": JSON, "packer/y/web.json": JSON, MAIN: call(script='"web"')})
    monkeypatch.setattr("sys.stdin", io.StringIO("\n"))
    before = _tree(root)
    cli("adopt", "--write", "--no-plan").expect(3)
    assert _tree(root) == before
    monkeypatch.setattr("sys.stdin", io.StringIO("2\n"))
    result = cli("adopt", "--write", "--no-plan").expect(0)
    assert "2  old builds packer/y/web.json" in result.err
    assert "to   = module.y-web" in generated(root, "y-web")


def test_common_values_are_folded_up(repo: Repo, cli: Command) -> None:
    def one(name: str, bucket: str, timeout: int) -> str:
        more = (
            f'  name = "team-{name}-images"\n  bucket = "{bucket}"\n  timeout = {timeout}\n  project_name = "p-{name}"'
        )
        return call(f"pipeline_{name}", f'"packer/{name}.json"', more, f'    VPC = "v"\n    SIZE = "{timeout}"\n')

    root = repo(
        {**ESTATE, "packer/db.json": JSON, "packer/new.json": JSON, MAIN: one("web", "b", 1) + one("db", "b", 2)}
    )
    adopted(cli, root)
    toml = tomllib.loads((root / "tfgen.toml").read_text())
    assert toml["names"] == {"project_name": "p-{name}"}
    assert toml["inputs"] == {"name": {"pattern": "team-{name}-images"}, "bucket": "b"}
    assert toml["environment"] == {"VPC": "v"}
    assert toml["templates"]["web"] == {
        "moved_from": ["pipeline_web"],
        "inputs": {"timeout": 1},
        "environment": {"SIZE": "1"},
    }
    assert (root / MAIN).read_text() == ""
    assert 'name         = "team-new-images"' in generated(root, "new")


def test_names_without_a_pattern_are_pinned(repo: Repo, cli: Command) -> None:
    more = '  project_name = "legacy-1"'
    root = repo({**ESTATE, "packer/db.json": JSON, MAIN: call(more=more)})
    adopted(cli, root)
    assert tomllib.loads((root / "tfgen.toml").read_text())["templates"]["web"]["names"] == {"project_name": "legacy-1"}
    assert 'project_name = "db-ami-pipeline"' in generated(root, "db")


def test_what_a_call_that_stands_alone_passes(repo: Repo, cli: Command) -> None:
    """Its names and buckets stay its own, and a new template gets others; networks and the like are for all."""
    own = {"artefact_bucket_name": "files", "role_name": "builder", "bucket": "a{b", "project_name": "images"}
    shared = {
        "repository_name": "r",
        "vpc_id": "vpc-1",
        "kms_key_arn": "arn:aws:kms:x",
        "compute": "small",
        "prefix": "",
    }
    more = "".join(f'  {name} = "{value}"\n' for name, value in {**own, **shared}.items())
    more += '  subnets = [1]\n  logs_bucket = aws_s3_bucket.logs.id\n  tags = { x = "old" }'
    environment = '    VPC_ID = "v"\n    AMI_NAME = "n"\n    FILES_BUCKET = "f"\n    WHO = "old-1"\n'
    root = repo({**ESTATE, "packer/db.json": JSON, MAIN: call(more=more, environment=environment)})
    adopted(cli, root)
    web, db = (re.sub(r" +=", " =", generated(root, name)) for name in ("web", "db"))
    for name, value in {**own, **shared}.items():
        assert f'  {name} = "{value}"\n' in web
    for name, value in shared.items():
        assert f'  {name} = "{value}"\n' in db
    for line in (
        'project_name = "db-ami-pipeline"',
        'artefact_bucket_name = "files-db"',
        'role_name = "builder-db"',
        'bucket = "a{b-db"',
        "subnets = [1]",
        "logs_bucket = aws_s3_bucket.logs.id",
        'FILES_BUCKET = "f"',
        'VPC_ID = "v"',
    ):
        assert f"  {line}\n" in db
    for word in ("tags", "AMI_NAME", "WHO"):
        assert word not in db
        assert word in web


def test_buckets_without_a_pattern_in_an_account_that_is_not_named(repo: Repo, cli: Command) -> None:
    """The default name of a bucket takes local.account_id, which only a root module of tfgen's has."""
    files = {**ESTATE, "packer/db.json": JSON, "packer/new.json": JSON}
    text = call("a", more='  artefact_bucket_name = "one"') + call(
        "b", '"packer/db.json"', more='  artefact_bucket_name = "two"'
    )
    root = repo({**files, MAIN: text, "tfgen.toml": 'source_repository = "My_r"\n'})
    adopted(cli, root)
    assert 'artefact_bucket_name = "new-my-r-artefacts"' in generated(root, "new")
    assert 'artefact_bucket_name = "two"' in generated(root, "db")
    root = repo({**files, MAIN: f"locals {{\n  account_id = 1\n}}\n{text}"}, name="other")
    adopted(cli, root)
    assert "artefacts-${local.account_id}" in generated(root, "new")


def test_names_that_only_their_module_knows(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: call(more='  project_name = "p"\n  artefact_bucket_name = "Web Files"')})
    adopted(cli, root)
    assert 'project_name         = "p"' in generated(root)
    assert 'artefact_bucket_name = "Web Files"' in generated(root)


def test_what_has_the_name_in_it_is_not_given_to_others(repo: Repo, cli: Command) -> None:
    more = '  logs = "${local.x}/web"\n  paths = ["a", "web"]\n  both = "${local.x}"'
    root = repo(
        {**ESTATE, "packer/db.json": JSON, MAIN: call(more=more, environment='    ROLE = "web"\n    A = "1"\n')}
    )
    adopted(cli, root)
    toml = tomllib.loads((root / "tfgen.toml").read_text())
    assert (toml["inputs"], toml["environment"]) == ({"both": {"expression": '"${local.x}"'}}, {"A": "1"})
    assert toml["templates"]["web"]["inputs"].keys() == {"logs", "paths"}
    assert toml["templates"]["web"]["environment"] == {"ROLE": "web"}
    assert "'\"${local.x}/web\"'" in (root / "tfgen.toml").read_text()


def test_references_get_the_new_label(repo: Repo, cli: Command) -> None:
    outputs = (
        'output "a" {\n  value = "${module.old.arn}-${module.older.arn}" # module.old\n}\n'
        "moved {\n  from = module.very_old\n  to   = module.old\n}\n"
    )
    root = repo({**ESTATE, MAIN: call(), "terraform/pipelines/outputs.tf": outputs})
    adopted(cli, root)
    text = (root / "terraform/pipelines/outputs.tf").read_text()
    assert text == outputs.replace("${module.old.arn}", "${module.web.arn}")


def test_the_same_label_needs_no_move(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: call("web")})
    adopted(cli, root)
    assert "moved" not in generated(root)


@pytest.mark.parametrize(("template", "script"), [("a/web.json", "a/web"), ("a/web.json", "a/web.json")])
def test_the_form_is_kept(repo: Repo, cli: Command, template: str, script: str) -> None:
    files = {f"packer/{template}": JSON, "packer/db.json": JSON, MAIN: call(script=f'"{script}"')}
    root = repo(files)
    adopted(cli, root)
    form = "file" if script.endswith(".json") else "file-without-ending"
    assert tomllib.loads((root / "tfgen.toml").read_text())["packer_script"] == {"form": form}
    assert f'PACKER_SCRIPT = "{script}"' in generated(root, "a-web")
    assert f'PACKER_SCRIPT = "{"db.json" if form == "file" else "db"}"' in generated(root, "db")


def test_another_variable(repo: Repo, cli: Command) -> None:
    spec = "version: 0.2\nphases:\n  build:\n    commands:\n      - packer build packer/${IMAGE}.json\n"
    text = call().replace(f'PACKER_SCRIPT = "{WEB}"', 'IMAGE = "web"')
    root = repo({WEB: JSON, "packer/db.json": JSON, "buildspec.yml": spec, MAIN: text})
    adopted(cli, root)
    assert 'IMAGE = "db"' in generated(root, "db")
    assert tomllib.loads((root / "tfgen.toml").read_text())["packer_script"] == {"variable": "IMAGE"}


def test_two_modules(repo: Repo, cli: Command) -> None:
    text = call("a") + call("b", '"packer/db.json"', source="./other") + call("c", '"packer/x.json"')
    root = repo({**ESTATE, "packer/db.json": JSON, "packer/x.json": JSON, MAIN: text})
    refused(cli, root, f"{MAIN}:8: module 'b'", "./other")


def test_variables_in_a_list(repo: Repo, cli: Command) -> None:
    listed = (
        f'variables = [\n    {{ name = "A", value = "b" }},\n    {{ name = "PACKER_SCRIPT", value = "{WEB}" }},\n  ]'
    )
    text = f'module "old" {{\n  source = "{MODULE}"\n  {listed}\n}}\n'
    root = repo({**ESTATE, MAIN: text, "tfgen.toml": 'source_repository = "r"\n'})
    refused(cli, root, f"{MAIN}:1: module 'old'", "in a list (variables)")
    assert f"builds {WEB}" in cli("sync").expect(3).err


def test_a_label_that_is_another_templates_name(repo: Repo, cli: Command) -> None:
    """That template's pipeline has to wait until the move is applied."""
    root = repo({**ESTATE, "packer/db.json": JSON, MAIN: call("db")})
    said = (f"{MAIN}:1: module 'db'", "is the name of packer/db.json", "ignore in tfgen.toml", "--prune-pins")
    refused(cli, root, *said)
    (root / MAIN).write_text(call("db") + call("web", '"packer/db.json"'))
    refused(cli, root, f"{MAIN}:1: module 'db'", f"{MAIN}:8: module 'web'", "is the name of packer/web.json")
    (root / MAIN).write_text(call("db"))
    write_tree(root, {"tfgen.toml": 'source_repository = "r"\nignore = ["packer/db.json"]\n'})
    adopted(cli, root)
    assert "from = module.db\n  to   = module.web\n" in generated(root)


def test_a_folder_that_cannot_be_written(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repo({**ESTATE, MAIN: call()})
    before = _tree(root)
    monkeypatch.setattr(os, "access", lambda path, _mode: "pipelines" not in str(path))
    assert "its folder is read-only" in cli("adopt", "--write", "--no-plan").expect(1).err
    assert _tree(root) == before


def test_settings_are_edited_in_place(repo: Repo, cli: Command) -> None:
    toml = '# top\nbranch = "dev" # b\nsource_repository = "r"\n\n[environment] # e\nVPC = "v"\n[lint.severity]\n#x\n'
    root = repo({**ESTATE, MAIN: call(environment='    VPC = "v"\n    A = "1"\n'), "tfgen.toml": toml})
    adopted(cli, root)
    text = (root / "tfgen.toml").read_text()
    kept = iter(text.splitlines())
    assert all(line in kept for line in toml.splitlines() if line)
    assert tomllib.loads(text)["environment"] == {"VPC": "v", "A": "1"}


def test_sync_refuses_a_second_call(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: "\n" + call(), "tfgen.toml": 'source_repository = "r"\n'})
    for arguments in ((), ("--check",)):
        result = cli("sync", *arguments).expect(3)
        assert f"{MAIN}:2: module 'old' builds {WEB}" in result.err
        assert "terraform/pipelines/pipeline_web.gen.tf; run: tfgen adopt" in result.err
    assert not (root / "terraform/pipelines/pipeline_web.gen.tf").exists()
    (root / MAIN).write_text('module "web" {\n  source = "./x"\n}\n')
    assert f"{MAIN}:1: module 'web' has the label" in cli("sync").expect(3).err
    (root / MAIN).write_text("")
    cli("sync").expect(0)
    cli("sync", "--check").expect(0)
    (root / MAIN).write_text(call())
    cli("sync", "--check").expect(3)
    refused(cli, root, f"{MAIN}:1: module 'old'", "generated already")


def test_undo_refuses_what_was_changed_since(repo: Repo, cli: Command) -> None:
    root = repo({**ESTATE, MAIN: call()})
    cli("adopt", "--write", "--no-plan").expect(0)
    (root / "tfgen.toml").write_text((root / "tfgen.toml").read_text() + "# more\n")
    assert "tfgen.toml: was changed since" in cli("adopt", "--undo").expect(3).err


class _Killed(BaseException):
    pass


@pytest.mark.parametrize("undo", [False, True])
def test_killed_anywhere_it_is_old_or_new(
    repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch, undo: bool
) -> None:
    """Each step that reaches the disk may be the last one; the next command completes what was begun."""
    root = repo({**ESTATE, MAIN: call()})
    states = [_tree(root)]
    cli("adopt", "--write", "--no-plan").expect(0)
    states.append(_tree(root))
    if not undo:
        cli("adopt", "--undo").expect(0)
    arguments = ["adopt", "--undo"] if undo else ["adopt", "--write", "--no-plan"]
    write, seen = journal._write, set()
    for last in range(1, 40):
        steps = iter(range(1, 1000))

        def killed(path: Path, data: bytes, mode: int | None = None, last: int = last, steps: Any = steps) -> None:
            if next(steps) == last:
                path.write_bytes(data[: len(data) // 2])
                raise _Killed
            write(path, data, mode)

        monkeypatch.setattr(journal, "_write", killed)
        try:
            cli(*arguments)
        except _Killed:
            done = False
        else:
            done = True
        monkeypatch.setattr(journal, "_write", write)
        assert _tree(root) in states  # nothing half, and nothing left over, even before the next command
        cli("list").expect(0)  # any command
        found = _tree(root)
        assert found in states
        seen.add(states.index(found))
        if done:
            break
        cli("adopt", "--undo").expect(0)
        if undo:
            cli("adopt", "--write", "--no-plan").expect(0)
    assert seen == {0, 1}


def test_between_two_renames_no_call_is_missing(repo: Repo, cli: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    """What Terraform finds twice it refuses; what it does not find it destroys. The next command does the rest."""
    root = repo({**ESTATE, MAIN: call()})
    old = _tree(root)
    real, left = os.replace, 0

    def killed(source: str, target: str) -> None:
        nonlocal left
        if str(target).endswith((".tf", "tfgen.toml")):
            if left == 0:
                raise _Killed
            left -= 1
        real(source, target)

    seen = set()
    for arguments in (["--write", "--no-plan"], ["--undo"]):
        for left in range(3):
            number = left
            monkeypatch.setattr("os.replace", killed)
            with pytest.raises(_Killed) if number < (3 if "--write" in arguments else 1) else contextlib.nullcontext():
                cli("adopt", *arguments)
            monkeypatch.setattr("os.replace", real)
            calls = "".join(file.read_text() for file in sorted((root / "terraform/pipelines").glob("*.tf")))
            assert f'PACKER_SCRIPT = "{WEB}"' in calls
            seen.add(calls.count("PACKER_SCRIPT"))
            cli("list")
            if arguments == ["--undo"]:
                assert _tree(root) == old
                cli("adopt", "--write", "--no-plan").expect(0)
            elif number < 2:
                cli("adopt", "--undo").expect(0)
    assert seen == {1, 2}


def test_a_local_build_takes_the_right_file(
    repo: Repo, cli: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repo({"install-packer.sh": "#!/bin/sh\n"})
    shutil.copytree(CASE, root, dirs_exist_ok=True)
    spec = (root / "buildspec.yml").read_text()
    line = spec[spec.index("grep -E") :].partition("\n")[0]  # a mapping to YAML: CodeBuild refuses it, too
    (root / "buildspec.yml").write_text(spec.replace(line, f"'{line.replace(chr(39), chr(39) * 2)}'"))
    write_tree(tmp_path / "bin", {"packer": f'#!/bin/sh\necho "$@" >>{tmp_path}/said\necho "eu-west-1: ami-1"\n'})
    for file in (root / "install-packer.sh", tmp_path / "bin/packer"):
        file.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    cli("adopt", "--write", "--no-plan").expect(0)
    for name in ("web", "proxy"):
        cli("build", name, "--local", "--region", "eu-west-1")
        said = (tmp_path / "said").read_text().splitlines()
        assert said == [f"validate packer-{name}.json", f"build -color=false packer-{name}.json"]
        (tmp_path / "said").unlink()


def test_after_another_module_was_set_up(repo: Repo, cli: Command) -> None:
    """What `tfgen init` has written is ours; the calls keep theirs."""
    toml = 'source_repository = "r" # mine\n\n[module] # ours\nsource = "../modules/codepipeline" # vendored\n'
    module = 'variable "project_name" {}\nvariable "environment_vars" {}\n'
    root = repo({**ESTATE, MAIN: call(), "tfgen.toml": toml, "terraform/modules/codepipeline/main.tf": module})
    adopted(cli, root)
    text = (root / "tfgen.toml").read_text()
    assert tomllib.loads(text)["module"] == {"source": MODULE, "inputs": {"variables": {"fact": "environment"}}}
    for comment in ("# mine", "# ours", "# vendored"):
        assert comment in text


def test_after_init(repo: Repo, cli: Command) -> None:
    """init finds the same module and folder; adopt then names the inputs."""
    root = repo({})
    shutil.copytree(CASE, root, dirs_exist_ok=True)
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    cli("init").expect(0)
    adopted(cli, root)
    assert 'artefact_bucket_name = "codepipeline-artefacts-proxy"' in generated(root, "proxy", "terraform")
    assert 'project_description  = "proxy AMI"' in generated(root, "proxy", "terraform")


def test_a_call_of_our_own_module(repo: Repo, cli: Command) -> None:
    module = "".join(f'variable "{name}" {{}}\n' for name in (*OURS, "environment_vars", "timeout"))
    more = "".join(f'  {name} = "the-{name.replace("_", "-")}"\n' for name in OURS) + "  timeout = 3"
    text = call(more=more, source="../modules/codepipeline").replace("variables =", "environment_vars =")
    root = repo(
        {
            **ESTATE,
            "packer/db.json": JSON,
            MAIN: text,
            "terraform/modules/codepipeline/main.tf": module,
            "tfgen.toml": 'source_repository = "r"\n',
        }
    )
    adopted(cli, root)
    toml = tomllib.loads((root / "tfgen.toml").read_text())
    assert "module" not in toml
    assert toml["inputs"] == {"timeout": 3}
    assert toml["templates"]["web"]["names"] == {
        "project_name": "the-project-name",
        "artefact_bucket_name": "the-artefact-bucket-name",
    }
    assert 'project_name         = "db-ami-pipeline"' in generated(root, "db")
    assert 'source_repository    = "the-source-repository"' in generated(root)


def test_moving_to_our_module(repo: Repo, cli: Command) -> None:
    module = "".join(f'variable "{name}" {{}}\n' for name in (*OURS, "environment_vars"))
    files = {**ESTATE, MAIN: call(more='  project_name = "pp"\n  size = 3', environment='    A = "1"\n')}
    root = repo(files)
    assert "run: tfgen init --module vendor" in cli("adopt", "--module", "ours").expect(1).err
    write_tree(root, {"terraform/modules/codepipeline/main.tf": module, "tfgen.toml": 'source_repository = "r"\n'})
    before = _tree(root)
    result = cli("adopt", "--write", "--no-plan", "--module", "ours").expect(0)
    assert f"../modules/codepipeline does not take size ({MAIN}:4)" in result.err
    cli("sync", "--check").expect(0)
    text = generated(root)
    assert 'source = "../modules/codepipeline"' in text
    assert 'project_name         = "pp"' in text
    assert 'A             = "1"' in text
    cli("adopt", "--undo").expect(0)
    assert _tree(root) == before


def test_a_change_that_was_not_begun_here_is_not_completed(repo: Repo, cli: Command) -> None:
    """A branch could have tfgen write files that pass for this machine's own."""
    root = repo({**ESTATE, MAIN: call()})
    before = _tree(root)
    cli("adopt", "--write", "--no-plan").expect(0)
    folder = root / ".tfgen/backup/adopt"
    shutil.copytree(folder / "done-000001", folder / "copied")
    cli("adopt", "--undo").expect(0)
    for name in ("pending", "done-000001"):
        shutil.copytree(folder / "copied", folder / name)
    assert "pending was not made here by tfgen: removed" in cli("list").expect(0).err
    assert "was not made here by tfgen, or was copied" in cli("adopt", "--undo").expect(3).err
    assert _tree(root) == before
