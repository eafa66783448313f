"""Replicas: the tenant as it was some seconds ago, for reads that a lagging copy would answer."""
