"""HCL2 files, right and wrong. What tfgen says of each is tested beside this, what Packer says in tests/e2e."""

from __future__ import annotations

_NULL = 'source "null" "x" {\n  communicator = "none"\n}\n'
_BUILD = 'build {\n  sources = ["source.null.x"]\n}\n'

VALID = {
    "plain": _NULL + _BUILD,
    "short source name": _NULL + 'build {\n  sources = ["null.x"]\n}\n',
    "source block in build": _NULL + 'build {\n  source "source.null.x" {\n    name = "y"\n  }\n}\n',
    "one-line blocks": 'variable "a" { default = "b" }\n' + _NULL + _BUILD,
    "empty one-line block": "locals {}\n" + _NULL + _BUILD,
    "comments": "# one\n// two\n/* three\nlines */\n" + _NULL + _BUILD + "# end",
    "heredoc": 'locals {\n  x = <<EOT\na "quoted"\n${upper("x")}\nEOT\n  y = <<-EOT\n    b\n  EOT\n}\n'
    + _NULL
    + _BUILD,
    "for expressions": 'locals {\n  a = [for x in ["1"] : upper(x)]\n  b = { for k, v in { q = 1 } : k => v }\n}\n'
    + _NULL
    + _BUILD,
    "conditions": 'variable "d" {\n  default = "yes"\n}\nlocals {\n  c = var.d == "yes" ? "a" : "b"\n}\n'
    + _NULL
    + _BUILD,
    "nested objects": 'locals {\n  o = {\n    a = { b = ["c", { d = 1.5 }] }\n    "e f" = true\n  }\n}\n'
    + _NULL
    + _BUILD,
    "splat and index": "locals {\n  l = [{ a = 1 }]\n  s = local.l[*].a\n  i = local.l[0].a\n}\n" + _NULL + _BUILD,
    "escapes": 'locals {\n  e = "a \\"b\\" $${c} %%{d} \\\\ \\u00e9"\n}\n' + _NULL + _BUILD,
    "directive": 'locals {\n  t = "%{if true}a%{else}b%{endif}"\n}\n' + _NULL + _BUILD,
    "variables block": 'variables {\n  a = "1"\n  b = "2"\n}\nlocals {\n  c = "${var.a}-${var.b}"\n}\n'
    + _NULL
    + _BUILD,
    "provisioner": _NULL + 'build {\n  sources = ["source.null.x"]\n\n  provisioner "shell-local" {\n    inline = [\n'
    '      "echo ${build.ID}",\n'
    '      "echo ${source.type}",\n    ]\n  }\n}\n',
    "crlf": (_NULL + _BUILD).replace("\n", "\r\n"),
    "no newline at the end": (_NULL + _BUILD).rstrip(),
    "named build": _NULL + 'build {\n  name    = "b"\n  sources = ["source.null.x"]\n}\n',
    "two builds": _NULL + _BUILD + _BUILD,
    "exponents": "locals {\n  a = 1.5E-3\n  b = 1e3\n  c = -1.5E-3\n}\n" + _NULL + _BUILD,
}

#: Text -> how tfgen's message begins behind the path.
BROKEN = {
    "missing brace": (_NULL + 'build {\n  sources = ["source.null.x"]\n', ""),
    "stray brace": (_NULL + _BUILD + "}\n", ":7: not valid HCL2"),
    "two attributes on a line": ('locals {\n  a = "a" b = "b"\n}\n' + _NULL + _BUILD, ":2: "),
    "two attributes in a one-line block": ('variable "a" { default = "b" type = string }\n' + _NULL + _BUILD, ":1: "),
    "attribute twice": ('locals {\n  a = "a"\n  a = "b"\n}\n' + _NULL + _BUILD, ":3: duplicate attribute 'a'"),
    "string over two lines": ('locals {\n  a = "a\nb"\n}\n' + _NULL + _BUILD, ":2: "),
    "brace on the next line": ('locals\n{\n  a = "a"\n}\n' + _NULL + _BUILD, ":1: "),
    "two blocks on a line": ('variable "a" {\n} ' + _NULL + _BUILD, ":2: "),
    "attribute at the top": ("foo = 1\n" + _NULL + _BUILD, ":1: attribute 'foo' is not allowed at the top level"),
    "misspelt block": (
        _NULL + _BUILD + "biuld {\n}\n",
        ":7: block 'biuld' is not allowed at the top level of a Packer file",
    ),
    "variable twice": ('variable "a" {\n}\nvariable "a" {\n}\n' + _NULL + _BUILD, ":3: var.a is declared twice"),
    "undeclared variable": (
        'variable "region" {\n  default = "x"\n}\nlocals {\n  a = var.regoin\n}\n' + _NULL + _BUILD,
        ":5: var.regoin is not declared in this template; did you mean var.region?",
    ),
    "undeclared local": (
        "locals {\n  a = local.b\n}\n" + _NULL + _BUILD,
        ":2: local.b is not declared in this template",
    ),
    "undeclared source": (
        'build {\n  sources = ["source.null.y"]\n}\n',
        ":2: source.null.y is not declared in this template",
    ),
}

#: Files that are no templates, and what tfgen says of them.
OTHER = {
    "values": ('region = "eu-west-1"\nsize = 8\n', "variable values, not a template"),
    "another tool": ('terraform {\n}\nresource "a" "b" {\n}\n', "HCL of another tool: no Packer block"),
    "only variables": ('variable "a" {\n}\n', "no build block"),
    "only packer": ('packer {\n  required_version = ">= 1.6"\n}\n', "only a packer block: no build"),
    "empty": ("", "no build block"),
}
