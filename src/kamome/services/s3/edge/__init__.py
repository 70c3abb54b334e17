"""What is no call of an operation: browsers, forms, websites."""
