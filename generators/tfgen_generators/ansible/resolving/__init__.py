"""From a run of Ansible to all the files that it may read."""

__all__ = ["resolver", "run"]
