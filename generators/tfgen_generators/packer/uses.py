"""Which settings of which builders, provisioners and post-processors name files on the engineer's machine.

Source: the reference pages of Packer's plugins. What is not listed here is not guessed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from tfgen_generators.packer.ansible_settings import Use, of_ansible
from tfgen_generators.packer.syntax.values import Expression, Value, expressions, looped, repeated

_SCRIPTS = {"script": "script", "scripts": "script"}
_PROVISIONERS: Mapping[str, Mapping[str, str]] = {
    "ansible": {
        "playbook_file": "playbook",
        "galaxy_file": "galaxy_file",
        "roles_path": "role_path",
        "collections_path": "collection_path",
        "inventory_file": "inventory",
        "inventory_directory": "inventory",
        "ssh_authorized_key_file": "key",
        "ssh_host_key_file": "key",
    },
    "ansible-local": {
        "playbook_file": "playbook",
        "playbook_files": "playbook",
        "playbook_dir": "playbook_dir",
        "playbook_paths": "playbook_dir",
        "role_paths": "role_path",
        "collection_paths": "collection_path",
        "galaxy_file": "galaxy_file",
        "inventory_file": "inventory",
        "group_vars": "group_vars",
        "host_vars": "host_vars",
    },
    "chef-client": {"config_template": "upload", "encrypted_data_bag_secret_path": "upload", "client_key": "key"},
    "chef-solo": {
        "config_template": "upload",
        "cookbook_paths": "upload",
        "roles_path": "upload",
        "data_bags_path": "upload",
        "environments_path": "upload",
        "encrypted_data_bag_secret_path": "upload",
    },
    "converge": {"module_dirs": "upload"},
    "file": {"source": "upload", "sources": "upload"},
    "goss": {"tests": "upload", "vars_file": "upload"},
    "inspec": {"profile": "upload", "attributes": "upload", "input_file": "upload"},
    "powershell": _SCRIPTS,
    "puppet-masterless": {
        "manifest_file": "upload",
        "manifest_dir": "upload",
        "module_paths": "upload",
        "hiera_config_path": "upload",
    },
    "puppet-server": {"client_cert_path": "key", "client_private_key_path": "key"},
    "salt-masterless": {
        "local_state_tree": "upload",
        "local_pillar_roots": "upload",
        "minion_config": "upload",
        "grains_file": "upload",
    },
    "shell": _SCRIPTS,
    "shell-local": _SCRIPTS,
    "windows-shell": _SCRIPTS,
}
_POST_PROCESSORS: Mapping[str, Mapping[str, str]] = {
    "shell-local": _SCRIPTS,
    "vagrant": {"vagrantfile_template": "upload", "include": "upload"},
}
#: Of every builder: the communicators' keys, and what several plugins call alike.
_BUILDERS: Mapping[str, str] = {
    "user_data_file": "user_data",
    "custom_data_file": "user_data",
    "startup_script_file": "user_data",
    "http_directory": "http",
    "floppy_files": "media",
    "floppy_dirs": "media",
    "cd_files": "media",
    "ssh_private_key_file": "key",
    "ssh_certificate_file": "key",
    "ssh_bastion_private_key_file": "key",
    "ssh_bastion_certificate_file": "key",
    "vagrantfile_template": "upload",
}
_READING = frozenset({"file", "filebase64", "templatefile"})
_PATH = re.compile(r"(?!/)[\w.@+-]+(?:/[\w.@+-]+)+")

#: Settings that do not name files and decide all the same which of them count, or hold commands for this machine.
_LOCAL_COMMANDS = ("inline", "command", "execute_command", "inline_shebang", "environment_vars", "env")
#: The provisioners that run Ansible, and settings of theirs that name files among other things.
ANSIBLE = frozenset({"ansible", "ansible-local"})
OF_ANSIBLE = ("command", "ansible_env_vars", "extra_arguments")
_ALSO: Mapping[str, tuple[str, ...]] = {
    "ansible": ("groups", "host_alias", *OF_ANSIBLE),
    "ansible-local": ("inventory_groups", "clean_staging_directory", "staging_directory", *OF_ANSIBLE),
    "shell-local": _LOCAL_COMMANDS,
}


def also_kept(kind: str, settings: Mapping[str, Value]) -> dict[str, Value]:
    """What else of a provisioner or post-processor decides which files it uses."""
    kept = {key: settings[key] for key in _ALSO.get(kind, ()) if settings.get(key) not in (None, "", [])}
    # What is literal there `of_provisioner` reads.
    literal = OF_ANSIBLE if kind in ANSIBLE else ()
    return {key: value for key, value in kept.items() if key not in literal or _is_computed(value)}


def _is_computed(value: Value) -> bool:
    """Whether there is an expression in a value, or one of Packer's own `{{ }}` in its texts."""
    return next(expressions(value), None) is not None or any("{{" in text for text in _listed_texts(value))


def of_provisioner(kind: str, settings: Mapping[str, Value]) -> Iterator[Use]:
    """The files that one provisioner uses."""
    if not _downloads(kind, settings) and settings.get("generated") is not True:
        yield from _listed(_PROVISIONERS.get(kind, {}), settings)
    if kind in ANSIBLE:
        for key in OF_ANSIBLE:
            if key in settings:
                yield from of_ansible(kind, key, tuple(text for text in _listed_texts(settings[key]) if text))
    overrides = settings.get("override")
    for override in overrides.values() if isinstance(overrides, dict) else ():
        if isinstance(override, dict):
            yield from of_provisioner(kind, {key: value for key, value in override.items() if key != "override"})


def of_post_processor(kind: str, settings: Mapping[str, Value]) -> Iterator[Use]:
    """The files that one post-processor uses."""
    return _listed(_POST_PROCESSORS.get(kind, {}), settings)


def of_builder(settings: Mapping[str, Value]) -> Iterator[Use]:
    """The files that one builder uses."""
    return _listed(_BUILDERS, settings)


def reads_file(call: Expression) -> bool:
    """Whether it is a call such as `file("x")`, `templatefile("x", ...)`."""
    return call.op == "call" and call.args[0] in _READING and len(call.args) > 1


def of_functions(values: Iterable[Value]) -> Iterator[Use]:
    """The files that such calls read."""
    for value in values:
        for call, loops in looped(value):
            if reads_file(call):
                yield "function", repeated(call.args[1], loops), str(call.args[0])


def of_paths(values: Iterable[Value], steps: Iterable[tuple[str, Mapping[str, Value]]]) -> list[str]:
    """Literal texts that look like a path with a folder, wherever they stand: what an unknown plugin may read.

    `steps` are the provisioners among them: where a file is put to, or comes from on the other machine, is not read.
    """
    unread = (value for kind, settings in steps for value in _not_read(kind, settings))
    elsewhere = Counter(_paths(unread))
    return sorted(Counter(_paths(values)) - elsewhere if elsewhere else set(_paths(values)))


def _paths(values: Iterable[Value]) -> Iterator[str]:
    found = list(values)
    for value in found:  # and what is added to it
        if isinstance(value, str):
            if "/" in value and _PATH.fullmatch(value):
                yield value
        elif isinstance(value, dict):
            found += value.values()
        elif isinstance(value, list):
            found += value


def _not_read(kind: str, settings: Mapping[str, Value]) -> Iterator[Value]:
    remote = ("source", "sources") if _downloads(kind, settings) else ()
    for key in ("destination", *remote) if kind == "file" else ():
        yield settings.get(key)


def _downloads(kind: str, settings: Mapping[str, Value]) -> bool:
    return kind == "file" and settings.get("direction") == "download"


def of_filesets(calls: Iterable[Expression]) -> Iterator[tuple[Value, Value]]:
    """Folder and pattern of every `fileset("x", "*.sh")`."""
    for call in calls:
        if call.args[0] == "fileset" and len(call.args) == 3:
            yield call.args[1], call.args[2]


def _listed(keys: Mapping[str, str], settings: Mapping[str, Value]) -> Iterator[Use]:
    for key, use in keys.items():
        value = settings.get(key)
        if isinstance(value, list):
            value = [item for item in value if item is not None]
        if value:
            yield use, value, key


def _listed_texts(value: Value) -> list[str]:
    """The literal texts of a list, or a text; what must be computed breaks the list there, as an empty text."""
    items = value if isinstance(value, list) else [value]
    return [item if isinstance(item, str) else "" for item in items]
