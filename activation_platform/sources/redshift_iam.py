"""What AWS says when it gives no credentials for a cluster, as our errors."""

from activation_platform.contracts.errors import (
    ActivationError,
    ConnectionFailed,
    CredentialsRefused,
    DeclarationError,
    NotFound,
    RateLimited,
)

__all__ = ["aws_errors", "not_given"]

_NOT_THERE = ("ClusterNotFound", "ResourceNotFoundException")
_TOO_OFTEN = ("Throttling", "ThrottlingException")
_LATER = ("InternalFailure", "InternalServerException", "ServiceUnavailable")


def aws_errors() -> tuple[type[Exception], ...]:
    """Everything that boto3 raises; the driver hands it through. An answer that it cannot read is quoted, with the password."""
    from botocore.exceptions import BotoCoreError, ClientError  # type: ignore[import-untyped]
    from botocore.parsers import ResponseParserError  # type: ignore[import-untyped]

    return (BotoCoreError, ClientError, ResponseParserError)


def not_given(error: Exception) -> ActivationError:
    """Our error for one of boto3's. https://docs.aws.amazon.com/redshift/latest/APIReference/API_GetClusterCredentials.html"""
    from botocore.exceptions import ClientError, NoCredentialsError, NoRegionError, PartialCredentialsError

    if isinstance(error, NoRegionError):
        return DeclarationError(
            "AWS is to be asked for the cluster's credentials, and nobody says in which region",
            remedy="Write the source's `region`, or set AWS_REGION.",
        )
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return CredentialsRefused(
            "This machine has no AWS identity with which to ask for the cluster's credentials",
            remedy="Give it a role, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; or leave `iam: true` out.",
        )
    if not isinstance(error, ClientError):
        return ConnectionFailed(
            f"AWS cannot be asked for the cluster's credentials ({type(error).__name__})",
            remedy="Check the network and the source's `region`; the next run asks again.",
        )
    code = str(error.response.get("Error", {}).get("Code", ""))
    said = f"AWS gives no credentials for the cluster ({code})"
    if code in _NOT_THERE:
        return NotFound(said, remedy="Correct the source's `cluster` or `workgroup`, and its `region`.")
    if code in _TOO_OFTEN:
        return RateLimited(
            said,
            remedy="Run fewer models at a time, or log in with `user` and `password`; the next run asks again.",
        )
    if code in _LATER:
        return ConnectionFailed(said, remedy="Try again later.")
    return CredentialsRefused(
        said,
        remedy="Let this machine's AWS identity redshift:GetClusterCredentials for the source's user and database "
        "(of a workgroup: redshift-serverless:GetCredentials).",
    )
