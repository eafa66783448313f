"""What the Functions host loads: every blueprint of the app, and nothing else."""

import gc

import azure.functions as func

from functions import (
    health,
    poison,
    queue_workers,
    recovery_api,
    restore_point_timer,
    snapshot_timer,
    upkeep_timers,
    watchdog_timer,
)

app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
for blueprint in (
    snapshot_timer.bp,
    restore_point_timer.bp,
    upkeep_timers.bp,
    watchdog_timer.bp,
    queue_workers.bp,
    poison.bp,
    recovery_api.bp,
    health.bp,
):
    app.register_functions(blueprint)

gc.freeze()  # what was imported lives as long as the process: no full collection of a busy worker has to walk it again
