"""The ports in memory, for simulations: they keep the promises of shared/ports.py and pass the Azure adapters' tests.

Time comes from an injected clock and ids from a seed, so a world with one seed always runs the same way.
"""
