"""AWS Lambda: functions, invocations and event source mappings. See DESIGN.md."""
