"""The only place that knows Terraform: binary, argument lists, process, events, plan."""
