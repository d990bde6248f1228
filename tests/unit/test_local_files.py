"""What runs on the machine that builds is followed as its own rules have it: never a file less than it reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.test_graph_template import graph, hcl, legacy, made_of

#: A repository around `shell-local`.
FILES = {
    "ansible/web.yml": "- hosts: all\n  roles: [app]\n",
    "ansible/roles/app/tasks/main.yml": "[]\n",
    "ansible/hosts/prod.ini": "",
    "ansible/hosts/group_vars/all.yml": "",
    "ansible/vars/app.yml": "",
    "lib/common.sh": "load() { cat conf/a.conf; }\n",
    "conf/a.conf": "",
    "conf/b.conf": "",
    "conf/sub/c.conf": "",
    "bin/build.sh": '#!/bin/bash\nset -e\ncd "$(dirname "$0")/.."\n. lib/common.sh\nansible-playbook ansible/web.yml\n',
    "bin/here.sh": "ansible-playbook ../ansible/web.yml\n",
    "bin/args.sh": 'cat "$1"\n',
    "bin/list.py": "#!/usr/bin/env python3\nprint(open('conf/b.conf').read())\n",
    "Makefile": "D := conf\nfirst: second\n\t@cat $(D)/a.conf\nsecond:\n\tcd bin && ./args.sh x\n",
}
PLAY = {"ansible/web.yml", "ansible/roles/app/tasks/main.yml"}
HOSTS = {*PLAY, "ansible/hosts/prod.ini", "ansible/hosts/group_vars/all.yml"}
CONF = {"conf/a.conf", "conf/b.conf", "conf/sub/c.conf"}
BIN = {"bin/build.sh", "bin/here.sh", "bin/args.sh", "bin/list.py"}


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        (["cd ansible && ansible-playbook web.yml"], PLAY),
        (["cd ansible", "ansible-playbook web.yml"], PLAY),
        (["(cd ansible; true); ansible-playbook ansible/web.yml"], PLAY),
        (["pushd ansible", "ansible-playbook web.yml"], PLAY),
        (["P=ansible/web.yml", "ansible-playbook $P"], PLAY),
        (["D=ansible; cd $D", "/opt/venv/bin/ansible-playbook ./web.yml"], PLAY),
        (["ansible-playbook -i ansible/hosts ansible/web.yml"], HOSTS),
        (["ansible-playbook -iansible/hosts/prod.ini ansible/web.yml"], HOSTS),
        (["cd ansible; ansible-playbook -ve@vars/app.yml web.yml"], {*PLAY, "ansible/vars/app.yml"}),
        (["cd ansible; ansible-playbook --extra=@vars/app.yml web.yml"], {*PLAY, "ansible/vars/app.yml"}),
        (["ANSIBLE_CONFIG=conf/a.conf ansible-playbook ansible/web.yml"], {*PLAY, "conf/a.conf"}),
        (["sudo -E env A=b ansible-playbook ansible/web.yml"], PLAY),
        (["sh -c 'cd ansible && ansible-playbook web.yml'"], PLAY),
        (["ansible-playbook $DIR/web.yml"], PLAY),
        (["cd $DIR; ansible-playbook web.yml"], PLAY),
        (["ansible-playbook nowhere/web.yml"], PLAY),
        (["if true; then cd ansible; fi; ansible-playbook web.yml"], PLAY),
        (["bin/build.sh"], {*PLAY, "bin/build.sh", "lib/common.sh", "conf/a.conf"}),
        (["cd bin; ./build.sh"], {*PLAY, "bin/build.sh", "lib/common.sh", "conf/a.conf"}),
        (["bash -eux bin/build.sh"], {*PLAY, "bin/build.sh", "lib/common.sh", "conf/a.conf"}),
        (["cd bin && bash here.sh"], {*PLAY, "bin/here.sh"}),
        (["sh bin/args.sh conf/b.conf"], {"bin/args.sh", "conf/b.conf"}),
        ([". lib/common.sh", "load"], {"lib/common.sh", "conf/a.conf"}),
        (["source ./lib/common.sh"], {"lib/common.sh", "conf/a.conf"}),
        (["for f in conf/*.conf; do cat $f; done"], {"conf/a.conf", "conf/b.conf"}),
        (["cat conf/[a]*.conf"], {"conf/a.conf"}),
        (["cat conf/{a,b}.conf"], {"conf/a.conf", "conf/b.conf"}),
        (["cat <conf/a.conf"], {"conf/a.conf"}),
        (["x=$(cat conf/a.conf)"], {"conf/a.conf"}),
        (["cp -r conf /tmp/x"], CONF),
        (["cp -r conf/* /tmp/x"], CONF),
        (["tar -C conf -cf /tmp/x.tar ."], CONF),
        (["tar cf - conf | ssh host tar xf -"], CONF),
        (["cd conf && tar czf /tmp/x.tgz ."], CONF),
        (["rsync -a ./conf/ /tmp/x"], CONF),
        (["curl -d @conf/a.conf https://example.com/conf/b.conf"], {"conf/a.conf"}),
        (["make"], {"Makefile", "conf/a.conf", "bin/args.sh"}),
        (["make -C . second"], {"Makefile", "bin/args.sh"}),
        (["python3 bin/list.py"], {"bin/list.py", "conf/b.conf"}),
        (["./bin/list.py"], {"bin/list.py", "conf/b.conf"}),
        (["packer build packer/other.json"], {"packer/other.json", "conf/b.conf"}),
        (["mkdir -p conf", "ls conf", "test -d conf", "echo conf"], set()),
        (["cat /conf/a.conf ~/conf/a.conf $HOME/conf/a.conf"], set()),
        (["# cat conf/a.conf"], set()),
        (["run-parts --regex=x bin"], {*BIN, *PLAY, "lib/common.sh", *CONF} - {"conf/sub/c.conf"}),
        (["sudo run-parts -a x ./bin"], {*BIN, *PLAY, "lib/common.sh", *CONF} - {"conf/sub/c.conf"}),
        (["parallel -j2 sh {} ::: bin/build.sh"], {*PLAY, "bin/build.sh", "lib/common.sh", "conf/a.conf"}),
        (["parallel ::: 'sh bin/build.sh' true"], {*PLAY, "bin/build.sh", "lib/common.sh", "conf/a.conf"}),
        (["parallel --jobs 2 'cd {1} && sh {2.}.sh' ::: bin ::: here.x"], {*PLAY, "bin/here.sh"}),
        (["ls bin/b*.sh | parallel sh {}"], {*PLAY, "bin/build.sh", "lib/common.sh", "conf/a.conf"}),
        (["ls bin/b*.sh | xargs -I{} sh {}"], {*PLAY, "bin/build.sh", "lib/common.sh", "conf/a.conf"}),
    ],
)  # fmt: skip
def test_a_command_on_this_machine(tmp_path: Path, lines: list[str], wanted: set[str]) -> None:
    other = {"packer/other.json": '{"builders": [{"type": "null"}], "provisioners": [{"type": "file", "source": "conf/b.conf", "destination": "/x"}]}'}  # fmt: skip  # noqa: E501
    files = {**legacy({"type": "shell-local", "inline": lines}), **FILES, **other}
    assert made_of(tmp_path, files) - {"scripts/a.sh"} == wanted


@pytest.mark.parametrize(
    "step",
    [
        {"type": "shell-local", "script": "bin/build.sh"},
        {"type": "shell-local", "scripts": ["bin/build.sh"]},
        {"type": "shell-local", "command": "bin/build.sh"},
        {"type": "shell-local", "execute_command": ["bash", "-c", "{{.Vars}} {{.Script}}"], "inline": ["bin/build.sh"]},
        {"type": "shell-local", "environment_vars": ["S=bin/build.sh"], "inline": ["sh $S"]},
        {"type": "shell-local", "env": {"S": "build.sh"}, "inline": ["cd bin", "./${S}"]},
    ],
)  # fmt: skip
def test_every_setting_that_runs_something(tmp_path: Path, step: dict[str, object]) -> None:
    wanted = {*PLAY, "bin/build.sh", "lib/common.sh", "conf/a.conf"}
    assert made_of(tmp_path, {**legacy(step), **FILES}) == wanted


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ('inline = ["sh ${path.root}/own/a.sh"]', {"packer/own/a.sh"}),
        ('inline = ["cd /tmp && sh \\"${path.root}/own/a.sh\\""]', {"packer/own/a.sh"}),
        ('inline = ["cd ${path.root} && sh own/a.sh"]', {"packer/own/a.sh"}),
        ('inline = ["cd ${path.root}/../conf && cat b.conf"]', {"conf/b.conf"}),
        ('command = "cd x; cat ${abspath(path.root)}/own/*"', {"packer/own/a.sh"}),
        ('inline = ["cd /tmp && cat ${abspath("conf/b.conf")}"]', {"conf/b.conf"}),
        ('inline = ["cd bin", "cat \'${path.cwd}/conf/b.conf\'"]', {"conf/b.conf"}),
        ('inline = ["cd bin; x --in=${path.cwd}/conf/a.conf -c@${path.cwd}/conf/b.conf"]', CONF - {"conf/sub/c.conf"}),
        ('inline = ["cd /tmp; cat $S/b.conf"]\n    environment_vars = ["S=${path.cwd}/conf"]', {"conf/b.conf"}),
        ('script = "${abspath("bin")}/args.sh"', {"bin/args.sh"}),
    ],
)  # fmt: skip
def test_a_path_that_begins_where_packer_stands(tmp_path: Path, settings: str, wanted: set[str]) -> None:
    """Wherever the shell has gone: `path.root` is seen from the repository, `path.cwd` from where Packer runs."""
    text = hcl(f'  provisioner "shell-local" {{\n    {settings}\n  }}')
    assert made_of(tmp_path, {**FILES, "packer/own/a.sh": "", "packer/web.pkr.hcl": text}) == wanted


@pytest.mark.parametrize("folder", ["{{template_dir}}/own/a.sh", "{{pwd}}/packer/own/a.sh"])
def test_the_same_in_legacy_json(tmp_path: Path, folder: str) -> None:
    files = legacy({"type": "shell-local", "inline": [f"cd /tmp && sh {folder}"]})
    assert made_of(tmp_path, {**files, "packer/own/a.sh": ""}) == {"packer/own/a.sh"}


def test_a_post_processor_runs_here_too(tmp_path: Path) -> None:
    build = '  post-processor "shell-local" {\n    inline = ["cd conf", "cat ${var.f}.conf"]\n  }'
    text = hcl(build, 'variable "f" {\n  default = "a"\n}')
    assert made_of(tmp_path, {**FILES, "packer/web.pkr.hcl": text}) == {"conf/a.conf"}


@pytest.mark.parametrize(
    "arguments",
    [
        ["-e@ansible/vars/app.yml"],
        ["-e", "@ansible/vars/app.yml"],
        ["-ve@ansible/vars/app.yml"],
        ["--extra=@ansible/vars/app.yml"],
        ["--extra-vars=@ansible/vars/app.yml"],
        ["--vault-id", "x@ansible/vars/app.yml"],
        ["--vault-pass=ansible/vars/app.yml"],
        ["-iansible/vars/app.yml"],
        ["--inv=ansible/vars/app.yml"],
        ["-M", "ansible/vars"],
        ["--unheard-of", "-e@ansible/vars/app.yml"],
    ],
)
def test_an_option_of_ansible_in_any_spelling(tmp_path: Path, arguments: list[str]) -> None:
    step = {"type": "ansible", "playbook_file": "ansible/web.yml", "extra_arguments": arguments}
    assert made_of(tmp_path, {**legacy(step), **FILES}) == {*PLAY, "ansible/vars/app.yml"}


@pytest.mark.parametrize(
    "settings",
    [
        {"command": "ansible-playbook -e @ansible/vars/app.yml"},
        {"ansible_env_vars": ["ANSIBLE_VAULT_PASSWORD_FILE=ansible/vars/app.yml"]},
        {"ansible_env_vars": ["ANSIBLE_INVENTORY=ansible/vars/app.yml"]},
        {"ansible_env_vars": ["ANSIBLE_FILTER_PLUGINS=ansible/vars"]},
        {"inventory_file": "ansible/vars/app.yml"},
    ],
)
def test_other_settings_that_name_files(tmp_path: Path, settings: dict[str, object]) -> None:
    step = {"type": "ansible", "playbook_file": "ansible/web.yml", **settings}
    assert made_of(tmp_path, {**legacy(step), **FILES}) == {*PLAY, "ansible/vars/app.yml"}


@pytest.mark.parametrize(
    ("commands", "wanted"),
    [
        (["cd ansible", "ansible-playbook web.yml", "packer build $PACKER_SCRIPT"], PLAY),
        (["cp -r conf build"], CONF),
        ([". lib/common.sh"], {"lib/common.sh", "conf/a.conf"}),
        (["make"], {"Makefile", "conf/a.conf", "bin/args.sh"}),
    ],
)
def test_the_buildspecs_commands(tmp_path: Path, commands: list[str], wanted: set[str]) -> None:
    lines = "".join(f"      - {command}\n" for command in commands)
    spec = {"buildspec.yml": f"version: 0.2\nphases:\n  build:\n    commands:\n{lines}"}
    assert made_of(tmp_path, {**legacy(), **FILES, **spec}) == wanted


def test_a_path_is_seen_from_where_packer_runs(tmp_path: Path) -> None:
    """`file()` from the template's folder, `script` and `shell-local` from the working directory."""
    read = 'file("f.txt"), file("${path.cwd}/g.txt")'
    steps = f'provisioner "shell" {{\n script = "s.sh"\n}}\nprovisioner "shell" {{\n inline = [{read}]\n}}\n'
    steps += 'provisioner "shell-local" {\n inline = ["cat c.txt"]\n}'
    both = {
        f"{folder}{name}": ""
        for folder in ("", "packer/", "packer/web/")
        for name in ("s.sh", "f.txt", "c.txt", "g.txt")
    }
    files = {"packer/web/x.pkr.hcl": hcl(steps), **both}
    spec = {"buildspec.yml": "version: 0.2\nphases: {build: {commands: ['cd packer', 'packer build $PACKER_SCRIPT']}}"}
    found = graph(tmp_path, {**files, **spec})
    (image,) = found.images
    named = {path for path in found.made_of(image.name) if "x.pkr" not in path and path != "buildspec.yml"}
    assert named == {"packer/s.sh", "packer/web/f.txt", "packer/c.txt", "packer/g.txt"}


def test_a_reason_leads_through_the_script(tmp_path: Path) -> None:
    found = graph(tmp_path, {**legacy({"type": "shell-local", "inline": ["bin/build.sh"]}), **FILES})
    edges = found.made_of("web")["lib/common.sh"].edges
    assert [(edge.path, edge.line, edge.label) for edge in edges] == [
        ("bin/build.sh", 4, "."),
        ("packer/web.json", 0, "inline"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "sh <<'EOF'\ncd ansible\nansible-playbook web.yml\nEOF",
        "bash -s x <<EOF\nansible-playbook ansible/web.yml\nEOF",
        'bash <<< "ansible-playbook ansible/web.yml"',
        "echo 'ansible-playbook ansible/web.yml' | sh",
        "find ansible -maxdepth 1 -name '*.yml' -exec ansible-playbook {} \\;",
        "find ansible -maxdepth 1 -name 'w*.yml' | xargs ansible-playbook",
        "find ansible -name 'web.yml' | while read -r play; do ansible-playbook $play; done",
        "echo ansible/web.yml | xargs -n1 ansible-playbook",
        "pipenv run ansible-playbook ansible/web.yml",
        "docker run -v $PWD:/w image ansible-playbook ansible/web.yml",
        'docker run image sh -c "ansible-playbook ansible/web.yml"',
        'run="ansible-playbook ansible/web.yml"\n$run',
        'run=(ansible-playbook)\nrun+=(ansible/web.yml)\n"${run[@]}"',
        "su - user -c 'ansible-playbook ansible/web.yml'",
        "trap 'ansible-playbook ansible/web.yml' EXIT",
        "python3 -c \"import subprocess; subprocess.run(['ansible-playbook', 'ansible/web.yml'])\"",
        "cat bin/run.sh | sh",
        "bash < bin/run.sh",
        "python3 bin/run.py",
        "python3 bin/shell.py",
        "python3 bin/folder.py",
    ],
)
def test_a_playbook_that_is_started_in_another_way(tmp_path: Path, text: str) -> None:
    programs = {
        "bin/run.sh": "ansible-playbook ansible/web.yml\n",
        "bin/run.py": "import subprocess\nsubprocess.run(['ansible-playbook', 'ansible/web.yml'])\n",
        "bin/shell.py": "import os\nos.system('cd ansible && ansible-playbook web.yml')\n",
        "bin/folder.py": "os.chdir('ansible')\nos.execvp('ansible-playbook', ['ansible-playbook', 'web.yml'])\n",
    }
    found = made_of(tmp_path, {**legacy({"type": "shell-local", "inline": [text]}), **FILES, **programs})
    assert found >= PLAY
    assert "conf/sub/c.conf" not in found


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x=$(<conf/a.conf)", {"conf/a.conf"}),
        ("sha256sum $(find conf -type f)", CONF),
        ("find conf -type f | cpio -o > x.cpio", CONF),
        ("(cd conf; tar cf - *) | cat", CONF),
        ("find conf -name 'a.*' | xargs cat", {"conf/a.conf"}),
        ("while read -r f; do cat $f; done < <(find conf -name 'a.*')", {"conf/a.conf"}),
        ("readarray -t names < <(find conf -name 'a.*')\ncat \"${names[@]}\"", {"conf/a.conf"}),
        ("while read -r f; do cat $f; done <<< conf/a.conf", {"conf/a.conf"}),
        ("while read -r f; do cat $f; done <<END\nconf/a.conf\nconf/b.conf\nEND", {"conf/a.conf", "conf/b.conf"}),
        ("echo conf/a.conf conf/b.conf | while read -r f; do cat $f; done", {"conf/a.conf", "conf/b.conf"}),
        ("find conf -name 'a.*' -delete", set()),
        ("find conf -type f | xargs chmod 600", set()),
        ("find conf -type f -exec chmod 600 {} +", set()),
        ("apt-get install -y ansible-playbook conf/a.deb", set()),
    ],
)
def test_files_whose_names_are_handed_on(tmp_path: Path, text: str, wanted: set[str]) -> None:
    found = made_of(tmp_path, {**legacy({"type": "shell-local", "inline": [text]}), **FILES})
    assert found == wanted


@pytest.mark.parametrize("argument", ["-e{{ user `f` }}", "--extra-vars={{user `f`}}", "{{ user `whole` }}"])
def test_an_argument_of_ansible_out_of_a_variable_of_json(tmp_path: Path, argument: str) -> None:
    step = {"type": "ansible", "playbook_file": "ansible/web.yml", "extra_arguments": [argument]}
    variables = {"f": "@ansible/vars/app.yml", "whole": "-e@ansible/vars/app.yml"}
    assert made_of(tmp_path, {**legacy(step, variables=variables), **FILES}) == {*PLAY, "ansible/vars/app.yml"}


def test_an_override_has_arguments_too(tmp_path: Path) -> None:
    override = {"null": {"extra_arguments": ["-ve@ansible/vars/app.yml"]}}
    step = {"type": "ansible", "playbook_file": "ansible/web.yml", "override": override}
    assert made_of(tmp_path, {**legacy(step), **FILES}) == {*PLAY, "ansible/vars/app.yml"}


def test_an_argument_with_a_directive_in_it(tmp_path: Path) -> None:
    step = """provisioner "ansible" {
      playbook_file = "ansible/web.yml"
      extra_arguments = ["-e@ansible/vars/%{ if true }app%{ else }db%{ endif }.yml"]
    }"""
    files = {"packer/web/x.pkr.hcl": hcl(step), **FILES, "ansible/vars/db.yml": "", "ansible/vars/x.json": ""}
    found = graph(tmp_path, files)
    named = found.made_of(found.images[0].name)
    assert {"ansible/vars/app.yml", "ansible/vars/db.yml"} <= set(named)
    assert "ansible/vars/x.json" not in named


def test_arguments_of_ansible_local_are_seen_from_the_folder_that_is_uploaded(tmp_path: Path) -> None:
    step = {"type": "ansible-local", "playbook_file": "ansible/web.yml", "playbook_dir": "ansible"}
    files = {**legacy({**step, "extra_arguments": ["-v -e @vars/app.yml"]}), **FILES, "vars/app.yml": ""}
    found = graph(tmp_path, files)
    assert "ansible/vars/app.yml" in found.made_of("web")
    assert "vars/app.yml" not in found.made_of("web")
    assert not found.missing_references


@pytest.mark.parametrize(
    "text",
    [
        'bash -c "$(cat bin/build.sh)"',
        'eval "$(cat bin/build.sh)"',
        "source <(cat bin/build.sh)",
        'T=$(<bin/build.sh)\neval "$T"',
        '. "$(dirname "$0")/bin/build.sh"',
        '. "${0%/*}/bin/build.sh"',
        '. "$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)/bin/build.sh"',
        '. "$(dirname "$(readlink -f "$0")")/bin/build.sh"',
        ". /dev/stdin <bin/build.sh",
        "cp bin/build.sh /tmp/y && /tmp/y",
        "install -m 755 bin/build.sh /usr/local/bin && /usr/local/bin/build.sh",
        "install -D -t /opt/x bin/build.sh; /opt/x/build.sh",
        "cp bin/*.sh /tmp/ ; bash /tmp/build.sh",
        "mv bin/build.sh y.sh; sh y.sh",
        "ln -s bin/build.sh y.sh && ./y.sh",
        "ln -s ../bin/build.sh lib/y.sh; lib/y.sh",
        'ln -sf "$PWD/bin/build.sh" /tmp/y; /tmp/y',
        "sed s/a/b/ bin/build.sh >/tmp/y; sh /tmp/y",
        "D=$(mktemp -d)\ncp bin/build.sh $D/y.sh\n$D/y.sh",
        "cat bin/build.sh | tee /tmp/y >/dev/null; bash /tmp/y",
        "tar cf - bin/build.sh | tar xf - -C /tmp; /tmp/bin/build.sh",
        "tar -czf /tmp/x.tgz -C bin build.sh; cd /tmp; tar -xzf x.tgz; cd -; /tmp/build.sh",
        "docker run --rm -v $PWD:/w image /w/bin/build.sh",
        "docker run --mount type=bind,source=$PWD,target=/w image bash /w/bin/build.sh",
        "cat >/tmp/y <<'END'\nbin/build.sh\nEND\nsh /tmp/y",
        "tee y.sh <<END\nbash bin/build.sh\nEND\nchmod +x y.sh; ./y.sh",
        'echo "bin/build.sh" >/tmp/y; sh /tmp/y',
        "fakeroot bin/build.sh",
    ],
)
def test_a_script_that_is_read_or_copied_and_then_run(tmp_path: Path, text: str) -> None:
    """Its text is that of the repository's file; what it reads from the current folder counts."""
    build = {"bin/build.sh": "#!/bin/bash\ncat conf/b.conf\n"}
    found = made_of(tmp_path, {**legacy({"type": "shell-local", "inline": [text]}), **FILES, **build})
    assert found - {f"bin/{name}" for name in ("args.sh", "here.sh")} == {"bin/build.sh", "conf/b.conf"}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("docker run -v $PWD:/w -w /w image make second", {"Makefile", "bin/args.sh"}),
        ("docker run -v $PWD/conf:/c image", CONF),
        ("docker run -v $PWD:/w image cat /w/conf/a.conf", {"conf/a.conf"}),
        ("env -C conf cat a.conf", {"conf/a.conf"}),
        ("sudo --chdir=conf cat a.conf", {"conf/a.conf"}),
        ("python3 - <bin/list.py", {"bin/list.py", "conf/b.conf"}),
        ("D=$(realpath conf); cat $D/a.conf", {"conf/a.conf"}),
        ("git clone . /tmp/c && cd /tmp/c && cat conf/a.conf", {"conf/a.conf"}),
        ('git clone -q --depth 1 "file://$PWD" /tmp/c; cd /tmp/c/ansible; ansible-playbook web.yml', PLAY),
        ("git worktree add /tmp/c HEAD; cd /tmp/c/ansible; ansible-playbook web.yml", PLAY),
        ("git clone . /tmp/c; tar c -C /tmp/c/conf .", CONF),
        ("git clone https://example.com/x.git /tmp/c; cat /tmp/c/conf/a.conf", set()),
        ("git status .; git checkout .", set()),
    ],
)
def test_a_clone_of_the_repository(tmp_path: Path, text: str, wanted: set[str]) -> None:
    found = made_of(tmp_path, {**legacy({"type": "shell-local", "inline": [text]}), **FILES})
    assert found == wanted


PROGRAM_FILES = {"conf/a.conf", "conf/b.conf"}


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("run.py", 'open(os.path.join(os.path.dirname(__file__), "..", "conf", "a.conf"))', {"conf/a.conf"}),
        ("run.py", '(Path(__file__).parent.parent / "conf" / "a.conf").read_text()', {"conf/a.conf"}),
        ("run.py", 'open(f"conf/{name}.conf")', CONF),
        ("run.py", 'open("conf/" + name + ".conf")', CONF),
        ("run.py", 'open(os.path.join(os.path.dirname(HERE), "conf", name))', CONF),
        ("run.py", 'open(Path("conf") / name)', CONF),
        ("run.py", 'for one in os.listdir("conf"): pass', CONF),
        ("run.py", 'glob.glob("conf/*.conf")', PROGRAM_FILES),
        ("run.py", "from helper import x", {"bin/helper.py", "conf/b.conf"}),
        ("run.py", "import lib.deep as deep", {"bin/lib/__init__.py", "bin/lib/deep.py", "conf/a.conf"}),
        ("run.py", "from lib import (x,\n  deep)", {"bin/lib/__init__.py", "bin/lib/deep.py", "conf/a.conf"}),
        ("run.rb", "require_relative 'lib/more'", {"bin/lib/more.rb"}),
        ("run.rb", "File.read(File.join('conf', 'b.conf'))", {"conf/b.conf"}),
        ("run.pl", 'open(my $f, "<", "$root/conf/a.conf")', {"conf/a.conf"}),
        ("run.js", "fs.readFileSync(__dirname + '/../conf/a.conf')", {"conf/a.conf"}),
        ("run.js", "require('./lib/more')", {"bin/lib/more.js"}),
        ("run.ps1", '. $PSScriptRoot/lib/more.ps1\nGet-Content "conf/$name.conf"', {*CONF, "bin/lib/more.ps1"}),
        ("run.py", 'subprocess.run(["packer", "build", "x"])\nprint("conf")', set()),
    ],
)  # fmt: skip
def test_a_program_in_another_language(tmp_path: Path, name: str, text: str, wanted: set[str]) -> None:
    """The texts in it that name files, paths that are put together of them, and what it imports."""
    programs = {
        "bin/helper.py": 'open("conf/b.conf")\n',
        "bin/lib/__init__.py": "",
        "bin/lib/deep.py": "open('conf/a.conf')\n",
        f"bin/lib/more.{name.partition('.')[2]}": "",
        f"bin/{name}": text,
    }
    start = {"py": "python3", "rb": "ruby", "pl": "perl", "js": "node", "ps1": "pwsh -File"}[name.partition(".")[2]]
    step = {"type": "shell-local", "inline": [f"{start} bin/{name}"]}
    assert made_of(tmp_path, {**legacy(step), **FILES, **programs}) == {f"bin/{name}", *wanted}


def test_a_module_that_python_runs(tmp_path: Path) -> None:
    step = {"type": "shell-local", "inline": ["cd bin", "python3 -m tool.run x"]}
    tool = {"bin/tool/__init__.py": "", "bin/tool/run.py": "from tool import other\n", "bin/tool/other.py": ""}
    assert made_of(tmp_path, {**legacy(step), **FILES, **tool}) == set(tool)


@pytest.mark.parametrize("text", ['. "$FILE"', 'bash "$1"', 'sh "$DIR/$NAME"'])
def test_a_script_of_which_nothing_is_known_may_be_any_script(tmp_path: Path, text: str) -> None:
    files = {**legacy({"type": "shell-local", "inline": [text]}), **FILES}
    found = graph(tmp_path, files).made_of("web")
    assert {"bin/build.sh", "lib/common.sh"} <= set(found)
    assert not {"ansible/vars/app.yml", "bin/list.py"} & set(found)
    assert all(edge.widened for edge in found["bin/here.sh"].edges[-1:])


@pytest.mark.parametrize(
    "makefile",
    [
        f"all: {' '.join(map(str, range(2000)))}\n" + "".join(f"{n}%:\n\tcat conf/a.conf\n" for n in range(2000)),
        "A0 = x\n" + "".join(f"A{n} = $(A{n - 1})$(A{n - 1})\n" for n in range(1, 40)) + "all:\n\tcat $(A39) conf/*",
        "all:\n\tcat conf/a.conf\n\tx " + "$(a " * 20_000 + "\n",
        "all: all\n\t$(MAKE) all\n\tcat conf/a.conf\n",
        "include Makefile\nall:\n\tcat conf/a.conf\n",
        "A = $(A)\nall: $(A)\n\tcat conf/a.conf\n",
    ],
)  # fmt: skip
def test_a_makefile_that_has_no_end(tmp_path: Path, makefile: str) -> None:
    files = {**legacy({"type": "shell-local", "inline": ["make"]}), **FILES, "Makefile": makefile}
    assert {"Makefile", "conf/a.conf"} <= made_of(tmp_path, files)


def test_a_program_that_imports_without_an_end(tmp_path: Path) -> None:
    program = f"import {'a.' * 20_000}b\nfrom . import run\nopen('conf/a.conf')\n" + "from . import (\n" * 1000
    step = {"type": "shell-local", "inline": ["python3 bin/run.py"]}
    assert made_of(tmp_path, {**legacy(step), **FILES, "bin/run.py": program}) == {"bin/run.py", "conf/a.conf"}


@pytest.mark.parametrize(
    "text",
    [
        'DIR="$( cd -- "$( dirname -- "${BASH_SOURCE[0]:-$0}" )" &> /dev/null && pwd )"\n. "$DIR/x.sh"',
        'DIR=$(dirname "$(realpath "$0")")\n. $DIR/x.sh',
        "here=${0%/*}\nsource $here/x.sh",
        "base=$(cd $(dirname $0)/..; pwd)\n. $base/bin/x.sh",
        'ROOT=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)\n. $ROOT/bin/x.sh',
        'DIR="$(cd "$(dirname "$0")" >/dev/null 2>&1 ; pwd -P )"\n. $DIR/x.sh',
        'cd "$(dirname "$(which "$0")")"; . ./x.sh; cd ..',
        'set -- "$(dirname "$0")"\n. "$1/x.sh"',
        'f() { local d; d="$(dirname "${BASH_SOURCE[0]}")"; . "$d/x.sh"; }\nf',
        'eval "$(cat "$(dirname "$0")/x.sh")"',
        '. ${LIB:-$(dirname "$0")}/x.sh',
        'printf "%s" bin/x.sh | xargs bash',
        "(. bin/x.sh)\n",
        "A=1 command . bin/x.sh",
    ],
)
def test_a_script_beside_the_script(tmp_path: Path, text: str) -> None:
    files = {"bin/s.sh": f"#!/bin/bash\n{text}\n", "bin/x.sh": "cat $PWD/conf/a.conf ../conf/a.conf\n"}
    step = {"type": "shell-local", "inline": ["bin/s.sh"]}
    found = graph(tmp_path, {**legacy(step), **FILES, **files}).made_of("web")
    told = {path for path, reason in found.items() if not any(edge.widened for edge in reason.edges)}
    assert told == {"packer/web.json", "buildspec.yml", "bin/s.sh", "bin/x.sh", "conf/a.conf"}
