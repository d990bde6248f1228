"""The scripts that a shell loads: Typer's, but for two of them.

The one of fish starts tfgen twice for each Tab. The one of zsh does nothing at the first Tab of a shell: what is then
loaded only defines the function that completes.
"""

from __future__ import annotations

_FISH = (
    'complete --command %(prog_name)s --no-files --arguments "(env %(autocomplete_var)s=complete_fish'
    " _TYPER_COMPLETE_FISH_ACTION=get-args _TYPER_COMPLETE_ARGS=(commandline -cp) %(prog_name)s;"
    ' or __fish_complete_path (commandline -ct))"'
)
_ZSH = """\
#compdef %(prog_name)s

%(complete_func)s() {
  eval $(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" %(autocomplete_var)s=complete_zsh %(prog_name)s)
}

if [ "$funcstack[1]" = "_%(prog_name)s" ]; then
  %(complete_func)s
else
  compdef %(complete_func)s %(prog_name)s
fi
"""


def use_own() -> None:
    """From here on `--show-completion` and `--install-completion` have them."""
    from typer import _completion_shared

    _completion_shared._completion_scripts |= {"fish": _FISH, "zsh": _ZSH}
