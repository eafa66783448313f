"""Options that several commands take, and those of reports and recoveries.

Each function without an argument returns a parent for commands that take its options; the others add options to one.
"""

from __future__ import annotations

from argparse import ArgumentParser

WHOLE = "read every object, not what changed since a snapshot"
TOP_DEFAULT = 100


def page() -> ArgumentParser:
    """Return the options that choose a page of a list."""
    made = ArgumentParser(add_help=False)
    made.add_argument("--top", type=int, default=TOP_DEFAULT, help=f"rows to show, 1 to 999 (default {TOP_DEFAULT})")
    made.add_argument("--skip", type=int, default=0, help="rows to leave out before them (default 0)")
    return made


def wait() -> ArgumentParser:
    """Return the option that watches a job to its end."""
    made = ArgumentParser(add_help=False)
    made.add_argument("--wait", action="store_true", help="watch the job to its end; the exit status tells how it was")
    return made


def scope() -> ArgumentParser:
    """Return the options that say which types or objects a job is about."""
    made = ArgumentParser(add_help=False)
    either = made.add_mutually_exclusive_group()
    either.add_argument("--types", metavar="TYPE,...", help="only these types, such as user,group")
    either.add_argument("--ids", metavar="TYPE:ID,...", help="only these objects")
    either.add_argument("--ids-from", metavar="FILE", help="only the objects that it lists, TYPE:ID a line")
    return made


def snapshot() -> ArgumentParser:
    """Return the argument that names a snapshot."""
    made = ArgumentParser(add_help=False)
    made.add_argument("snapshot", metavar="SNAPSHOT", help="id of a snapshot, or latest")
    return made


def acted_on() -> ArgumentParser:
    """Return the argument that names a job to act on."""
    made = ArgumentParser(add_help=False)
    made.add_argument("job", metavar="JOB", help="id of a job")
    return made


def looked_at() -> ArgumentParser:
    """Return the argument that names a job to look at, which may be `latest`; what acts on a job has to name it."""
    made = ArgumentParser(add_help=False)
    made.add_argument("job", metavar="JOB", help="id of a job, or latest")
    made.set_defaults(may_be_latest=True)
    return made


def doing() -> ArgumentParser:
    """Return the options that carry out what would only be planned."""
    made = ArgumentParser(add_help=False)
    made.add_argument("--apply", action="store_true", help="carry it out; without it, only the plan is made and shown")
    made.add_argument("--plan", metavar="JOB", default="", help="carry out just the plan of that dry run, or nothing")
    made.add_argument("--yes", action="store_true", help="do not ask; needed where nobody can be asked")
    return made


def proof() -> ArgumentParser:
    """Return the options that say how much of a snapshot is proven."""
    made = ArgumentParser(add_help=False)
    either = made.add_mutually_exclusive_group()
    either.add_argument("--full", action="store_true", help="read every byte of the snapshot (the default)")
    either.add_argument("--quick", action="store_true", help="read the manifests of all snapshots, and nothing else")
    either.add_argument("--subset", metavar="N/T", help="read part N of T of the snapshot, such as 2/7")
    return made


def purpose() -> ArgumentParser:
    """Return the options that say what the permissions are for."""
    made = ArgumentParser(add_help=False)
    made.add_argument(
        "--for", dest="purpose", choices=("read", "write"), required=True, help="snapshots read, recoveries write"
    )
    made.add_argument("--types", metavar="TYPE,...", help="only for these types, such as user,group")
    return made


def add_reading(report: ArgumentParser) -> None:
    """Add how a report reads the tenant."""
    reading = report.add_mutually_exclusive_group()
    reading.add_argument(
        "--fresh", type=int, metavar="MINUTES", help="use what a report of so many minutes ago has read"
    )
    reading.add_argument("--whole", action="store_true", help=WHOLE)


def add_allowances(recover: ArgumentParser) -> None:
    """Add what a recovery does only when it is asked to."""
    recover.add_argument("--whole", action="store_true", help=WHOLE)
    recover.add_argument(
        "--soft-delete-newer", action="store_true", help="also soft-delete objects that the snapshot does not have"
    )
    recover.add_argument(
        "--remove-newer-grants",
        action="store_true",
        help="also remove consent grants, app role and directory role assignments that the snapshot does not have",
    )
    recover.add_argument(
        "--recreate-hard-deleted",
        action="store_true",
        help="also create anew, under other ids, what was deleted for good, and rewrite what names it",
    )


def add_rows_of_report(recover: ArgumentParser) -> None:
    """Add which rows of a report a recovery brings back, and what of them."""
    recover.add_argument("--report", metavar="JOB", help="the report that --rows chooses from")
    recover.add_argument(
        "--rows", metavar="FILE", help="only these rows of it: lines of its export, or TYPE:ID; - reads"
    )
    recover.add_argument("--property", metavar="NAME,...", help="only these properties and references of the rows")


def add_digest(approve: ArgumentParser) -> None:
    """Add by which digest a plan is approved."""
    approve.add_argument("--digest", metavar="DIGEST", help="only if the plan has this digest: the one you have read")
