"""The commands, one module each: flags to values, call the capability, show the result."""
