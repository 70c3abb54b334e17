-- Amazon ECS: clusters, task definitions, tasks, services. Rows are keyed by account and Region.

-- `shown` is the Cluster of AWS as JSON, without its counts and tags.
CREATE TABLE ecs_cluster (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  shown TEXT NOT NULL,
  tags TEXT NOT NULL,
  PRIMARY KEY (account, region, name)
) STRICT;

-- One row per revision; it is never deleted, so that numbers are not used twice.
CREATE TABLE ecs_task_definition (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  family TEXT NOT NULL,
  revision INTEGER NOT NULL,
  status TEXT NOT NULL,
  shown TEXT NOT NULL,
  tags TEXT NOT NULL,
  PRIMARY KEY (account, region, family, revision)
) STRICT;

-- Lists revisions and families by status; finds the latest active revision of a family.
CREATE INDEX ecs_task_definition_status
  ON ecs_task_definition (account, region, status, family, revision);

-- One row per task, until an hour after its end. `shown` is the Task of AWS as JSON, without its
-- tags; the columns are what tasks are found by. `is_started` is 0 while an outbox entry is still
-- to start it, 1 when it has a process, or had one.
CREATE TABLE ecs_task (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  cluster TEXT NOT NULL,
  id TEXT NOT NULL,
  last_status TEXT NOT NULL,
  desired_status TEXT NOT NULL,
  family TEXT NOT NULL,
  started_by TEXT NOT NULL,
  service TEXT NOT NULL,
  launch_type TEXT NOT NULL,
  cpu_units INTEGER NOT NULL,
  memory_mb INTEGER NOT NULL,
  is_live INTEGER NOT NULL,
  is_started INTEGER NOT NULL,
  trace TEXT NOT NULL,
  shown TEXT NOT NULL,
  tags TEXT NOT NULL,
  PRIMARY KEY (account, region, cluster, id)
) STRICT;

-- ListTasks, in its order.
CREATE INDEX ecs_task_desired ON ecs_task (account, region, cluster, desired_status, id);
-- What is taken of the machine, and what a killed server has left: as many rows as fit on it.
CREATE INDEX ecs_task_live ON ecs_task (is_live, cpu_units, memory_mb) WHERE is_live = 1;
-- The live tasks of a cluster, and of a service.
CREATE INDEX ecs_task_service
  ON ecs_task (account, region, cluster, is_live, service, last_status) WHERE is_live = 1;

-- What RunTask answered to a client token, for a day.
CREATE TABLE ecs_client_token (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  cluster TEXT NOT NULL,
  token TEXT NOT NULL,
  request_sha256 TEXT NOT NULL,
  task_ids TEXT NOT NULL,
  PRIMARY KEY (account, region, cluster, token)
) STRICT;

-- When something that is over is to be forgotten: a task, a deleted cluster or service, a token.
CREATE TABLE ecs_expiry (
  at_ms INTEGER NOT NULL,
  what TEXT NOT NULL,
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  cluster TEXT NOT NULL,
  name TEXT NOT NULL,
  PRIMARY KEY (at_ms, what, account, region, cluster, name)
) STRICT;

-- `shown` is the Service of AWS as JSON, without its counts, events and tags; `events` its newest
-- events; `failures` how many of its tasks have ended early in a row.
CREATE TABLE ecs_service (
  account TEXT NOT NULL,
  region TEXT NOT NULL,
  cluster TEXT NOT NULL,
  name TEXT NOT NULL,
  status TEXT NOT NULL,
  launch_type TEXT NOT NULL,
  failures INTEGER NOT NULL,
  retry_at_ms INTEGER NOT NULL,
  shown TEXT NOT NULL,
  events TEXT NOT NULL,
  tags TEXT NOT NULL,
  PRIMARY KEY (account, region, cluster, name)
) STRICT;

-- ListServices, in its order.
CREATE INDEX ecs_service_status ON ecs_service (account, region, cluster, status, name);
-- What is looked after when the server starts.
CREATE INDEX ecs_service_live
  ON ecs_service (account, region, cluster, name) WHERE status <> 'INACTIVE';
