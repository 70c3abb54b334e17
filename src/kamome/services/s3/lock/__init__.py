"""Object lock: retention and legal hold."""
