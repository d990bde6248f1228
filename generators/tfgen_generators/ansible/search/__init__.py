"""From a name to the files of the repository that Ansible finds by it."""

__all__ = ["configuration", "finder", "model", "playbooks", "role_finder", "search_order", "vars_folder"]
