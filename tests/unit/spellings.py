"""Legacy templates whose keys are spelt in other ways than Packer's documentation has them."""

from __future__ import annotations

_NULL = '{"type": "null", "communicator": "none"}'
_SHELL = '{"type": "shell-local", "inline": ["true"]}'

#: Text, and whether `packer validate` takes it. Each was held against Packer 1.6.6 (tests/e2e/test_packer.py).
SPELLINGS: dict[str, tuple[str, bool]] = {
    "builders": (f'{{"Builders": [{_NULL}]}}', True),
    "all capitals": (f'{{"BUILDERS": [{_NULL}], "VARIABLES": {{"Foo": "x"}}}}', True),
    "provisioners": (f'{{"builders": [{_NULL}], "Provisioners": [{_SHELL}]}}', True),
    "post-processors": (f'{{"builders": [{_NULL}], "Post-Processors": ["manifest", [{{"type": "manifest"}}]]}}', True),
    "min_packer_version": (f'{{"builders": [{_NULL}], "Min_Packer_Version": "1.0.0"}}', True),
    "sensitive-variables": (
        f'{{"builders": [{_NULL}], "Sensitive-Variables": ["a"], "variables": {{"a": "1", "A": "2"}}}}',
        True,
    ),
    "error-cleanup-provisioner": (f'{{"builders": [{_NULL}], "Error-Cleanup-Provisioner": {_SHELL}}}', True),
    "description and push": (f'{{"builders": [{_NULL}], "Description": "d", "Push": {{"name": "x"}}}}', True),
    "comments": (f'{{"builders": [{_NULL}], "Comments": [{{"a": "b"}}]}}', True),
    "a long s": (f'{{"builder\\u017f": [{_NULL}]}}', True),
    "a setting of a builder": ('{"builders": [{"type": "null", "Communicator": "none"}]}', True),
    "a setting of a provisioner": (
        f'{{"builders": [{_NULL}], "provisioners": [{{"type": "shell-local", "Inline": ["true"]}}]}}',
        True,
    ),
    "a setting that is overridden": (
        (
            f'{{"builders": [{_NULL}], "provisioners":'
            ' [{"type": "shell-local", "override": {"null": {"Inline": ["true"]}}}]}'
        ),
        True,
    ),
    "two spellings": (f'{{"builders": [{_NULL}], "Builders": [{_NULL}]}}', False),
    "two other spellings": (f'{{"Builders": [{_NULL}], "BUILDERS": [{_NULL}]}}', False),
    "one spelling of nothing": (f'{{"Builders": null, "builders": [{_NULL}]}}', False),
    "an underscore": (f'{{"builders": [{_NULL}], "post_processors": []}}', False),
    "no hyphen": (f'{{"builders": [{_NULL}], "PostProcessors": []}}', False),
    "no underscore": (f'{{"builders": [{_NULL}], "MinPackerVersion": "1.0.0"}}', False),
    "a builder's type": ('{"builders": [{"Type": "null", "communicator": "none"}]}', False),
    "a provisioner's type": (
        f'{{"builders": [{_NULL}], "provisioners": [{{"Type": "shell-local", "inline": ["true"]}}]}}',
        False,
    ),
    "no list": (f'{{"Builders": {_NULL}}}', False),
}
