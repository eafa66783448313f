"""A stand-in for write-once storage: the rules of a container-level immutability policy, which Azurite has not."""
