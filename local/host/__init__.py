"""A small Functions host for one machine, around the genuine Python worker library.

The published `azure-functions-runtime` package indexes the app, validates its functions and converts their bindings,
as it does in Azure. This package plays the part of the host process: it reads `host.json`, listens to timers, queues
and HTTP, and calls functions through that library. It knows nothing about the app it runs.
"""
