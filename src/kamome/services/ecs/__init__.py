"""Amazon ECS: clusters, task definitions, tasks and services whose containers are processes."""
