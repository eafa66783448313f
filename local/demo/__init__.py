"""The main job, end to end, on this machine: capture, damage, report, recover with a worker killed, verify."""
