"""What became of sent mail: events, bounces, complaints, opens, clicks, suppression."""
