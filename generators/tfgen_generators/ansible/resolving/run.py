"""How Packer runs Ansible for one provisioner of one template."""

from __future__ import annotations

import msgspec


class AnsibleRun(msgspec.Struct, frozen=True, kw_only=True):
    """One playbook and where Ansible looks for what it names. Paths are relative to the repository's root, with `/`."""

    playbook: str
    #: Single roles that are uploaded (`role_paths` of `ansible-local`): the last part is the role's name.
    role_dirs: tuple[str, ...] = ()
    #: Folders that hold roles (ANSIBLE_ROLES_PATH). Found anyway: `roles` beside a playbook, those of ansible.cfg.
    role_paths: tuple[str, ...] = ()
    #: Folders that hold `ansible_collections`; `collections` beside a playbook is found anyway.
    collection_paths: tuple[str, ...] = ()
    group_vars: tuple[str, ...] = ()
    host_vars: tuple[str, ...] = ()
    #: Names of the groups that the host is in; None: not known, so that every file of `group_vars` counts.
    groups: tuple[str, ...] | None = None
    #: Uploaded beside the playbook (`playbook_dir` of `ansible-local`).
    playbook_dir: str | None = None
    #: Folders that are uploaded to `playbooks/` beside the playbook, each by its own name (`playbook_paths`).
    playbook_paths: tuple[str, ...] = ()
    #: The ansible.cfg that applies.
    config: str | None = None
    #: requirements.yml files: what they name is not missing. Those beside the playbook and the roles are found anyway.
    galaxy_files: tuple[str, ...] = ()
