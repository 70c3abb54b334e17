"""Limits of SQS.

AWS: SQS Developer Guide, Amazon SQS message quotas, queue quotas, policy quotas; SQS API Reference.
"""

from __future__ import annotations

# AWS: SQS Developer Guide, Queue quotas, Queue name.
QUEUE_NAME_CHARACTERS_MAX = 80
# AWS: SQS Developer Guide, Message quotas, Message size (1 MiB; a batch together as well).
MESSAGE_BYTES_MAX = 1_048_576
MESSAGE_BYTES_MIN = 1_024
# AWS: SQS Developer Guide, Message quotas, Message attributes.
MESSAGE_ATTRIBUTES_MAX = 10
# AWS: SQS Developer Guide, Message metadata, Message attribute components.
ATTRIBUTE_NAME_CHARACTERS_MAX = 256
ATTRIBUTE_TYPE_CHARACTERS_MAX = 256
# AWS: SQS Developer Guide, Message quotas, Batched message.
BATCH_ENTRIES_MAX = 10
# AWS: SQS Developer Guide, Message quotas, Message delay.
DELAY_S_MAX = 900
# AWS: SQS Developer Guide, Message quotas, Message visibility timeout.
VISIBILITY_TIMEOUT_S_MAX = 43_200
# AWS: SQS Developer Guide, Message quotas, Message retention.
RETENTION_S_MIN = 60
RETENTION_S_MAX = 1_209_600
# AWS: SQS Developer Guide, Queue quotas, Long polling.
WAIT_TIME_S_MAX = 20
# AWS: SQS API Reference, ReceiveMessage, MaxNumberOfMessages.
RECEIVE_MESSAGES_MAX = 10
# AWS: SQS Developer Guide, Queue quotas, Messages per queue (in flight).
IN_FLIGHT_STANDARD_MAX = 120_000
IN_FLIGHT_FIFO_MAX = 120_000
# AWS: SQS API Reference, SendMessage, MessageDeduplicationId.
DEDUPLICATION_INTERVAL_S = 300
# AWS: SQS API Reference, ReceiveMessage, ReceiveRequestAttemptId.
RECEIVE_ATTEMPT_S = 300
# AWS: SQS API Reference, SendMessage: MessageGroupId, MessageDeduplicationId; ReceiveMessage:
# ReceiveRequestAttemptId.
TOKEN_CHARACTERS_MAX = 128
# AWS: SQS Developer Guide, How Amazon SQS fair queues work, How detection works.
NOISY_IN_FLIGHT_MIN = 30
NOISY_SHARE_MIN = 0.1
# AWS: SQS API Reference, DeleteQueue: the name is blocked this long; PurgeQueue: once in as long.
DELETED_NAME_BLOCKED_S = 60
PURGE_INTERVAL_S = 60
# AWS: SQS API Reference, ListQueues, MaxResults.
LIST_QUEUES_MAX = 1_000
# AWS: SQS Developer Guide, Configuring a dead-letter queue, maxReceiveCount.
RECEIVE_COUNT_MAX = 1_000
# AWS: SQS Developer Guide, Queue quotas, Queue tags.
TAGS_MAX = 50
TAG_KEY_CHARACTERS_MAX = 128
TAG_VALUE_CHARACTERS_MAX = 256
# AWS: SQS API Reference, AddPermission, Label; SQS Developer Guide, Policy quotas.
LABEL_CHARACTERS_MAX = 80
PERMISSION_ACTIONS_MAX = 7
POLICY_STATEMENTS_MAX = 20
POLICY_PRINCIPALS_MAX = 50
POLICY_BYTES_MAX = 8_192
# AWS: SQS API Reference, StartMessageMoveTask, MaxNumberOfMessagesPerSecond.
MOVES_PER_SECOND_MAX = 500
# AWS: SQS API Reference, ListMessageMoveTasks, MaxResults.
MOVE_TASKS_LISTED_MAX = 10
