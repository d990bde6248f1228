"""Rules on playbooks, roles and Galaxy requirements."""

__all__ = ["galaxy", "galaxy_lists", "missing_references", "not_uploaded", "roles"]
