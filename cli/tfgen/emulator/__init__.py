"""AWS on this machine (moto), for `tfgen demo` and the tests: see docs/architecture.md."""
