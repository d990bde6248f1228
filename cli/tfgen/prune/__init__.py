"""`tfgen prune`: which AMIs may go, and what becomes of them."""

__all__ = ["decide", "facts", "make", "model", "plan_file", "policy", "read", "view"]
