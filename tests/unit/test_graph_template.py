"""What a template is made of: paths as they are written, computed, named by variables and by the pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.conftest import TOML, write_tree
from tfgen_generators.graph.build import Graph, build_graph
from tfgen_generators.packer.discovery.facts_cache import FactsCache
from tfgen_generators.settings.read import parse_settings
from tfgen_generators.sync.survey import Outside, find_templates
from tfgen_generators.trees.disk import DiskTree

PLAYBOOK = "- hosts: all\n  tasks: []\n"
SCRIPTS = {f"scripts/{name}.sh": "" for name in ("a", "b", "c")}


def graph(root: Path, files: dict[str, str], toml: str = TOML) -> Graph:
    write_tree(root, {"buildspec.yml": "version: 0.2\n", **files})
    settings = parse_settings(toml)
    found = find_templates(root, "packer", settings, Outside(cache=FactsCache(details=True)))
    assert not [error for template in found.templates for error in template.errors]
    return build_graph(root, DiskTree(root), found, settings)


def made_of(root: Path, files: dict[str, str], toml: str = TOML, name: str = "web") -> set[str]:
    """What the image is made of besides its template and the buildspec."""
    found = graph(root, files, toml).made_of(name)
    return {path for path in found if not path.startswith("packer/web.") and path != "buildspec.yml"}


def hcl(provisioners: str, before: str = "") -> str:
    return f'{before}\nsource "null" "web" {{\n}}\nbuild {{\n  sources = ["source.null.web"]\n{provisioners}\n}}\n'


def script(value: str, before: str = "") -> dict[str, str]:
    return {**SCRIPTS, "packer/web.pkr.hcl": hcl(f'  provisioner "shell" {{\n    script = {value}\n  }}', before)}


def legacy(*provisioners: Mapping[str, object], variables: dict[str, str] | None = None) -> dict[str, str]:
    document = {"variables": variables or {}, "builders": [{"type": "null"}], "provisioners": provisioners}
    return {**SCRIPTS, "packer/web.json": json.dumps(document)}


A, ALL = {"scripts/a.sh"}, set(SCRIPTS)


@pytest.mark.parametrize(
    ("value", "before", "wanted"),
    [
        ('"scripts/a.sh"', "", A),
        ('"./scripts/../scripts/a.sh"', "", A),
        ('"../scripts/a.sh"', "", A),
        ('"${path.root}/../scripts/a.sh"', "", A),
        ('"{{template_dir}}/../scripts/a.sh"', "", A),
        ("var.x", 'variable "x" {\n  default = "scripts/a.sh"\n}', A),
        ("data.sshkey.x.private_key_path", 'data "sshkey" "x" {\n}', set()),
        ('"scripts/${var.x}.sh"', 'variable "x" {\n  default = "a"\n}', A),
        ('"scripts/${var.x}.sh"', 'variable "x" {\n  type = string\n}', ALL),
        ('"scripts/${timestamp()}.sh"', "", ALL),
        ('"scripts/${local.x}.sh"', 'locals {\n  x = "a"\n}', A),
        ('"scripts/${source.name}.sh"', "", set()),
        ('join("/", ["scripts", "a.sh"])', "", A),
        ('"/scripts/a.sh"', "", set()),
        ('"~/scripts/a.sh"', "", set()),
        ('"${env("X")}/a.sh"', "", set()),
        ('var.x == "" ? "scripts/a.sh" : "scripts/b.sh"', 'variable "x" {\n  type = string\n}', {*A, "scripts/b.sh"}),
        ('var.x ? "scripts/a.sh" : "scripts/b.sh"', 'variable "x" {\n  default = true\n}', A),
        ('lookup({ p = "scripts/a.sh" }, var.x, "scripts/c.sh")', 'variable "x" {}', {*A, "scripts/c.sh"}),
    ],
)
def test_a_path_is_what_the_pipeline_will_make_of_it(tmp_path: Path, value: str, before: str, wanted: set[str]) -> None:
    assert made_of(tmp_path, script(value, before)) == wanted


def test_a_widened_name_says_so(tmp_path: Path) -> None:
    found = graph(tmp_path, script('"scripts/${timestamp()}.sh"')).made_of("web")
    assert [(edge.label, edge.widened) for edge in found["scripts/b.sh"].edges] == [("script", True)]
    assert not found["buildspec.yml"].edges[0].widened


@pytest.mark.parametrize(
    ("toml", "files", "wanted"),
    [
        ('[environment]\nPKR_VAR_x = "b"\n', {}, {"scripts/a.sh", "scripts/b.sh"}),
        ('[environment]\nPACKER_VAR_FILE = "packer/prod.pkrvars.hcl"\n', {}, {*A, "scripts/c.sh"}),
        ("", {"buildspec.yml": "phases: {build: {commands: ['packer build -var x=b packer/web.pkr.hcl']}}"}, None),
        ("", {"buildspec.yml": "env: {variables: {PKR_VAR_x: c}}\n"}, {*A, "scripts/c.sh"}),
    ],
)
def test_what_sets_a_variable_adds_its_values(
    tmp_path: Path, toml: str, files: dict[str, str], wanted: set[str] | None
) -> None:
    named = {**script('"scripts/${var.x}.sh"', 'variable "x" {\n  default = "a"\n}'), **files}
    named["packer/prod.pkrvars.hcl"] = 'x = "c"\n'
    found = made_of(tmp_path, named, TOML + toml)
    assert found - {"packer/prod.pkrvars.hcl"} == (wanted or {"scripts/a.sh", "scripts/b.sh"})
    assert ("packer/prod.pkrvars.hcl" in found) == ("VAR_FILE" in toml)


def test_a_file_of_values_that_cannot_be_read_may_set_anything(tmp_path: Path) -> None:
    files = script('"scripts/${var.x}.sh"', 'variable "x" {\n  default = "a"\n}')
    files["packer/prod.pkrvars.hcl"] = "x = \n"
    found = made_of(tmp_path, files, f'{TOML}[environment]\nPACKER_VAR_FILE = "./packer/prod.pkrvars.hcl"\n')
    assert found == {*ALL, "packer/prod.pkrvars.hcl"}


def test_a_folder_reads_its_own_files_of_values(tmp_path: Path) -> None:
    files = script('"scripts/${var.x}.sh"', 'variable "x" {\n  type = string\n}')
    files["packer/web/web.pkr.hcl"] = files.pop("packer/web.pkr.hcl")
    files["packer/web/x.auto.pkrvars.hcl"] = 'x = "b"\n'
    assert made_of(tmp_path, files) == {"scripts/b.sh", "packer/web/x.auto.pkrvars.hcl", "packer/web/web.pkr.hcl"}


def test_a_legacy_template_by_its_user_variables(tmp_path: Path) -> None:
    step = {"type": "shell", "scripts": ["scripts/{{user `x`}}.sh", "{{template_dir}}/../scripts/b.sh"]}
    assert made_of(tmp_path, legacy(step, variables={"x": "a"})) == {"scripts/a.sh", "scripts/b.sh"}
    named = legacy(step, variables={"x": "{{env `WHICH`}}"})
    assert made_of(tmp_path, named, f'{TOML}[environment]\nWHICH = "c"\n') == {"scripts/c.sh", "scripts/b.sh"}


def test_an_uploaded_folder_is_everything_below(tmp_path: Path) -> None:
    files = legacy({"type": "file", "source": "files/", "destination": "/"})
    assert made_of(tmp_path, {**files, "files/a/b": "", "files/README.md": ""}) == {"files/a/b", "files/README.md"}


def test_what_is_downloaded_is_not_read(tmp_path: Path) -> None:
    step = {"type": "file", "source": "scripts/a.sh", "destination": "scripts/b.sh", "direction": "download"}
    assert made_of(tmp_path, legacy(step)) == set()
    assert made_of(tmp_path, legacy(step, {"type": "odd", "reads": "scripts/b.sh"})) == {"scripts/b.sh"}
    (tmp_path / "packer/web.json").unlink()
    step.pop("type")
    content = "".join(f"    {key} = {json.dumps(value)}\n" for key, value in step.items())
    download = f'  provisioner "file" {{\n{content}  }}'
    assert made_of(tmp_path, {**SCRIPTS, "packer/web.pkr.hcl": hcl(download)}) == set()
    upload = {"packer/web.pkr.hcl": hcl(download.replace('"download"', '"upload"'))}
    assert made_of(tmp_path, {**SCRIPTS, **upload}) == {"scripts/a.sh"}


def test_functions_and_what_their_files_read(tmp_path: Path) -> None:
    content = '  provisioner "shell" {\n    inline = [templatefile("scripts/a.sh", {}), file("scripts/c.sh")]\n  }'
    ours = {f"packer/{path}": text for path, text in SCRIPTS.items()}
    files = {**SCRIPTS, **ours, "packer/scripts/a.sh": '${file("scripts/b.sh")}', "packer/web.pkr.hcl": hcl(content)}
    assert made_of(tmp_path, files) == ours.keys()


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        ('fileset(".", "scripts/*.sh")', ALL),
        ('fileset(".", "scripts/{a,b}.sh")', {"scripts/a.sh", "scripts/b.sh"}),
        ('fileset(".", "scripts/[!a]?sh")', {"scripts/b.sh", "scripts/c.sh"}),
        ('fileset(".", "scripts/**")', {*ALL, "scripts/a.md", "scripts/sub/d.sh"}),
        ('fileset(".", "**/d.sh")', {"scripts/sub/d.sh"}),
        ('fileset(".", "scripts/a.sh")', A),
        ('fileset(".", "scripts/no/*.sh")', set()),
        ('sort(fileset(".", local.ours))', A),
        ('fileset(".", "scripts/${var.x}.sh")', {*ALL, "scripts/sub/d.sh"}),
        ('fileset(".", "scripts/{a.sh")', {*ALL, "scripts/a.md", "scripts/sub/d.sh"}),
    ],
)
def test_a_fileset_is_what_it_finds(tmp_path: Path, value: str, wanted: set[str]) -> None:
    content = f'  provisioner "shell" {{\n    scripts = {value}\n  }}'
    before = 'variable "x" {\n}\nlocals {\n  ours = "scripts/a.s*"\n}'
    others = {"scripts/a.md": "", "scripts/sub/d.sh": "", "other/e.sh": ""}
    assert made_of(tmp_path, {**SCRIPTS, **others, "packer/web.pkr.hcl": hcl(content, before)}) == wanted


def test_a_fileset_from_the_templates_folder(tmp_path: Path) -> None:
    content = '  provisioner "shell" {\n    inline = fileset("${path.root}/../scripts", "a.*")\n  }'
    assert made_of(tmp_path, {**SCRIPTS, "packer/web.pkr.hcl": hcl(content)}) == A


def test_the_playbooks_of_a_fileset_are_run(tmp_path: Path) -> None:
    content = '  provisioner "ansible-local" {\n    playbook_files = fileset(".", "plays/*.yml")\n  }'
    files = {"plays/web.yml": "- hosts: all\n  roles: [web]\n", "plays/roles/web/tasks/main.yml": "[]\n"}
    wanted = {"plays/web.yml", "plays/roles/web/tasks/main.yml"}
    assert made_of(tmp_path, {**files, "packer/web.pkr.hcl": hcl(content)}) == wanted


def test_words_of_local_commands_are_paths_where_they_exist(tmp_path: Path) -> None:
    step = {"type": "shell-local", "inline": ["bash scripts/a.sh --with x=./scripts/b.sh # scripts/c.sh", "echo no/x"]}
    assert made_of(tmp_path, legacy(step)) == {"scripts/a.sh", "scripts/b.sh"}
    remote = {"type": "shell", "inline": ["bash scripts/a.sh"]}
    (tmp_path / "packer/web.json").unlink()
    assert made_of(tmp_path, legacy(remote)) == set()


def test_a_playbook_in_a_command_is_one(tmp_path: Path) -> None:
    step = {"type": "shell-local", "command": "ansible-playbook -i x, ansible/play.yml"}
    playbooks = {"ansible/play.yml": f"{PLAYBOOK}- import_playbook: more.yml\n", "ansible/more.yml": PLAYBOOK}
    files = {**legacy(step), **playbooks}
    assert made_of(tmp_path, files) == {"ansible/play.yml", "ansible/more.yml"}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("ansible", {"ansible_env_vars": ["ANSIBLE_ROLES_PATH=shared/roles:other"]}),
        ("ansible-local", {"role_paths": ["shared/roles/web"]}),
        ("ansible", {"roles_path": "shared/roles"}),
    ],
)
def test_roles_elsewhere(tmp_path: Path, kind: str, settings: dict[str, object]) -> None:
    files = {
        **legacy({"type": kind, "playbook_file": "play.yml", **settings}),
        "play.yml": "- hosts: all\n  roles: [web]\n",
        "shared/roles/web/tasks/main.yml": "[]\n",
        "shared/roles/web/tasks/other.yml": "[]\n",
        "shared/roles/web/README.md": "",
    }
    assert made_of(tmp_path, files) == {"play.yml", "shared/roles/web/tasks/main.yml"}


@pytest.mark.parametrize("where", ["toml", "buildspec"])
def test_roles_that_the_pipelines_environment_names(tmp_path: Path, where: str) -> None:
    files = {
        **legacy({"type": "ansible", "playbook_file": "play.yml"}),
        "play.yml": "- hosts: all\n  roles: [web]\n",
        "shared/web/tasks/main.yml": "[]\n",
    }
    toml = f'{TOML}[environment]\nANSIBLE_ROLES_PATH = "./shared"\n' if where == "toml" else TOML
    if where == "buildspec":
        files["buildspec.yml"] = "env: {variables: {ANSIBLE_ROLES_PATH: shared}}\n"
    assert made_of(tmp_path, files, toml) == {"play.yml", "shared/web/tasks/main.yml"}


def test_an_uploaded_role_that_no_playbook_uses_counts(tmp_path: Path) -> None:
    files = {
        **legacy({"type": "ansible-local", "playbook_file": "play.yml", "role_paths": ["roles/web"]}),
        "play.yml": PLAYBOOK,
        "roles/web/tasks/main.yml": "[]\n",
        "roles/web/README.md": "",
        "roles/web/molecule/x.yml": "",
    }
    assert made_of(tmp_path, files) == {"play.yml", "roles/web/tasks/main.yml"}


@pytest.mark.parametrize("clean", [False, True])
def test_more_playbooks_count_and_may_be_imported(tmp_path: Path, clean: bool) -> None:
    step = {"type": "ansible-local", "playbook_file": "play.yml", "role_paths": ["roles/db"]}
    files = {
        **legacy({**step, "playbook_paths": ["shared/more"], "clean_staging_directory": clean}),
        "play.yml": "- import_playbook: playbooks/more/db.yml\n",
        "shared/more/db.yml": "- hosts: all\n  roles: [db]\n",
        "shared/more/notes/x.yml": "",
        "roles/db/tasks/main.yml": "[]\n",
    }
    found = graph(tmp_path, files)
    assert not found.missing_references
    named = {path for path in found.made_of("web") if not path.startswith(("packer/", "buildspec"))}
    assert named == {"play.yml", "shared/more/db.yml", "shared/more/notes/x.yml", "roles/db/tasks/main.yml"}
    assert found.made_of("web")["roles/db/tasks/main.yml"].edges[0].label == "roles: db"


def test_a_playbook_that_is_not_known_is_every_playbook(tmp_path: Path) -> None:
    files = {
        **legacy({"type": "ansible", "playbook_file": "ansible/{{build_name}}-{{isotime}}.yml"}),
        "ansible/null-web.yml": PLAYBOOK,
        "ansible/null-vars.yml": "a: 1\n",
        "ansible/db.yml": PLAYBOOK,
    }
    assert made_of(tmp_path, files) == {"ansible/null-web.yml"}


def test_what_is_missing_is_a_gap_with_its_line_and_the_nearest_name(tmp_path: Path) -> None:
    files = script('"scripts/aa.sh"')
    missing_references = graph(tmp_path, files).missing_references
    assert [
        (missing.kind, missing.path, missing.line, missing.name, missing.fix, missing.templates)
        for missing in missing_references
    ] == [("missing-script", "packer/web.pkr.hcl", 7, "scripts/aa.sh", "did you mean scripts/a.sh?", ("web",))]


def test_a_buildspec_of_ones_own_and_what_it_runs(tmp_path: Path) -> None:
    toml = f'{TOML}[templates.web.inputs]\nbuildspec = "ci/build.yml"\n'
    files = {
        **legacy(),
        "ci/build.yml": "phases: {build: {commands: [bash ci/run.sh]}}\n",
        "ci/run.sh": "",
        "ci/no": "",
    }
    found = graph(tmp_path, files, toml).made_of("web")
    assert "buildspec.yml" not in found
    assert [(edge.path, edge.line, edge.label) for edge in found["ci/run.sh"].edges] == [
        ("ci/build.yml", 0, "commands"),
        ("tfgen.toml", 3, "templates.web.inputs.buildspec"),
    ]


def test_a_module_and_those_that_it_calls(tmp_path: Path) -> None:
    files = {
        **legacy(),
        "terraform/modules/codepipeline/main.tf": 'module "x" {\n  source = "../x"\n}\n',
        "terraform/modules/codepipeline/README.md": "",
        "terraform/modules/codepipeline/tests/x.tf": "",
        "terraform/modules/x/y.tf.json": "{}",
        "terraform/modules/z/z.tf": "",
        "terraform/pipelines/main.tf": "",
    }
    assert made_of(tmp_path, files) == {"terraform/modules/codepipeline/main.tf", "terraform/modules/x/y.tf.json"}


def test_a_symlinked_role_counts_by_all_its_names(tmp_path: Path) -> None:
    files = {
        **legacy({"type": "ansible", "playbook_file": "play.yml"}),
        "play.yml": "- hosts: all\n  roles: [web]\n",
        "shared/web/tasks/main.yml": "[]\n",
    }
    (tmp_path / "roles").mkdir(parents=True)
    (tmp_path / "roles/web").symlink_to("../shared/web")
    found = graph(tmp_path, files)
    assert {"roles/web", "shared/web/tasks/main.yml"} <= found.made_of("web").keys()
    assert [*found.touched(["shared/web/tasks/main.yml"])] == ["web"]
    assert [*found.touched(["shared"])] == ["web"]
    assert not found.touched(["shar"])


def test_variables_and_arguments_of_ansible_that_are_computed(tmp_path: Path) -> None:
    content = """\
  provisioner "ansible" {
    playbook_file    = "play.yml"
    ansible_env_vars = concat(["ANSIBLE_ROLES_PATH=${path.root}/../shared:${local.more}"], [])
    extra_arguments  = ["-e", "@${path.root}/../vars/${var.stage}.yml"]
  }"""
    before = 'locals {\n  more = "other"\n}\nvariable "stage" {\n  default = "prod"\n}'
    files = {
        "packer/web.pkr.hcl": hcl(content, before),
        "play.yml": "- hosts: all\n  roles: [web, db]\n",
        "shared/web/tasks/main.yml": "[]\n",
        "other/db/tasks/main.yml": "[]\n",
        "vars/prod.yml": "a: 1\n",
        "vars/test.yml": "a: 1\n",
    }
    wanted = {"play.yml", "shared/web/tasks/main.yml", "other/db/tasks/main.yml", "vars/prod.yml"}
    assert made_of(tmp_path, files) == wanted


def test_a_path_in_a_plugin_that_is_not_known(tmp_path: Path) -> None:
    data = 'data "external" "x" {\n  program = ["python3", "scripts/b.sh", "scripts/no.sh"]\n}'
    assert made_of(tmp_path, {**SCRIPTS, "packer/web.pkr.hcl": hcl("", data)}) == {"scripts/b.sh"}


def test_what_a_requirements_file_takes_from_the_repository(tmp_path: Path) -> None:
    step = {"type": "ansible-local", "playbook_file": "play.yml", "galaxy_file": "ansible/req.yml"}
    files = {
        **legacy(step),
        "play.yml": PLAYBOOK,
        "ansible/req.yml": "collections:\n  - name: ./local/ns/x\n    type: dir\n  - name: community.general\n",
        "local/ns/x/galaxy.yml": "",
    }
    assert made_of(tmp_path, files) == {"play.yml", "ansible/req.yml", "local/ns/x/galaxy.yml"}


def test_the_ansible_cfg_that_applies(tmp_path: Path) -> None:
    files = {
        **legacy({"type": "ansible", "playbook_file": "play/x.yml"}),
        "play/x.yml": "- hosts: all\n  roles: [web]\n",
        "ansible.cfg": "[defaults]\nroles_path = mine\n",
        "mine/web/tasks/main.yml": "[]\n",
    }
    assert made_of(tmp_path, files) == {"play/x.yml", "ansible.cfg", "mine/web/tasks/main.yml"}


@pytest.mark.parametrize(
    ("path", "counts"),
    [
        ("ansible/roles/web/meta/argument_specs.yml", True),
        ("ansible/roles/web/vars_plugins/x.py", True),
        ("ansible/roles/web/tasks/main.yml", False),
        ("ansible/roles/web/README.md", False),
        ("ansible/roles/db/tasks/main.yml", False),
    ],
)
def test_a_role_that_is_uploaded_over_one_of_the_playbooks_folder(tmp_path: Path, path: str, counts: bool) -> None:
    """Packer uploads `playbook_dir`, then each role to `roles/NAME` in it: what only the first has stays there."""
    settings = {"playbook_file": "ansible/web.yml", "playbook_dir": "ansible", "role_paths": ["shared/web"]}
    play = {"ansible/web.yml": "- hosts: all\n  roles: [web]\n", "shared/web/tasks/main.yml": "[]\n"}
    files = {**legacy({"type": "ansible-local", **settings}), **play, path: "[]\n"}
    assert (path in made_of(tmp_path, files)) == counts


@pytest.mark.parametrize(
    ("more", "sure", "widened"),
    [
        ({}, {"scripts/a.sh"}, set()),
        ({"x/scripts/a.sh": ""}, {"scripts/a.sh"}, {"x/scripts/a.sh"}),
        ({"x/scripts/a.sh": "", "x/1/2/3": ""}, {"scripts/a.sh"}, {"x/scripts/a.sh"}),
        ({"x/scripts/a.sh": "", "x/1/2/3/4": ""}, set(), {"scripts/a.sh", "x/scripts/a.sh"}),
    ],
)
def test_a_path_that_leads_out_from_everywhere_but_one_place(
    tmp_path: Path, more: dict[str, str], sure: set[str], widened: set[str]
) -> None:
    """`../../../scripts/a.sh` of a template that is built three folders down: which one, nothing tells."""
    files = {**legacy({"type": "shell", "script": "../../../scripts/a.sh"}), "packer/9/x86/vars.json": "{}", **more}
    found = graph(tmp_path, files).made_of("web")
    told = {path: any(edge.widened for edge in reason.edges) for path, reason in found.items() if path.endswith(".sh")}
    assert told == {**dict.fromkeys(sure, False), **dict.fromkeys(widened, True)}


@pytest.mark.parametrize(
    ("value", "working_dir", "missing"),
    [
        ('fileset("scripts", "*.sh")', ".", "a.sh"),
        ('fileset("scripts", "*.sh")', "packer", "a.sh"),
        ('fileset("scripts", "*.sh")', "packer/scripts", None),
        ('fileset(".", "scripts/*.sh")', ".", "scripts/a.sh"),
        ('fileset(".", "scripts/*.sh")', "packer", None),
        ('fileset(".", "scripts/*.sh")', "", None),
        ('fileset("scripts", "*.sh")', "", "a.sh"),
        ('[for one in fileset("scripts", "*.sh") : "packer/scripts/${one}"]', ".", None),
        ('fileset(var.folder, "*.sh")', ".", None),
    ],
)
def test_what_a_fileset_finds_is_looked_for_where_packer_runs(
    tmp_path: Path, value: str, working_dir: str, missing: str | None
) -> None:
    """It finds names without its folder; `packer validate` of 1.6.6 refuses scripts that are not there."""
    text = hcl(f'  provisioner "shell" {{\n    scripts = {value}\n  }}', 'variable "folder" {\n  type = string\n}')
    toml = f'working_dir = "{working_dir}"\n{TOML}' if working_dir else TOML
    found = graph(tmp_path, {"packer/web.pkr.hcl": text, "packer/scripts/a.sh": "", "packer/scripts/b.sh": ""}, toml)
    assert [(one.name, one.line) for one in found.missing_references] == ([(missing, 9)] if missing else [])
    assert {"packer/scripts/a.sh", "packer/scripts/b.sh"} <= set(found.made_of("web"))


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"packer/scripts/b.sh": ""}, {"packer/scripts/b.sh", "packer/images/http/x"}),
        (
            {"packer/scripts/b.sh": "", "scripts/b.sh": ""},
            {"packer/scripts/b.sh", "scripts/b.sh", "packer/images/http/x"},
        ),
        ({}, {"http/x", "packer/images/http/x"}),
    ],
)
def test_packer_starts_only_where_its_scripts_are(tmp_path: Path, more: dict[str, str], wanted: set[str]) -> None:
    """A script that is nowhere tells nothing."""
    document = {
        "builders": [{"type": "qemu", "http_directory": "http"}],
        "provisioners": [{"type": "shell", "script": "../scripts/b.sh"}],
    }
    files = {"packer/images/web.json": json.dumps(document), "packer/images/http/x": "", "http/x": "", **more}
    assert made_of(tmp_path, files, name="images-web") - {"packer/images/web.json"} == wanted
