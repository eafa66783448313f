"""The state of the simulated tenant: objects, links, what was deleted, and one ordered log of every change."""
