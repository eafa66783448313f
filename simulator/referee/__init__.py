"""The referee: checks every request and every answer against the description of Graph that Microsoft publishes."""
