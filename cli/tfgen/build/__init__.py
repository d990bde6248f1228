"""`tfgen build`: runs pipelines in AWS, or the buildspec on this machine, and follows them."""

__all__ = ["follow", "local", "progress"]
