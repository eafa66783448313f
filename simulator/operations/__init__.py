"""What the tenant does for each Graph operation: one function takes a call and gives an answer."""
