"""Tags of queues. AWS: SQS Developer Guide, Queue quotas, Queue tag."""

from __future__ import annotations

from collections.abc import Mapping

from kamome.services.sqs import limits
from kamome.services.sqs.errors import InvalidParameterValue


def check_tags(queue_name: str, given: Mapping[str, str], together: Mapping[str, str]) -> None:
    """The given tags are well-formed, and those of the queue not too many together.

    Raises:
        InvalidParameterValue: a key or value is too long or reserved, or there are more than 50.
    """
    for key, value in given.items():
        if not 1 <= len(key) <= limits.TAG_KEY_CHARACTERS_MAX:
            raise InvalidParameterValue(
                f"Tag keys must be between 1 and {limits.TAG_KEY_CHARACTERS_MAX} characters in"
                " length."
            )
        if key.lower().startswith("aws:"):
            raise InvalidParameterValue("Tag keys must not begin with aws:, which is reserved.")
        if len(value) > limits.TAG_VALUE_CHARACTERS_MAX:
            raise InvalidParameterValue(
                f"Tag values must be at most {limits.TAG_VALUE_CHARACTERS_MAX} characters in"
                " length."
            )
    if len(together) > limits.TAGS_MAX:
        raise InvalidParameterValue(f"Too many tags added for queue {queue_name}.")
