"""Functions: create, change, delete; packages, environment, what is recorded beside them."""
