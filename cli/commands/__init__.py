"""What each command does: ask the API, show the answer, say how it ended."""
