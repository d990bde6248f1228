"""What each key of tfgen.toml says, in a line: for editors, and for docs/reference/settings.md."""

from __future__ import annotations

from collections.abc import Mapping

_NAMES = {
    "project_name": "Pattern of the pipeline's and the CodeBuild project's name; {name} is the template's name.",
    "artefact_bucket_name": "Pattern of the artefact bucket's name; {name} and {account_id} are filled in.",
    "account_id": "The Terraform expression that {account_id} stands for.",
}
_CALLED = {
    "source": "Any Terraform module source.",
    "version": "The version, only for a registry's module.",
    "inputs": "Inputs of the module: values and expressions.",
}
_STRUCTS: Mapping[str, Mapping[str, str]] = {
    "Settings": {
        "source_repository": "The CodeCommit repository that the pipelines read, or OWNER/NAME with connection_arn.",
        "connection_arn": "The connection to GitHub, GitLab or Bitbucket: an ARN, or an expression.",
        "branch": "Its branch: a name alone, by git's rules.",
        "packer_dir": "The folder that has the templates.",
        "working_dir": 'Where Packer runs; "": found out from the buildspec, makefiles, scripts and CI recipes.',
        "terraform_dir": "The root module: the folder of the generated files.",
        "ignore": "Patterns as in .gitignore, from the repository's root: no pipeline for these.",
        "removed": "What happens to the pipeline of a deleted template.",
        "trigger": "push: each push builds every image; affected: only affected images.",
        "artefact_bucket": "own: each pipeline has a bucket; shared: one for all, with a prefix for each pipeline.",
        "max_in_flight": "Pipelines at a time: of the dispatcher, and of a first apply; 0: any number.",
        "module": "The Terraform module that each pipeline calls.",
        "dispatcher": 'The module that starts the pipelines of affected images, with trigger = "affected".',
        "shared": "What the pipelines have together instead of each its own.",
        "quota": "Quotas of the account that are not AWS's default.",
        "retention": "How long AMIs stay that nobody uses, for tfgen prune; without it nothing is planned.",
        "packer_script": "The variable that tells a build its template, and its form.",
        "names": "Patterns of the names in AWS.",
        "remote": "The git remote of the CodeCommit repository.",
        "environment": "CodeBuild environment variables of every pipeline.",
        "inputs": "Further inputs of every pipeline's module block.",
        "templates": "Values for one template, by its name.",
        "publish": "Channels that consumers follow: tfgen promote, tfgen rollback (docs/publish.md).",
        "lint": "Rules of tfgen lint: switched off, or with another severity.",
        "status": "Which accounts and regions tfgen status looks at.",
    },
    "Publish": {
        "parameter": "Pattern of the SSM parameter that is a channel; {image} and {channel} are filled in.",
        "channels": "The channels in the order in which an AMI goes through them.",
        "regions": "Regions that have the channels; the first is where the pipelines build.",
        "accounts": "Accounts that may start the AMIs.",
        "organization_arns": "Organizations and organizational units that may start the AMIs.",
        "share_snapshots": "Whether these accounts may copy the snapshots, too.",
        "kms_keys": "The key of the AMI's snapshots by region: one for each region, or none.",
        "launch_templates": "Launch templates that follow a channel: channel, image, list of ids.",
        "gates": "What an AMI must pass, by channel.",
        "after_build": "The first channel, if a good build sets it by itself.",
    },
    "Gate": {
        "pipeline": "The newest execution that ended has succeeded.",
        "tags": "The AMI's tags agree with the record of its build in CodeBuild.",
        "min_age": "How long the AMI must have been in the channel before: 90m, 12h, 2d.",
        "approved_by": "ARNs of callers, * for any text, who may move the channel.",
        "command": "A program and its arguments that must end with 0.",
    },
    "Module": {
        **_CALLED,
        "inputs": "All inputs of the module, instead of the shipped module's.",
        "providers": "The providers of every module block: a provider's name to NAME or NAME.ALIAS.",
    },
    "PackerScript": {
        "variable": "The name of the variable.",
        "form": "How the template is named; auto: as the buildspec takes it.",
    },
    "Names": _NAMES,
    "TemplateNames": _NAMES,
    "TemplateSettings": {
        "path": "Pins the table's name to the template, or file of values, at this path. Written after a rename.",
        "var_files": "Files of values, as paths and patterns from the root: an image and a pipeline for each.",
        "variants": "Images of the template by name: each with its file of values, environment and inputs.",
        "working_dir": "Where Packer runs for this template.",
        "moved_from": "Previous names of the pipeline, oldest first. tfgen rename writes it.",
        "removed": "What happens to this pipeline when its template is deleted.",
        "environment": "CodeBuild environment variables of this pipeline, over those of all.",
        "inputs": "Inputs of this pipeline's module block, over those of all.",
        "providers": "The providers of this module block.",
        "names": "Names in AWS that differ from [names].",
    },
    "Variant": {
        "var_file": 'The file of values from the root; "": none.',
        "environment": "CodeBuild environment variables of this image, over those of its template.",
        "inputs": "Inputs of this image's module block, over those of its template.",
    },
    "Remote": {
        "name": "The name of git's remote.",
        "repository": "The CodeCommit repository's name, where source_repository is another host's.",
        "region": "The AWS region; empty: as AWS's own settings say.",
        "profile": "The AWS profile; empty: the current one.",
    },
    "Dispatcher": _CALLED,
    "Shared": {
        **_CALLED,
        "artefact_bucket": "One bucket for all: each build can then read and overwrite the artefacts of the others.",
        "roles": "The same roles for all: each build may then do what any of them needs.",
        "notifications": "One EventBridge rule tells how executions of all end.",
    },
    "Quota": {
        "event_rules": "Rules of EventBridge's default bus.",
        "iam_roles": "IAM roles of the account.",
        "iam_policies": "Customer managed policies of the account.",
        "policies_per_role": "Managed policies attached to a role.",
        "pipelines": "Pipelines of CodePipeline, of a region.",
        "build_projects": "Projects of CodeBuild, of a region.",
        "buckets": "General purpose buckets of S3, of the account.",
        "concurrent_builds": "CodeBuild's concurrent builds, of a region and machine type.",
    },
    "Status": {
        "regions": "Regions that it looks at; none: that of AWS_REGION, or the profile's.",
        "accounts": "Accounts by a name of your own; none: the one that you are signed in to.",
    },
    "StatusAccount": {
        "profile": "The AWS profile; empty: the current one.",
        "role_arn": "A role to assume, with the profile's credentials; empty: none.",
        "regions": "Its regions, instead of those of all.",
    },
    "Retention": {
        "keep_last": "So many of the newest AMIs of each image, region and architecture stay.",
        "keep": "Channel or branch to the age up to which its AMIs stay: 12h, 30d, 8w.",
        "deprecate": 'The age at which an AMI that nobody uses is deprecated; "": it is not.',
        "disable": 'The age at which it is disabled; "": it is not.',
        "deregister": 'The age at which it is deregistered; "": at once if no other step is set, else not at all.',
        "previous": "So many former versions of each SSM parameter, a channel among them, count as its use.",
        "skip_sources": "Services that are not asked who uses an AMI, since the region has none of them.",
    },
    "LintSettings": {
        "disable": "Rules that are off everywhere: id to the reason.",
        "severity": "Severities that differ from the rule's own: id to error, warning or note.",
        "templates": "Rules that are off for one template: its name, then id to the reason.",
        "rules": "One rule: its severity, the paths where that holds, the reason.",
    },
    "RuleSettings": {
        "severity": "error, warning, note, or off.",
        "paths": "Files, folders or patterns with *, where it holds.",
        "reason": "Why.",
    },
}

#: `Struct.key` -> its sentence.
TEXTS: Mapping[str, str] = {f"{struct}.{key}": text for struct, keys in _STRUCTS.items() for key, text in keys.items()}
