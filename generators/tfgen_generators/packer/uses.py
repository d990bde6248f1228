"""Which settings of which builders, provisioners and post-processors name files on the engineer's machine.

Source: the reference pages of Packer's plugins. What is not listed here is not guessed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tfgen_generators.packer.values import Expression, Value, expressions

#: (what the file is used for, its path): a path may be a list of paths.
Use = tuple[str, Value]

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
_ROLE_VARIABLES = {
    "ANSIBLE_ROLES_PATH": "role_path",
    "ANSIBLE_COLLECTIONS_PATH": "collection_path",
    "ANSIBLE_COLLECTIONS_PATHS": "collection_path",
    "ANSIBLE_CONFIG": "ansible_config",
}
_COLON = re.compile(r":(?![^{]*\}\})")
_OPTIONS = {"-e": "vars_file", "--extra-vars": "vars_file", "--vault-password-file": "key", "-i": "inventory"}


def of_provisioner(kind: str, settings: Mapping[str, Value]) -> Iterator[Use]:
    """The files that one provisioner uses."""
    downloads = kind == "file" and settings.get("direction") == "download"
    if not downloads and settings.get("generated") is not True:
        yield from _listed(_PROVISIONERS.get(kind, {}), settings)
    if kind in ("ansible", "ansible-local"):
        yield from _of_environment(settings.get("ansible_env_vars"))
        yield from _of_arguments(settings.get("extra_arguments"))
    overrides = settings.get("override")
    for override in overrides.values() if isinstance(overrides, dict) else ():
        if isinstance(override, dict):
            yield from _listed(_PROVISIONERS.get(kind, {}), override)


def of_post_processor(kind: str, settings: Mapping[str, Value]) -> Iterator[Use]:
    """The files that one post-processor uses."""
    return _listed(_POST_PROCESSORS.get(kind, {}), settings)


def of_builder(settings: Mapping[str, Value]) -> Iterator[Use]:
    """The files that one builder uses."""
    return _listed(_BUILDERS, settings)


def of_functions(values: Iterator[Value]) -> Iterator[Use]:
    """The files that `file("x")` and `templatefile("x", ...)` read."""
    for value in values:
        for call in expressions(value):
            if call.op == "call" and call.args[0] in _READING and len(call.args) > 1:
                yield "function", call.args[1]


def _listed(keys: Mapping[str, str], settings: Mapping[str, Value]) -> Iterator[Use]:
    for key, use in keys.items():
        if settings.get(key):
            yield use, settings[key]


def _of_environment(variables: Value) -> Iterator[Use]:
    for item in variables if isinstance(variables, list) else ():
        if not isinstance(item, str):
            continue
        name, _, value = item.partition("=")
        if use := _ROLE_VARIABLES.get(name):
            yield use, [part for part in _COLON.split(value.strip("'\"")) if part]


def _of_arguments(arguments: Value) -> Iterator[Use]:
    words = arguments if isinstance(arguments, list) else []
    for number, word in enumerate(words):
        if not isinstance(word, str):
            continue
        option, joined, value = word.partition("=") if word.startswith("--") else word.partition(" ")
        use = _OPTIONS.get(option)
        following: Value = value if joined else words[number + 1] if use and number + 1 < len(words) else None
        if use is None or following is None or isinstance(following, Expression):
            continue
        path = str(following).strip().strip("'\"")
        if use != "vars_file":
            yield use, path
        elif path.startswith("@"):
            yield use, path[1:]
