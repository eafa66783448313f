"""The built-in backup of the service, `/directory/recovery`: snapshots, previews and recoveries of its own."""
