"""What every page about a contract shows, whichever slice the page belongs to."""

from __future__ import annotations

import base64
from typing import Any

from sqlmodel import Session

from ledger.statement import canonical_json
from market.accounts import service as accounts
from market.catalog import service as catalog
from market.kit.auth import Principal
from market.kit.i18n import Lang
from market.licensing.schemas import ContractView
from market.licensing.stepper import Step, steps
from market.licensing.words import purposes
from market.zones import service as zones


def shown_contract(
    session: Session, lang: Lang, contract: ContractView, actor: Principal, step: Step
) -> dict[str, Any]:
    """The context of a template that shows the contract's summary and the way to its licence."""
    sealed = base64.b64decode(contract.offer_terms.content)
    return {
        "contract": contract,
        # Compared each time: whoever can write to the database could have changed the text after the offer was signed.
        "as_offered": canonical_json(contract.document["offer"]) == sealed,
        "assets": catalog.summaries(session, [contract.asset_id]),
        "names": accounts.org_names(session, {contract.buyer_org, contract.provider_org}),
        "side": "provider" if actor.org_id == contract.provider_org else "buyer",
        "purpose_words": {code: words.best(lang) for code, words in purposes().items()},
        "licence_name": zones.licence_name(contract.document["offer"]["licence"], lang),
        "steps": steps(lang, contract.kind, step, offer_id=contract.offer_id, contract_id=contract.id),
    }
