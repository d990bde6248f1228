"""`[publish]` of tfgen.toml: channels, where they are, who may use their AMIs, and what keeps an AMI out of one."""

__all__ = ["checks", "tables"]
