"""The way of an application: who may do what, what is signed, and what the certificate says afterwards."""

from __future__ import annotations

import base64
from pathlib import Path
from uuid import UUID

import pytest
from sqlmodel import col, delete, select

from ledger.check import check_bundle
from market.accounts import service as accounts
from market.accounts.models import Membership, MembershipRole
from market.accounts.schemas import NewAccount
from market.client import ClientError, Datawharf, Problem
from market.kit.auth import Role
from tests.builders.marketplace import FOUNDER, PASSWORD, Marketplace


@pytest.fixture
def provider(market: Marketplace) -> Datawharf:
    return market.party("harbour")


@pytest.fixture
def registrar(market: Marketplace) -> Datawharf:
    return market.registrar()


def test_an_application_goes_to_its_certificate(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    application = market.certified(provider, registrar, tmp_path / "data")
    assert application["state"] == "ISSUED"
    assert [step["state"] for step in application["steps"]] == [
        "SUBMITTED",
        "ACCEPTED",
        "FORMAL_REVIEW",
        "ISSUED",
    ]
    certificate = market.visitor().api.get(f"/api/v1/certificates/{application['certificate_code']}")
    assert certificate["status"] == "VALID"
    assert certificate["registration"] == application["registration"]
    assert certificate["number"].startswith("GXDA-450700-")
    report = check_bundle(provider.receipt(certificate["leaf"]), market.ledger.policy)
    assert report.ok, report.sentence()


def test_the_queue_shows_what_waits_oldest_first(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    made = [provider.apply(market.registered(provider, tmp_path / str(n))["id"])["id"] for n in range(3)]
    assert [item["id"] for item in registrar.queue()] == made
    first = registrar.api.get("/api/v1/registry/queue", limit=2)
    assert [item["id"] for item in first["items"]] == made[:2]
    rest = registrar.api.get("/api/v1/registry/queue", limit=2, cursor=first["next"])
    assert [item["id"] for item in rest["items"]] == made[2:]
    assert rest["next"] is None


def test_a_returned_application_says_why_and_comes_back(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    version = market.registered(provider, tmp_path / "data")
    application = provider.apply(version["id"])
    with pytest.raises(Problem) as refused:
        registrar.decide(application["id"], "returned")
    assert refused.value.slug == "invalid-input"
    returned = registrar.decide(
        application["id"], "returned", {"zh": "请说明来源", "en": "Say where it comes from"}
    )
    assert returned["reasons"] == {"zh": "请说明来源", "en": "Say where it comes from"}
    assert provider.apply(version["id"])["state"] == "SUBMITTED"


def test_only_the_registrar_of_the_zone_decides(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    application = provider.apply(market.registered(provider, tmp_path / "data")["id"])
    elsewhere = market.registrar("450100")
    for nobody in (elsewhere, provider, market.party("stranger")):
        with pytest.raises(Problem) as refused:
            nobody.decide(application["id"], "accepted")
        assert refused.value.status in (403, 404)
    hub = market.registrar("450000")
    assert hub.decide(application["id"], "accepted")["state"] == "ACCEPTED"


def joined(market: Marketplace, email: str, org_id: UUID, *roles: Role) -> Datawharf:
    """A person who has an account, made a member by whoever may, and logged in anew to act for that organisation."""
    with market.ports.db.writing() as session:
        accounts.appoint(
            session,
            actor=FOUNDER,
            org_id=org_id,
            new=NewAccount(email=email, password=PASSWORD, name="Somebody"),
            password_hash=accounts.hash_password(PASSWORD),
            roles=list(roles),
            now=market.clock.now(),
            existing=True,
        )
    person = market.visitor()
    login = {"email": email, "password": PASSWORD, "organisation": str(org_id)}
    person.api.use_key(person.api.send("POST", "/api/v1/logins", json=login).json()["key"])
    return person


def test_nobody_decides_on_what_he_applied_for(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    """One person in two organisations is still one person, and stays it after leaving one."""
    office = market.found("450700")
    applicant = provider.org_id
    first = provider.apply(market.registered(provider, tmp_path / "1")["id"])
    second = provider.apply(market.registered(provider, tmp_path / "2")["id"])

    both = joined(market, "harbour@example.com", office, Role.REVIEWER)
    path = f"/api/v1/applications/{first['id']}/decision-drafts"
    with pytest.raises(Problem) as refused:
        both.api.post(path, {"decision": "accepted"})
    assert (refused.value.status, refused.value.slug) == (403, "own-application")

    with market.ports.db.writing() as session:
        for row in session.exec(select(Membership).where(Membership.org_id == applicant)):
            session.execute(delete(MembershipRole).where(col(MembershipRole.membership_id) == row.id))
            session.delete(row)
    with pytest.raises(Problem) as still:
        both.api.post(path.replace(first["id"], second["id"]), {"decision": "accepted"})
    assert still.value.slug == "own-application"
    assert registrar.decide(first["id"], "accepted")["state"] == "ACCEPTED"


def test_only_who_needs_to_reads_an_application(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    application = provider.apply(market.registered(provider, tmp_path / "data")["id"])
    path = f"/api/v1/applications/{application['id']}"
    office, platform = market.found("450700"), UUID(market.settings.platform_org)
    for number, (org_id, role, reads) in enumerate(
        [
            (office, Role.MEMBER, False),
            (office, Role.ADMIN, False),
            (office, Role.REVIEWER, True),
            (platform, Role.MEMBER, False),
            (platform, Role.OPERATOR, False),
            (platform, Role.AUDITOR, True),
            (market.found("450100"), Role.REVIEWER, False),
        ]
    ):
        person = joined(market, f"person{number}@example.com", org_id, role)
        if reads:
            assert person.api.get(path)["id"] == application["id"]
            continue
        with pytest.raises(Problem) as refused:
            person.api.get(path)
        assert (refused.value.status, refused.value.slug) == (404, "not-found"), role


def test_steps_cannot_be_skipped(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    application = provider.apply(market.registered(provider, tmp_path / "data")["id"])
    with pytest.raises(Problem) as refused:
        registrar.decide(application["id"], "issued")
    assert refused.value.slug == "application-in-another-state"
    registrar.decide(application["id"], "refused", {"zh": "不予登记", "en": "No"})
    with pytest.raises(Problem) as over:
        registrar.decide(application["id"], "accepted")
    assert over.value.slug == "application-in-another-state"


def test_a_signed_decision_cannot_be_turned_into_another(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    """A statement signed for one decision does not pass as another, nor with another's reasons."""
    from market.client.signing import sign_shown

    application = provider.apply(market.registered(provider, tmp_path / "data")["id"])
    path = f"/api/v1/applications/{application['id']}"
    draft = registrar.api.post(f"{path}/decision-drafts", {"decision": "accepted"})
    signed = sign_shown(registrar.key, draft["to_sign"])
    for body in (
        {"decision": "refused", "reasons": {"zh": "不", "en": "no"}, **signed},
        {"decision": "accepted", "reasons": {"zh": "好", "en": "yes"}, **signed},
        {"decision": "accepted", **signed, "openings": []},
    ):
        with pytest.raises(Problem) as refused:
            registrar.api.post(f"{path}/decisions", body)
        assert refused.value.slug == "statement-differs"
    flipped = bytearray(base64.b64decode(signed["statement"]))
    flipped[-1] ^= 1
    forged = signed | {"statement": base64.b64encode(bytes(flipped)).decode()}
    with pytest.raises(Problem) as forgery:
        registrar.api.post(f"{path}/decisions", {"decision": "accepted", **forged})
    assert forgery.value.slug == "bad-signature"
    assert registrar.api.get(path)["state"] == "SUBMITTED"
    assert registrar.api.post(f"{path}/decisions", {"decision": "accepted", **signed})["state"] == "ACCEPTED"


def test_a_signed_decision_counts_once(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    """Returned and handed in again, an application needs a fresh signature; an earlier one, by whomever brought, is none."""
    from market.client.signing import sign_shown

    version = market.registered(provider, tmp_path / "data")
    application = provider.apply(version["id"])
    path = f"/api/v1/applications/{application['id']}"
    draft = registrar.api.post(f"{path}/decision-drafts", {"decision": "accepted"})
    accepted = {"decision": "accepted", **sign_shown(registrar.key, draft["to_sign"])}
    registrar.api.post(f"{path}/decisions", accepted)
    registrar.decide(application["id"], "returned", {"zh": "请说明来源", "en": "Say where it comes from"})
    provider.apply(version["id"])
    hub = market.registrar("450000")
    for again, slug in ((registrar, "decision-used"), (hub, "wrong-signer")):
        with pytest.raises(Problem) as refused:
            again.api.post(f"{path}/decisions", accepted)
        assert refused.value.slug == slug
    assert registrar.api.get(path)["state"] == "SUBMITTED"
    assert registrar.decide(application["id"], "accepted")["state"] == "ACCEPTED"


def test_an_opening_that_comes_twice_is_refused(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    from market.client.signing import sign_shown

    application = provider.apply(market.registered(provider, tmp_path / "data")["id"])
    path = f"/api/v1/applications/{application['id']}"
    draft = registrar.api.post(f"{path}/decision-drafts", {"decision": "accepted"})
    signed = sign_shown(registrar.key, draft["to_sign"])
    twice = signed | {"openings": [*signed["openings"], *signed["openings"]]}
    with pytest.raises(Problem) as refused:
        registrar.api.post(f"{path}/decisions", {"decision": "accepted", **twice})
    assert refused.value.slug == "statement-differs"


def test_a_certificate_says_what_was_signed_whatever_was_edited_since(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    """An edit after registering is no way around the review: not for the certificate's words, and not for the grade."""
    version = market.registered(provider, tmp_path / "data")
    asset = provider.asset(version["asset_id"])
    grander = {"zh": "全区人口普查", "en": "The census of all Guangxi"}
    provider.edit_asset(asset, asset["metadata"] | {"title": grander, "grade": "G4"})
    application = provider.apply(version["id"])
    for decision in ("accepted", "formal-review", "issued"):
        application = registrar.decide(application["id"], decision)
    document = market.visitor().api.get(f"/api/v1/certificates/{application['certificate_code']}")["document"]
    assert document["title"] == asset["metadata"]["title"]
    assert document["grade"] == asset["metadata"]["grade"]

    core = market.registered(provider, tmp_path / "core", grade="CORE")
    asset = provider.asset(core["asset_id"])
    provider.edit_asset(asset, asset["metadata"] | {"grade": "G1"})
    with pytest.raises(Problem) as refused:
        provider.apply(core["id"])
    assert refused.value.slug == "may-not-be-registered"


def test_a_foreign_application_looks_like_none(
    market: Marketplace, provider: Datawharf, tmp_path: Path
) -> None:
    application = provider.apply(market.registered(provider, tmp_path / "data")["id"])
    stranger = market.party("stranger")
    answers = []
    for identifier in (application["id"], "0192f0c1-2345-7abc-8def-0123456789ab"):
        with pytest.raises(Problem) as refused:
            stranger.api.get(f"/api/v1/applications/{identifier}")
        answers.append((refused.value.status, refused.value.slug))
    assert answers[0] == answers[1] == (404, "not-found")


def test_what_is_not_signed_cannot_apply_and_core_data_never(
    market: Marketplace, provider: Datawharf, tmp_path: Path
) -> None:
    version = market.registered(provider, tmp_path / "core", grade="CORE")
    with pytest.raises(Problem) as refused:
        provider.apply(version["id"])
    assert refused.value.slug in ("may-not-be-registered", "already-applied")
    with pytest.raises(ClientError):
        provider.apply("0192f0c1-2345-7abc-8def-0123456789ab")


def test_withdrawing_ends_it(
    market: Marketplace, provider: Datawharf, registrar: Datawharf, tmp_path: Path
) -> None:
    application = provider.apply(market.registered(provider, tmp_path / "data")["id"])
    withdrawn = provider.api.post(f"/api/v1/applications/{application['id']}/withdrawal", {})
    assert withdrawn["state"] == "WITHDRAWN"
    assert list(registrar.queue()) == []


def test_the_pages_show_it(small_market: Marketplace, tmp_path: Path) -> None:
    provider, registrar = small_market.party("harbour"), small_market.registrar()
    code = small_market.certified(provider, registrar, tmp_path / "data")["certificate_code"]
    browser = small_market.browser()
    assert browser.get(f"/c/{code}", headers={"Accept-Language": "zh"}).headers["location"] == f"/zh/c/{code}"
    for lang, words in (("zh", "仅表示通过形式审核"), ("en", "Formal review only")):
        page = browser.get(f"/{lang}/c/{code}")
        assert page.status_code == 200
        assert words in page.text
        assert "<svg" in page.text
    assert browser.get("/en/c/AAAA-AAAA-AAAA").status_code == 404
