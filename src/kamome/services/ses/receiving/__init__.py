"""Mail that comes in: receipt rules, their actions, what is told of it."""
