"""Mail that goes out: requests, the gate, the mail itself, the account."""
