"""DynamoDB: the namespace of `__type` in its error bodies.

AWS: DynamoDB Developer Guide, Error handling, Error components.
"""

from __future__ import annotations

ERROR_NAMESPACE = "com.amazonaws.dynamodb.v20120810"
