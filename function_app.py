"""What the Functions host loads: every blueprint of the app, and nothing else."""

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
from shared.azure.process import settle

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

settle()
