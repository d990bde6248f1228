"""What one Ansible file names, by its bytes alone."""

__all__ = ["facts", "model", "nodes"]
