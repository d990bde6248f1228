"""`tfgen prune`: which AMIs may go, and what becomes of them."""

__all__: list[str] = []
