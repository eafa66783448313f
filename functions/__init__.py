"""The triggers of the function app: each parses what came, makes one call, and answers."""
