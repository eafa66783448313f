"""The one reason a local host ends before it listens."""


class CannotStartError(Exception):
    """The app, its settings or its storage do not allow a start; the message is one line for a person."""
