"""Other applications at work in the tenant while someone captures or recovers it."""
