"""Export jobs: metrics and message insights as files to download."""
