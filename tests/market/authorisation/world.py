"""Everything that the matrix asks about, built once: principals of every kind, and objects of theirs and of others.

Harbour is the organisation whose members are the principals. It sells to corridor and buys from it. What corridor and
coast have of each other is foreign to harbour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

from market.accounts import service as accounts
from market.accounts.schemas import NewAccount, Scope
from market.catalog.schemas import EXAMPLE_METADATA
from market.client import Datawharf, registering
from market.kit.auth import Principal, Role, Via
from market.payments import service as payments
from market.payments.bank_transfer import BankAccount, BankTransferGateway
from market.payments.schemas import TransferIn
from tests.builders.marketplace import FOUNDER, PASSWORD, Marketplace

OPEN: dict[str, Any] = {
    "kind": "OPEN",
    "term_days": 365,
    "quota_rows": 1000,
    "environment": ["download", "api"],
    "licence": "CC-BY-4.0",
    "terms": {"may": [{"action": "use"}], "must": [{"action": "attribute"}]},
}
REQUEST = OPEN | {"kind": "REQUEST", "purposes": ["RESEARCH"], "questions": [{"zh": "谁？", "en": "Who?"}]}
PAID = OPEN | {"kind": "PAID", "price": {"minor": 1_200_000, "currency": "CNY"}}
ZONE, OTHER_ZONE, HUB = "450700", "450100", "450000"
MEMBER_ROLES = (Role.OWNER, Role.ADMIN, Role.PUBLISHER, Role.BUYER, Role.BILLING, Role.MEMBER)
PASSWORD_HASH = accounts.hash_password(PASSWORD)
ACCOUNT = BankAccount("Datawharf", "Bank of Test", "6222000000000000", "104611000000")


@dataclass(frozen=True)
class Someone:
    """A principal of the matrix. where: "org", "platform", "zone:<adcode>", or "" for one who acts for nobody.

    key, cookie: credentials for the API and the pages; None where this kind of principal has none.
    scopes: of the key; None for all. ended: the server no longer knows the key.
    """

    name: str
    where: str = ""
    roles: frozenset[str] = frozenset()
    key: str | None = None
    cookie: str | None = None
    scopes: frozenset[str] | None = None
    ended: bool = False


@dataclass
class World:
    """own, foreign: ids of objects, by the names that the table of requests uses."""

    market: Marketplace
    people: dict[str, Someone] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    foreign: dict[str, str] = field(default_factory=dict)


@dataclass
class _Seller:
    """An organisation with a certified asset, on show with an offer of each kind."""

    party: Datawharf
    asset_id: str
    version_id: str
    application_id: str
    certificate_code: str
    offers: dict[str, str]


def build_world(market: Marketplace, folder: Path) -> World:
    market.ports.add(BankTransferGateway, BankTransferGateway({"CNY": ACCOUNT}))
    world = World(market)
    registrar = market.registrar(ZONE)
    harbour, corridor, coast = (
        _seller(market, registrar, folder / name, name) for name in ("harbour", "corridor", "coast")
    )
    sold, bought = _trade(market, harbour, corridor), _trade(market, corridor, harbour)
    foreign = _trade(market, corridor, coast)
    world.own |= {f"sold.{name}": value for name, value in sold.items()}
    world.own |= {f"bought.{name}": value for name, value in bought.items()}
    world.foreign |= {
        f"{side}.{name}": value for name, value in foreign.items() for side in ("sold", "bought")
    }
    world.own |= _belongings(market, harbour, folder / "more-harbour")
    world.foreign |= _belongings(market, corridor, folder / "more-corridor")
    transfer = _transfer(market, world.own["bought.order_id"])
    world.own["transfer_id"] = world.foreign["transfer_id"] = transfer
    for someone in _people(market, UUID(world.own["org_id"])):
        world.people[someone.name] = someone
    market.drain()
    return world


def _seller(market: Marketplace, registrar: Datawharf, folder: Path, name: str) -> _Seller:
    party = market.party(name)
    certified = market.certified(party, registrar, folder, title={"zh": name, "en": name})
    asset_id = certified["asset_id"]
    offers = {
        kind: party.publish_offer(asset_id, terms)["id"]
        for kind, terms in (("open", OPEN), ("request", REQUEST), ("paid", PAID))
    }
    party.list_asset(asset_id)
    market.drain()
    version_id = party.asset(asset_id)["current_version_id"]
    assert version_id is not None
    return _Seller(party, asset_id, version_id, certified["id"], certified["certificate_code"], offers)


def _trade(market: Marketplace, seller: _Seller, buyer: _Seller) -> dict[str, str]:
    """A licence, a request that waits, a contract that waits for the seller, and an unpaid order."""
    contract = buyer.party.accept_offer(seller.offers["open"])
    seller.party.countersign_waiting()
    market.drain()
    (entitlement,) = buyer.party.entitlements(seller.asset_id)
    request = buyer.party.request_access(
        seller.offers["request"], purpose="RESEARCH", description="A study.", answers=["We."]
    )
    priced = buyer.party.accept_offer(seller.offers["paid"])
    seller.party.countersign_waiting()
    order = buyer.party.order(priced["id"], gateway="bank_transfer")
    return {
        "contract_id": contract["id"],
        "entitlement_id": entitlement["id"],
        "request_id": request["id"],
        "order_id": order["id"],
        "asset_id": seller.asset_id,
        "version_id": seller.version_id,
        "open_offer_id": seller.offers["open"],
        "request_offer_id": seller.offers["request"],
    }


def _transfer(market: Marketplace, order_id: str) -> str:
    """A bank's line for an order, entered by an operator, which another one has to confirm."""
    platform = UUID(market.settings.platform_org)
    account = _appoint(market, platform, "first-operator@example.org", [Role.OPERATOR])
    first = Principal(Via.SESSION, account, platform, frozenset({Role.OPERATOR}), platform=True)
    with market.ports.db.writing() as session:
        invoice = payments.invoice_of(session, order_id=UUID(order_id))
        assert invoice is not None
        now = market.clock.now()
        line = TransferIn(reference=invoice.reference, amount="12000.00", bank_line="1", booked_on=now.date())
        entered = payments.enter_transfer(session, actor=first, new=line, now=now)
    return str(entered.id)


def _belongings(market: Marketplace, seller: _Seller, folder: Path) -> dict[str, str]:
    """What an organisation has for itself: drafts, an upload, members, keys, an invitation, an application."""
    party, api = seller.party, seller.party.api
    org_id = party.me()["organisation"]["id"]
    at = f"/api/v1/organisations/{org_id}"
    asset_id, version_id, upload_id = _draft(party, folder / "draft")
    waiting = party.apply(market.registered(party, folder / "more", title={"zh": "又", "en": "More"})["id"])
    key = api.post(f"{at}/api-keys", {"label": "job", "scopes": ["org:read"], "days": 30})
    invited = {"email": f"guest-of-{seller.asset_id}@example.com", "roles": ["member"]}
    invite = api.post(f"{at}/invites", invited)
    member = _appoint(market, UUID(org_id), f"clerk-of-{seller.asset_id}@example.com", [Role.MEMBER])
    return {
        "org_id": org_id,
        "key_id": key["id"],
        "kid": party.key.public.thumbprint.hex(),
        "invite_id": invite["id"],
        "token": invite["token"],
        "account_id": str(member),
        "asset_id": asset_id,
        "version_id": version_id,
        "upload_id": upload_id,
        "application_id": waiting["id"],
        "listed.asset_id": seller.asset_id,
        "address": seller.asset_id,
        "adcode": ZONE,
        "listed.version_id": seller.version_id,
        "offer_id": seller.offers["open"],
        "draft_id": api.post("/api/v1/offers/drafts", {"asset_id": seller.asset_id, **OPEN})["draft_id"],
        "code": seller.certificate_code,
    }


def _draft(party: Datawharf, folder: Path) -> tuple[str, str, str]:
    """Ids of a draft asset, its draft version, and the upload of the version's only file, of which nothing is here."""
    folder.mkdir(parents=True)
    (folder / "draft.csv").write_text("port,teu\nQinzhou,5\n", encoding="utf-8")
    asset = party.create_asset(EXAMPLE_METADATA)
    path = f"/api/v1/assets/{asset['id']}/versions"
    version = party.api.post(path, draft_version(folder))
    upload = party.api.post(f"/api/v1/versions/{version['id']}/uploads", {"path": "draft.csv"})
    return asset["id"], version["id"], upload["upload"]


def draft_version(folder: Path) -> dict[str, Any]:
    manifest = registering.manifest_of(registering.hash_files(registering.find_files([folder])))
    return registering.new_version_body(
        manifest, version="0.1.0", previous=None, derived_from=[], notes=None, reference_url=""
    )


def _appoint(market: Marketplace, org_id: UUID, email: str, roles: list[Role]) -> UUID:
    with market.ports.db.writing() as session:
        view = accounts.appoint(
            session,
            actor=FOUNDER,
            org_id=org_id,
            new=NewAccount(email=email, password=PASSWORD, name="Somebody"),
            password_hash=PASSWORD_HASH,
            roles=roles,
            now=market.clock.now(),
        )
    return view.id


def _people(market: Marketplace, org_id: UUID) -> Iterator[Someone]:
    """The principals, each of an account of its own."""
    yield Someone("anonymous")
    platform = UUID(market.settings.platform_org)
    places = [(role, org_id, "org") for role in MEMBER_ROLES]
    places += [(Role.OPERATOR, platform, "platform"), (Role.AUDITOR, platform, "platform")]
    for role, org, where in places:
        email = f"{role}@example.org"
        _appoint(market, org, email, [role])
        yield _signed_in(market, email, Someone(str(role), where, frozenset({str(role)})))
    for adcode in (ZONE, OTHER_ZONE, HUB):
        email = f"reviewer-{adcode}@example.org"
        _appoint(market, market.found(adcode), email, [Role.REVIEWER])
        yield _signed_in(
            market, email, Someone(f"reviewer of {adcode}", f"zone:{adcode}", frozenset({"reviewer"}))
        )
    yield from _limited_keys(market, org_id)
    yield _removed(market, org_id)
    yield _suspended(market)


def _limited_keys(market: Marketplace, org_id: UUID) -> Iterator[Someone]:
    """Keys of an owner: with every scope that a key may have, and with a harmless one."""
    email = "keys@example.org"
    _appoint(market, org_id, email, [Role.OWNER])
    owner = market.visitor()
    owner.log_in(email, PASSWORD)
    grantable = sorted(scope for scope in Scope if scope != Scope.MANAGE)
    for name, scopes in (("key with all scopes", grantable), ("key that only reads", [Scope.ORG_READ])):
        body = {"label": name, "scopes": scopes, "days": 30}
        made = owner.api.post(f"/api/v1/organisations/{org_id}/api-keys", body)
        yield Someone(name, "org", frozenset({"owner"}), key=made["key"], scopes=frozenset(map(str, scopes)))


def _removed(market: Marketplace, org_id: UUID) -> Someone:
    """Was an owner, and is no member any more: the account lives on, its key for the organisation does not."""
    account = _appoint(market, org_id, "removed@example.org", [Role.OWNER])
    someone = _signed_in(market, "removed@example.org", Someone("removed member", ended=True))
    with market.ports.db.writing() as session:
        accounts.remove_member(
            session, actor=FOUNDER, org_id=org_id, account_id=account, now=market.clock.now()
        )
    return someone


def _suspended(market: Marketplace) -> Someone:
    """The owner of an organisation that the platform has suspended."""
    owner = market.party("frozen", with_key=False)
    someone = _signed_in(
        market, "frozen@example.com", Someone("owner of a suspended organisation", ended=True)
    )
    with market.ports.db.writing() as session:
        accounts.suspend_org(session, actor=FOUNDER, org_id=owner.org_id, now=market.clock.now())
    return someone


def _signed_in(market: Marketplace, email: str, someone: Someone) -> Someone:
    """With a fresh key of every scope, and a session of the web."""
    person = market.visitor()
    key = person.log_in(email, PASSWORD)["key"]
    with market.ports.db.writing() as session:
        found = accounts.credentials(session, email=email, network_hash="-")
        assert found.account_id is not None
        assert found.password_hash is not None
        cookie = accounts.sign_in(
            session,
            account_id=found.account_id,
            compared_hash=found.password_hash,
            network_hash="-",
            agent="test",
            now=market.clock.now(),
        )
    return replace(someone, key=key, cookie=cookie)
