"""Errors of Amazon ECS, named like its codes. AWS: ECS API Reference, errors of each action."""

from __future__ import annotations

from kamome.errors import AwsError, OperationNotServed


class ClientException(AwsError):
    """The client named something that is not there, or is not valid for it."""


class ClusterContainsServicesException(AwsError):
    """The cluster has services; they must be deleted first."""


class ClusterContainsTasksException(AwsError):
    """The cluster has tasks that are not stopped."""


class ClusterNotFoundException(AwsError):
    """The cluster is not there. Clusters belong to an account and a Region."""


class ConflictException(AwsError):
    """A client token was used before for another request. `resourceIds` names its tasks."""


class InvalidParameterException(AwsError):
    """A parameter of the request is not valid."""


class ResourceNotFoundException(AwsError):
    """The resource to be tagged is not there."""


class ServerException(AwsError):
    """The server cannot do this now."""

    status = 500
    fault = "Receiver"


class ServiceNotActiveException(AwsError):
    """The service is being deleted, or has been."""


class ServiceNotFoundException(AwsError):
    """The service is not there."""


def not_served(what: str) -> AwsError:
    """The answer for a part of ECS that Kamome does not do: it is refused, never left out."""
    return OperationNotServed(f"{what} is not served by Kamome.")
