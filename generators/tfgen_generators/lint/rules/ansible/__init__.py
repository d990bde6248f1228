"""Rules on playbooks, roles and Galaxy requirements."""

__all__ = ["galaxy", "missing_references", "not_uploaded", "roles"]
