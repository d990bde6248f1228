"""What moto lacks for the life of an AMI: who has it, who uses it, copies, the Recycle Bin, aliases, recipes."""

__all__ = ["disks", "gaps", "pages", "refusals", "sharing", "state"]
