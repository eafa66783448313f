"""The shapes on the wire: Graph's `entraRecoveryServices` types, and what Tidemark adds to them. Pure."""
