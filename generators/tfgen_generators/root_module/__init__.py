"""Hand-written Terraform of the root module: calls, backend, and what an untrusted branch may change."""

__all__ = ["backend", "calls", "trust", "trusted_expressions"]
