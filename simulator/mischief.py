"""Mischief while a client pages, in listings and delta rounds: empty pages, objects that move, changes told twice.

Each is a share of the pages, drawn from a seed and counted. None of it loses anything: whoever follows every link
sees every object that stayed, some of them twice.
"""

from collections import Counter
from dataclasses import replace
from random import Random
from urllib.parse import urlsplit

from simulator.operations.call import Answer, Call
from simulator.operations.delta import deferred
from simulator.paging import next_link, position
from simulator.switches import Paging
from simulator.tenant import DeltaLimits, Tenant


class Mischief:
    """Plays the tricks of `switches.paging` on one tenant."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._delta: DeltaLimits = tenant.delta
        self._random, self._random_of_delta = Random(), Random()
        self.counts: Counter[str] = Counter()
        self.switch(tenant.switches.paging)

    def switch(self, wish: Paging) -> None:
        """Put other settings in force."""
        self._wish = wish
        self._random = Random(f"paging {wish.seed}")
        self._random_of_delta = Random(f"paging delta {wish.seed}")
        self._tenant.sealer.page_life_seconds = wish.token_life_seconds
        self._tenant.delta = replace(self._delta, replayed_entries=wish.replay_entries)

    def empty_page(self, call: Call) -> Answer | None:
        """Return a page without objects that leads to the one asked for, now and then; None otherwise."""
        if self._wish.empty_share <= 0.0 or self._random.random() >= self._wish.empty_share:
            return None
        self.counts["empty_pages"] += 1
        start, number = position(call, self._tenant.sealer), self.counts["empty_pages"]
        link = next_link(call, self._tenant.sealer, start, number)
        context = call.context(urlsplit(call.path).path.strip("/").split("/")[0])
        return Answer(200, {"@odata.context": context, "@odata.nextLink": link, "value": []})

    def empty_delta(self, call: Call) -> Answer | None:
        """Return a delta page without objects that leads to the one asked for, now and then; None otherwise."""
        if self._wish.empty_share <= 0.0 or self._random_of_delta.random() >= self._wish.empty_share:
            return None
        self.counts["empty_delta_pages"] += 1
        return deferred(self._tenant, call, self.counts["empty_delta_pages"])

    def move(self, type_name: str, answer: Answer, *, is_delta: bool = False) -> None:
        """Move one object of this page behind all others, now and then: it will be listed again."""
        random = self._random_of_delta if is_delta else self._random
        if self._wish.moving_share <= 0.0 or random.random() >= self._wish.moving_share:
            return
        items = answer.body.get("value") if isinstance(answer.body, dict) else None
        if not items or "@odata.nextLink" not in answer.body:
            return
        order = self._tenant.directory.stores[type_name].order
        object_id = random.choice(items).get("id")
        if object_id in order:
            order.remove(object_id)
            order.add(object_id)
            self.counts["moved_delta_objects" if is_delta else "moved_objects"] += 1
