"""What to do when CodeBuild cannot fetch an environment variable: it fails before the first command (docs/secrets.md).

CodeBuild says it in the phase DOWNLOAD_SOURCE, by these two status codes. Messages as seen:
`Secrets Manager Error: ResourceNotFoundException: Secrets Manager can't find the specified secret.`,
`Secrets Manager Error: AccessDeniedException: User: ... is not authorized to perform: secretsmanager:GetSecretValue`,
`Decrypted Variables Error: parameter does not exist: /app/token`.
"""

from __future__ import annotations

_STATUS_CODES = ("Secrets Manager Error", "Decrypted Variables Error")
_KMS = "name the key in the module's input secret_key_arns; another account's key must also allow the build role"
#: Words of a message, all of one row, -> what to do; the first row that fits.
_FIXES = (
    (("KMS",), _KMS),
    (("kms:",), _KMS),
    (
        ("AccessDenied", "secretsmanager:"),
        "apply what tfgen sync has written; a secret of another account must allow the build role in its own policy",
    ),
    (("AccessDenied", "ssm:"), "apply what tfgen sync has written; the build role may read the named parameters alone"),
    (
        ("ResourceNotFound",),
        "create the secret in the pipeline's account and region, or name another account's by its full ARN",
    ),
    (("does not exist",), "create it in the pipeline's account and region, or correct its name in [environment]"),
)
_OTHER = "compare the names in [environment] with those in AWS"


def fix_of(status_code: str, message: str) -> str:
    """What to do about a phase that failed so; "" when it is about something else."""
    if not status_code.startswith(_STATUS_CODES):
        return ""
    fix = next((fix for words, fix in _FIXES if all(word in message for word in words)), _OTHER)
    return f"{fix} (docs/secrets.md)"
