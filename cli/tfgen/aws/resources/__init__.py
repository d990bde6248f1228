"""What a pipeline is made of, as AWS has it now: pipeline, roles, policies, rules, buckets, log groups. Reads only."""

__all__ = ["model", "read"]
