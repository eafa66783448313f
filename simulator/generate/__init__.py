"""Fills a tenant: invented from a seed, or loaded from files a real tenant was exported to."""
