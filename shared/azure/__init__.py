"""The Azure services behind the ports: tables, blobs, queues, tokens and the machine's clock.

Nothing here decides anything about a tenant; each module keeps the promises that shared/ports.py makes.
"""
