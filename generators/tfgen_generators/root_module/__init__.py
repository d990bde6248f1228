"""Hand-written Terraform of the root module: calls, backend, and where what a branch says would act."""

__all__ = ["backend", "call_comments", "calls", "constants", "hand_written", "trust"]
