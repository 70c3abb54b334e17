"""Limits of AWS Lambda, each with its source; and our own bounds, each with its reason."""

from __future__ import annotations

# AWS: Lambda Developer Guide, Lambda quotas (Function configuration, deployment, and execution).
TIMEOUT_S_MAX = 900
TIMEOUT_S_DEFAULT = 3
MEMORY_MB_MIN = 128
MEMORY_MB_MAX = 10_240
MEMORY_MB_DEFAULT = 128
ENVIRONMENT_BYTES_MAX = 4 * 1024
EPHEMERAL_STORAGE_MB_MIN = 512
EPHEMERAL_STORAGE_MB_MAX = 10_240
EPHEMERAL_STORAGE_MB_DEFAULT = 512
POLICY_BYTES_MAX = 20 * 1024
# 250 MB unzipped, as AWS's own error sentence writes it.
CODE_UNZIPPED_BYTES_MAX = 262_144_000
# 50 MB zipped for a direct upload, through the API; an archive in S3 may be larger.
CODE_ZIPPED_BYTES_MAX = 50 * 1024 * 1024
# AWS: Lambda quotas (Compute and storage): storage for uploaded functions, per Region.
CODE_STORAGE_BYTES_MAX = 75 * 1024**3
CONCURRENT_EXECUTIONS = 1_000
# AWS: Lambda Developer Guide, Configuring reserved concurrency: 100 units stay unreserved.
UNRESERVED_CONCURRENT_EXECUTIONS_MIN = 100
# "Invocation payload (request and response)": 6 MB each for synchronous, 1 MB for asynchronous.
PAYLOAD_BYTES_MAX = 6 * 1024 * 1024
EVENT_PAYLOAD_BYTES_MAX = 1024 * 1024
# AWS: Lambda API Reference, InvokeAsync.
INVOKE_ASYNC_BYTES_MAX = 256 * 1024
# A response may be 100 bytes longer: AWS's sentence says 6291556.
RESPONSE_BYTES_MAX = PAYLOAD_BYTES_MAX + 100
FILE_DESCRIPTORS_MAX = 1_024
# AWS: Lambda API Reference, Invoke (ClientContext, up to 3,583 bytes of base64-encoded data).
CLIENT_CONTEXT_BYTES_MAX = 3_583
# AWS: Lambda API Reference, Invoke (LogResult, the last 4 KB of the execution log).
LOG_TAIL_BYTES = 4 * 1024
# AWS: Lambda Developer Guide, Understanding the Lambda execution environment lifecycle: Init.
INIT_S_MAX = 10
# AWS: Lambda API Reference, CreateFunction (FunctionName, 64 characters; 140 for the full ARN).
FUNCTION_NAME_MAX = 64
FUNCTION_ARN_MAX = 140
# AWS: Lambda API Reference, ListFunctions, ListEventSourceMappings (MaxItems).
FUNCTIONS_PER_PAGE_MAX = 50
MAPPINGS_PER_PAGE_MAX = 100
TAGS_MAX = 50
# AWS: Lambda quotas: layers of a function; Lambda API Reference, ListLayers (MaxItems).
LAYERS_MAX = 5
LAYERS_PER_PAGE_MAX = 50
# AWS: Lambda API Reference, ListVersionsByFunction, ListAliases (MaxItems).
VERSIONS_PER_PAGE_MAX = 50

# AWS: Lambda Developer Guide, How Lambda handles errors with asynchronous invocation.
EVENT_RETRY_DELAYS_MS = (60_000, 120_000)
EVENT_RETRIES_MAX = len(EVENT_RETRY_DELAYS_MS)
EVENT_AGE_S_MAX = 6 * 3600
# AWS: Lambda Developer Guide, Adding a dead-letter queue (ErrorMessage, the first 1 KB).
DLQ_ERROR_MESSAGE_CHARACTERS = 1024
# AWS: Lambda API Reference, ListFunctionEventInvokeConfigs (MaxItems).
EVENT_INVOKE_CONFIGS_PER_PAGE_MAX = 50
# Throttles and system errors: from 1 second after the first attempt to a maximum of 5 minutes.
THROTTLE_DELAY_MS_MIN = 1_000
THROTTLE_DELAY_MS_MAX = 300_000

# AWS: Lambda API Reference, CreateEventSourceMapping (BatchSize, MaximumBatchingWindowInSeconds).
BATCH_SIZE_DEFAULT = 10
BATCH_SIZE_MAX = 10_000
BATCH_SIZE_WITHOUT_WINDOW_MAX = 10
BATCHING_WINDOW_S_MAX = 300
# AWS: SQS Developer Guide, Amazon SQS visibility timeout (12 hours).
VISIBILITY_TIMEOUT_S_MAX = 12 * 3600
# AWS: Lambda Developer Guide, Configuring scaling behavior for SQS event source mappings.
MAXIMUM_CONCURRENCY_MIN = 2
MAXIMUM_CONCURRENCY_MAX = 1_000
BATCHES_AT_START = 5
BATCHES_AT_ONCE_MIN = 2
BATCHES_AT_ONCE_MAX = 1_000
BATCHES_MORE_PER_MINUTE = 300
# AWS: Lambda quotas: filters of an event source mapping; an increase to 10 can be asked for.
FILTERS_MAX = 5

# Our own. An archive of more entries is taken for a bomb: AWS sets no number, 250 MB of 1-byte
# files would be 262,144,000 inodes.
CODE_ENTRIES_MAX = 50_000
# Reading one message batch takes at most ten at a time, as ReceiveMessage does.
RECEIVE_MAX = 10
# A version is deleted after this many aliases have been asked whether they point to it.
ALIASES_PER_DELETION_MAX = 10_000
# How many times in a row a newcomer may pass the head of the queue for a process because a warm
# instance of its own function has just become free.
OVERTAKES_MAX = 16
# An invocation that no runtime has taken is offered to another instance at most this often.
OFFERS_MAX = 4
# Output of one function kept on disk, twice (the current file and the one before).
LOG_FILE_BYTES_MAX = 5 * 1024 * 1024
# One read of a function's output may take at most this much, so that a flood cannot hold the loop.
LOG_READ_BYTES_MAX = 1024 * 1024
# What one question about a function's log is answered with at most.
LOG_ANSWER_BYTES_MAX = 1024 * 1024
# RLIMIT_DATA counts what is reserved, where Lambda counts what is resident: this much more may be
# reserved at once. It is the wall behind `runtimes/memory.py`, should a function outrun the look.
DATA_LIMIT_SLACK_MB = 1_024
# How often the memory of a running instance is looked at, and how many of its processes.
MEMORY_LOOK_S = 0.025
PROCESSES_COUNTED_MAX = 256
# AWS: Lambda API Reference, ListFunctionUrlConfigs, ListProvisionedConcurrencyConfigs (MaxItems).
FUNCTION_URLS_PER_PAGE_MAX = 50
PROVISIONED_PER_PAGE_MAX = 50
# AWS: Lambda quotas: a streamed response is 200 MB at most.
STREAMED_RESPONSE_BYTES_MAX = 200 * 1024 * 1024
# What of a streamed response waits for its reader before the runtime is made to wait.
STREAM_BYTES_WAITING_MAX = 256 * 1024
# Status and headers of a streamed answer; AWS names no limit, an HTTP client's head has 16 KB.
STREAM_PRELUDE_BYTES_MAX = 64 * 1024
# AWS: Lambda API Reference, ListCodeSigningConfigs (MaxItems).
SIGNING_CONFIGS_PER_PAGE_MAX = 50
# AWS: Lambda Developer Guide, SQS provisioned mode: 2 to 200 at least, 2 to 2,000 at most.
MINIMUM_POLLERS_MIN = 2
MINIMUM_POLLERS_MAX = 200
MAXIMUM_POLLERS_MAX = 2_000
