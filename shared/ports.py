"""What the runs need from the outside world, as protocols; shared/wiring.py picks who provides it.

Every port is async. Each promise below is a test in tests/contract/, passed by the Azure adapter on Azurite and by the
in-memory one alike. All of them raise TransientError for what repeating the message may mend.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence, Set
from datetime import datetime
from typing import Protocol

import msgspec

from shared.catalogue.entry import ObjectType
from shared.catalogue.listing import Listing
from shared.domain.changes import Json
from shared.domain.jobs import Note
from shared.domain.protection import Container
from shared.domain.writes import Answer, Write
from shared.formats.signatures import Signature
from shared.jobs.told import Told

Value = str | int | bool
Hold = Callable[[], Awaitable[None]]  # raises when whoever asks may not write to the tenant (any more)


class Row(msgspec.Struct, frozen=True):
    """One table row: `etag` names this version, `age_seconds` is since its last write, by the server's own clock."""

    key: str
    values: Mapping[str, Value]
    etag: str
    age_seconds: float


CREATE = ""
ANY = "*"


class Put(msgspec.Struct, frozen=True):
    """Write a whole row: only if absent (`etag` CREATE), whatever is there (ANY), or only over that version."""

    key: str
    values: Mapping[str, Value]
    etag: str


class Rows(Protocol):
    """Small rows that change, under optimistic concurrency. The tenant is the partition."""

    async def read(self, partition: str, key: str) -> Row | None:
        """Return the row, or None when there is none."""

    async def scan(self, partition: str, prefix: str) -> list[Row]:
        """Return every row whose key starts with `prefix`, in key order, however many pages that takes."""

    async def write(self, partition: str, puts: Sequence[Put]) -> list[str]:
        """Store all of `puts` (1 to 100, distinct keys) or none; return the new etags in the same order.

        A reply that got lost is settled by reading back before anything is reported. Raises RowConflictError when a
        condition did not hold.
        """

    async def remove(self, partition: str, key: str) -> None:
        """Remove a row, whatever version it has; one that is not there is success (a lost reply)."""


class Blobs(Protocol):
    """Files that are created once, in one request, and never changed."""

    async def create(self, name: str, content: bytes, metadata: Mapping[str, str] | None = None) -> None:
        """Create blob `name`. A blob that is there already with the same bytes is success (a lost reply).

        Raises IntegrityError when `name` exists with other bytes; nothing is ever overwritten.
        """

    async def read(self, name: str, offset: int = 0, length: int | None = None) -> bytes:
        """Return the bytes of `name` from `offset`, at most `length`. Raises NotFoundError when there is no blob."""

    async def names(self, prefix: str) -> list[str]:
        """Return every blob name that starts with `prefix`, in order."""

    async def container(self) -> Container:
        """Return how the service says it protects what is here, and its own time. Nothing is assumed or remembered."""


class Aged(msgspec.Struct, frozen=True):
    """One blob and how long ago it was created, by the storage service's own clock."""

    name: str
    age_seconds: float


class Shelf(Protocol):
    """Removal of blobs that have expired. Only shared/runs/pruning.py holds one; writers cannot remove anything."""

    async def aged(self, prefix: str) -> list[Aged]:
        """Return every blob whose name starts with `prefix`, in order of names."""

    async def remove(self, name: str) -> str:
        """Remove a blob; return "" when it is gone, otherwise the service's code for why it may not go (yet)."""


class WorkQueue(Protocol):
    """Pointers to work, delivered at least once, in no promised order."""

    async def send(self, queue: str, note: Note, delay_seconds: float = 0) -> None:
        """Make `note` receivable from `queue` after `delay_seconds`; return when it is stored."""


class Clock(Protocol):
    """Time: the only one the runs may ask."""

    def now(self) -> datetime:
        """Return the present as aware UTC."""

    async def sleep(self, seconds: float) -> None:
        """Return `seconds` later."""


class Ids(Protocol):
    """Randomness: the only source of new ids."""

    def new(self) -> str:
        """Return a new random GUID."""


class Passwords(Protocol):
    """Randomness: the only source of passwords. Each is for one request and is kept nowhere."""

    def new(self) -> str:
        """Return a new password that meets Entra's rules and that nobody can guess."""


class Signer(Protocol):
    """The key that signs manifests."""

    async def sign(self, digest: bytes) -> Signature:
        """Return the ES256 signature over a SHA-256, with the key's id and its public half."""


class Verifier(Protocol):
    """The public keys that are trusted to have signed manifests."""

    async def refusal(self, signature: Signature, digest: bytes) -> str:
        """Return why the signature does not prove the SHA-256, empty when a trusted key made it over just that."""


class Caller(msgspec.Struct, frozen=True):
    """Who calls the API: the object id of the principal and the app roles its token carries."""

    object_id: str
    roles: frozenset[str]


class Callers(Protocol):
    """Who may call."""

    async def identify(self, authorization: str | None) -> Caller:
        """Return who the Authorization header proves the caller to be; raise CallerError (unknown) otherwise."""


class Page(msgspec.Struct, frozen=True):
    """One page of a listing: `bodies` for objects, (source id, other id) pairs for `links`.

    `ids` are those of the bodies, in the same order; whoever has not read them leaves them out. `linked` holds links
    too, as each source id with all the ids it names, which costs less for many of them. `cursor` continues the listing;
    None is a proven last page. `requests` counts the Graph calls it took.
    """

    cursor: str | None
    bodies: Sequence[bytes] = ()
    links: Sequence[tuple[str, str]] = ()
    requests: int = 1
    ids: Sequence[str] = ()
    linked: Sequence[tuple[str, Sequence[str]]] = ()


class DeltaPage(msgspec.Struct, frozen=True):
    """One page of a delta query: the ids that changed, removed ones included; `token` is set on the last page.

    `removed` are those of `changed` that Graph says are no longer live. `told` has, by (id, reference), what it tells
    of their links; None where that is not to be believed.
    """

    changed: Sequence[str]
    cursor: str | None
    token: str | None
    removed: frozenset[str] = frozenset()
    told: Mapping[tuple[str, str], Told] | None = None


class Held(msgspec.Struct, frozen=True):
    """One link, read from its far end: an object of `type` has `other_id` in its `reference`."""

    type: str
    reference: str
    source_id: str
    other_id: str


class Found(msgspec.Struct, frozen=True):
    """The present state of one object: its body, or None when gone; `is_deleted` when in the recycle bin.

    `others` are the ids that the expanded reference names, None where they did not all come with the object.
    """

    body: bytes | None
    is_deleted: bool = False
    others: frozenset[str] | None = None


class Alerts(Protocol):
    """Whoever is told of drift."""

    def channels(self) -> Sequence[str]:
        """Return the channels that have a receiver: `webhook`, `teams`, or none."""

    async def send(self, channel: str, alert_id: str, content: bytes) -> None:
        """Send one alert, which a receiver may get twice under one id; raise TransientError unless it was taken."""


class AuditPage(msgspec.Struct, frozen=True):
    """One page of the directory audit log as Graph wrote it; `cursor` continues it, None after the last page."""

    records: Sequence[bytes]
    cursor: str | None


class NativeRecovery(msgspec.Struct, frozen=True):
    """One recovery job of Microsoft's own feature; `ended_at` is None while it runs."""

    job_id: str
    status: str
    ended_at: datetime | None


class Directory(Protocol):
    """The tenant. Owns the quotas: it waits when Graph says so and never answers with a throttle.

    Raises DirectoryError, or IncompleteListingError for a page that is cut, looping or malformed, naming the type and
    the request-id; TransientError when Graph could not be reached for longer than its patience.
    """

    async def identities(self) -> frozenset[str]:
        """Return the application ids that this process acts as, as far as it can tell."""

    async def count(self, object_type: ObjectType) -> int | None:
        """Return how many live objects of the type an index says there are (it may lag), None if uncountable."""

    async def refusals(self, types: Sequence[ObjectType]) -> dict[str, str]:
        """Return Graph's reason, by type name, for each of `types` that this application may not read in this tenant.

        A type is refused as a whole: for want of a permission or of a licence. Anything else that is no answer raises.
        """

    async def native_recoveries(self) -> list[NativeRecovery]:
        """Return the recoveries of Microsoft's own feature that the tenant knows, the newest kept ones only.

        Raises DirectoryError where the tenant does not tell: 403 without the permission EntraBackup.Read.All.
        """

    async def counts(self, object_type: ObjectType, within: Sequence[str]) -> list[int]:
        """Return how many live objects of the type fit each $filter, by an index that may lag."""

    async def page(self, listing: Listing, cursor: str) -> Page:
        """Return the page at `cursor`; the empty cursor is the first page."""

    async def small(self, listings: Sequence[Listing]) -> list[list[bytes]]:
        """Return every body of each of `listings`, in order; none is of links or children, all are short."""

    async def delta_token(self, object_type: ObjectType) -> str | None:
        """Return a token from which later changes are told, or None for a type without delta."""

    async def delta_page(self, object_type: ObjectType, token: str, cursor: str) -> DeltaPage:
        """Return the page at `cursor` of what changed since `token`; the empty cursor is the first page."""

    async def find(
        self, object_type: ObjectType, object_ids: Sequence[str], expand: str = "", deleted: Set[str] = frozenset()
    ) -> dict[str, Found]:
        """Return the present state of each object, looking in the recycle bin for those not live.

        The links of the reference `expand` come with an object where that takes no request more. Those in `deleted` are
        believed to be in the bin, so one request each tells; the answer is the same without.
        """

    async def alike(self, object_type: ObjectType, names: Sequence[str], wanted: Sequence[Json]) -> list[list[Json]]:
        """Return, for each of `wanted`, the live objects of the type that have its values of `names`, case ignored.

        None for one that has no value of the first name. A replica that lags may not know of a new one yet.
        """

    async def references(
        self, object_type: ObjectType, reference: str, object_ids: Sequence[str]
    ) -> dict[str, set[str]]:
        """Return, for each live object among `object_ids`, the ids its `reference` names now."""

    async def short_references(
        self, object_type: ObjectType, reference: str, object_ids: Sequence[str]
    ) -> dict[str, set[str] | None]:
        """Return the same where one page holds all of them, None for an object that has more."""

    async def holders(self, object_type: ObjectType, object_ids: Sequence[str]) -> list[Held]:
        """Return the links that lead to the live objects among `object_ids`, as far as Graph tells from that end."""

    async def audits(self, since: datetime, until: datetime, cursor: str, openings: Sequence[str] = ()) -> AuditPage:
        """Return the page at `cursor` of the audit records from `since` to `until`; the empty cursor is the first.

        With `openings`, only records of activities whose names begin with one of them.
        """

    async def own_applications(self) -> frozenset[str]:
        """Return the lower-case ids (appId) of the applications that we write as; empty where nobody can tell."""

    async def apply(self, writes: Sequence[Write], hold: Hold) -> list[Answer]:
        """Send every write, one lane at a time, and return their answers in the same order.

        `hold` is asked before each request that goes out, repeated ones too, once the quotas have room for it. What it
        raises ends the call: the rest is not sent.
        """
