"""One module a command: parse flags, call the core, render."""
