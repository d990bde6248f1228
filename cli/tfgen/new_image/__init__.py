"""`tfgen new`: the template, playbook and role of a new image, from nothing, on another image, or like one."""

__all__ = ["make", "model", "systems"]
