"""People at work while things break: each act that was acknowledged must be in the audit log."""

import json
import time

from tests.faults.oracle.generator import Tenant
from tests.faults.oracle.ledger import Act, Ledger
from tests.support.processes import Site

OK = 200


class Hands:
    """Somebody of a tenant who takes cases, over HTTP; nothing else of a case changes by it."""

    def __init__(self, site: Site, ledger: Ledger, tenant: Tenant) -> None:
        self._site = site
        self._ledger = ledger
        self._tenant = tenant

    async def take_a_case(self, place: int) -> bool:
        """Assign one of the newest cases; False when nobody answered that it was done.

        Raises what httpx raises when nobody answers at all.
        """
        headers = {"authorization": f"Bearer {self._tenant.key}"}
        listed = await self._site.http.get("/v1/cases", params={"limit": 50}, headers=headers)
        if listed.status_code != OK or not (cases := listed.json()["items"]):
            return False
        case_id = cases[place % len(cases)]["id"]
        body = json.dumps({"member_id": self._tenant.member_id})
        answer = await self._site.http.post(
            f"/v1/cases/{case_id}/assign",
            content=body,
            headers=headers | {"content-type": "application/json"},
        )
        if answer.status_code != OK:
            return False
        self._ledger.act(Act(self._tenant.slug, "case.assigned", case_id, time.time()))
        return True
