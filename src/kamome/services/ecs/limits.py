"""Limits of Amazon ECS, each with its source; and our own bounds, each with its reason."""

from __future__ import annotations

# AWS: ECS API Reference, CreateCluster, RegisterTaskDefinition (up to 255 letters, numbers,
# underscores and hyphens).
NAME_CHARACTERS_MAX = 255
# AWS: ECS Developer Guide, Amazon ECS endpoints and quotas: containers per task definition,
# tasks launched per run-task, task definition size (64 KiB).
CONTAINERS_MAX = 10
TASKS_PER_RUN_MAX = 10
DEFINITION_BYTES_MAX = 64 * 1024
TASKS_PER_SERVICE_MAX = 5_000
# AWS: ECS API Reference, TagResource: the maximum number of tags per resource.
TAGS_MAX = 50
# AWS: ECS API Reference, DescribeTasks, DescribeClusters (up to 100), DescribeServices (up to 10).
DESCRIBED_MAX = 100
DESCRIBED_SERVICES_MAX = 10
# AWS: ECS API Reference, ListTasks, ListTaskDefinitions (maxResults, 1 to 100, default 100).
PAGE_MAX = 100
# AWS: ECS API Reference, ListServices (maxResults, default 10).
SERVICES_PAGE_DEFAULT = 10
# AWS: ECS API Reference, RunTask (startedBy up to 128; overrides up to 8192 characters).
STARTED_BY_CHARACTERS_MAX = 128
OVERRIDES_CHARACTERS_MAX = 8_192
# AWS: ECS API Reference, RunTask (clientToken, up to 64 characters, valid for 24 hours).
CLIENT_TOKEN_CHARACTERS_MAX = 64
CLIENT_TOKEN_MS = 24 * 3600 * 1000
# AWS: ECS API Reference, StopTask (reason, up to 1024 characters as Fargate shows it).
REASON_CHARACTERS_MAX = 1_024
# AWS: ECS API Reference, DescribeTasks: stopped tasks appear in the results for at least one hour.
STOPPED_KEPT_MS = 3600 * 1000
# AWS: ECS API Reference, ContainerDefinition (memory: at least 6 MiB; stopTimeout: at most 120 on
# Fargate, 30 by default; restartPolicy: 60 to 1800, 300 by default).
CONTAINER_MEMORY_MB_MIN = 6
STOP_TIMEOUT_S_MAX = 120
STOP_TIMEOUT_S_DEFAULT = 30
RESTART_PERIOD_S_MIN = 60
RESTART_PERIOD_S_MAX = 1_800
RESTART_PERIOD_S_DEFAULT = 300
# AWS: ECS API Reference, RegisterTaskDefinition (cpu on EC2: 128 to 196608 units).
TASK_CPU_MIN = 128
TASK_CPU_MAX = 196_608
# AWS: ECS Developer Guide, Service event messages: the 100 most recent are shown.
SERVICE_EVENTS_MAX = 100
# AWS: ECS Developer Guide, Service throttle logic: up to 27 minutes between restarts. How it
# begins is not documented; one second, doubling, is ours.
RESTART_DELAY_MS_MIN = 1_000
RESTART_DELAY_MS_MAX = 27 * 60 * 1000

# Ours: a task of a service that has run this long by the clock did not fail to start.
STEADY_AFTER_MS = 60_000
# Ours: how long a service waits before it looks for a place again on a machine that is full.
PLACE_AGAIN_MS = 15_000
# Ours: how many tasks are being started at once; each takes a fork and a few milliseconds.
STARTS_AT_ONCE = 4
# Ours: an advancing clock waits this long in real time for a task that was run to do one thing.
# One that goes on is a long one, and must not hold time up.
SHORT_TASK_S = 10.0
# Ours: and this long for a task of a service that runs, in case it ends at once.
SETTLING_S = 0.2
# Ours: output of one container kept on disk, twice (the current file and the one before).
LOG_FILE_BYTES_MAX = 5 * 1024 * 1024
# Ours: log files kept; the oldest go when the server starts.
LOG_FILES_MAX = 5_000
# Ours: one read of a container's output takes at most this much, so that a flood cannot hold the
# loop.
LOG_READ_BYTES_MAX = 1024 * 1024
# Ours: how much of a registry client's complaint is shown in a stopped reason.
COMPLAINT_CHARACTERS_MAX = 300
# Ours: how many tasks a service starts in one step; the next step begins at once.
STARTS_PER_STEP_MAX = 10
# Ours: an environment file is a few lines; what is longer is another file.
ENVIRONMENT_FILE_BYTES_MAX = 1024 * 1024
# Docker cuts longer lines into several records.
LOG_LINE_BYTES_MAX = 16 * 1024
# Ours: what of a container's output waits for its log router, and how many lines go together.
ROUTED_BYTES_MAX = 1024 * 1024
ROUTED_PER_MESSAGE_MAX = 100
# Ours: how long a container that has ended waits for its last lines to be routed.
ROUTED_LAST_S = 5.0
# AWS: ECS API Reference, CreateService (healthCheckGracePeriodSeconds, up to 2,147,483,647).
GRACE_PERIOD_S_MAX = 2_147_483_647
