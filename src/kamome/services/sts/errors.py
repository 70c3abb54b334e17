"""STS's errors, by the codes of the query protocol.

AWS: STS API Reference, Common Errors.
"""

from __future__ import annotations

from kamome.errors import AwsError


class ValidationError(AwsError):
    """A member does not keep to the model's constraints.

    Not in the service model: a common error of the query protocol. AWS: STS API Reference, Common
    Errors.
    """
