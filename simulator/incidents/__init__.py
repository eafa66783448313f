"""Things that happen to tenants, by name and seed: each a short story of writes through Graph's own operations."""
