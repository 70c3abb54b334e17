"""Reserved and provisioned concurrency, and who may run now."""
