"""The provider's studio: what to do next, assets, versions, and registering one in the browser."""

from __future__ import annotations

from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Request, Response

from market.catalog import service
from market.catalog.limits import limits_of
from market.catalog.page_forms import fields_of, form_field, offered, read_metadata, read_version
from market.catalog.schemas import AssetEdit, NewAsset, VersionDetail
from market.catalog.verbs import EDIT_ASSET, READ_OWN_ASSETS, REGISTER_VERSION
from market.kit.auth import Principal
from market.kit.errors import Fault
from market.kit.forms import SubmittedDep, fault_errors, in_words
from market.kit.guards import page_guard
from market.kit.i18n import N_, Lang
from market.kit.pages import LangPath, page_router, redirect
from market.kit.paging import Cursor
from market.kit.ports import ports_of
from market.kit.templating import render
from market.provenance.gateway import Ledger
from market.provenance.signing import ToSign, read_signed_form

router = page_router("catalog")

Reader = Annotated[Principal, Depends(page_guard(READ_OWN_ASSETS))]
Editor = Annotated[Principal, Depends(page_guard(EDIT_ASSET))]
Registrant = Annotated[Principal, Depends(page_guard(REGISTER_VERSION))]
PAGE_SIZE = 50


@router.get("/studio")
def studio(request: Request, lang: LangPath, actor: Reader) -> Response:
    """What waits for the provider comes first."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        drafts = service.drafts_of(session, actor=actor)
        assets = service.summaries(session, {draft.asset_id for draft in drafts})
        newest = service.assets_of(session, actor=actor, limit=5)
        storage = service.storage(session, actor=actor, quota=limits_of(ports).quota_bytes)
    return render(
        request, "catalog/studio.html", drafts=drafts, assets=assets, newest=newest.items, storage=storage
    )


@router.get("/studio/assets")
def list_assets(
    request: Request,
    lang: LangPath,
    actor: Reader,
    cursor: Cursor = None,
) -> Response:
    with ports_of(request).db.reading() as session:
        page = service.assets_of(session, actor=actor, cursor=cursor, limit=PAGE_SIZE)
    return render(request, "catalog/assets.html", page=page)


@router.get("/studio/assets/new")
def show_new_asset(request: Request, lang: LangPath, actor: Editor) -> Response:
    return _asset_form(request, lang, {}, {})


@router.post("/studio/assets/new")
def create_asset(request: Request, lang: LangPath, actor: Editor, form: SubmittedDep) -> Response:
    ports = ports_of(request)
    metadata, errors = read_metadata(form, lang)
    if metadata is None:
        return _asset_form(request, lang, form.values, errors)
    try:
        with ports.db.writing() as session:
            made = service.create_asset(
                session,
                actor=actor,
                new=NewAsset(metadata=metadata),
                limits=limits_of(ports),
                now=ports.clock.now(),
            )
    except Fault as fault:
        return _asset_form(request, lang, form.values, fault_errors(fault, lang, form_field))
    return redirect(
        f"/{lang}/studio/assets/{made.id}", flash=N_("The draft was saved. Nothing is public yet.")
    )


@router.get("/studio/assets/{asset_id}")
def show_asset(request: Request, lang: LangPath, asset_id: UUID, actor: Editor) -> Response:
    with ports_of(request).db.reading() as session:
        asset = service.own_asset(session, actor=actor, asset_id=asset_id)
        versions = service.versions_of(session, actor=actor, asset_id=asset_id).items
    return render(request, "catalog/asset.html", asset=asset, versions=versions)


@router.get("/studio/assets/{asset_id}/edit")
def show_edit(request: Request, lang: LangPath, asset_id: UUID, actor: Editor) -> Response:
    with ports_of(request).db.reading() as session:
        asset = service.own_asset(session, actor=actor, asset_id=asset_id)
    values = fields_of(asset) | {"revision": str(asset.revision)}
    return _asset_form(request, lang, values, {}, asset_id)


@router.post("/studio/assets/{asset_id}/edit")
def edit_asset(
    request: Request, lang: LangPath, asset_id: UUID, actor: Editor, form: SubmittedDep
) -> Response:
    ports = ports_of(request)
    metadata, errors = read_metadata(form, lang)
    revision = str(form.values.get("revision", ""))
    if metadata is None:
        return _asset_form(request, lang, form.values, errors, asset_id)
    try:
        with ports.db.writing() as session:
            service.edit_asset(
                session,
                actor=actor,
                asset_id=asset_id,
                edit=AssetEdit(metadata=metadata),
                expected_revision=int(revision) if revision.isdecimal() else 0,
                now=ports.clock.now(),
            )
    except Fault as fault:
        return _asset_form(request, lang, form.values, fault_errors(fault, lang, form_field), asset_id)
    return redirect(f"/{lang}/studio/assets/{asset_id}", flash=N_("The change was saved."))


@router.get("/studio/assets/{asset_id}/versions/new")
def show_new_version(request: Request, lang: LangPath, asset_id: UUID, actor: Editor) -> Response:
    return _version_form(request, lang, actor, asset_id, {}, {})


@router.post("/studio/assets/{asset_id}/versions/new")
def add_version(
    request: Request, lang: LangPath, asset_id: UUID, actor: Editor, form: SubmittedDep
) -> Response:
    """Draft a version from the manifest that the browser made; a draft of the same number gives way."""
    ports = ports_of(request)
    new, errors = read_version(form, lang)
    if new is None:
        return _version_form(request, lang, actor, asset_id, form.values, errors)
    try:
        with ports.db.writing() as session:
            made = service.restart_version(
                session,
                actor=actor,
                asset_id=asset_id,
                new=new,
                limits=limits_of(ports),
                now=ports.clock.now(),
            )
    except Fault as fault:
        return _version_form(
            request, lang, actor, asset_id, form.values, fault_errors(fault, lang, form_field)
        )
    return redirect(f"/{lang}/studio/versions/{made.id}")


@router.get("/studio/versions/{version_id}")
def show_version(request: Request, lang: LangPath, version_id: UUID, actor: Editor) -> Response:
    """A version: its files, and for a draft the statement to sign, all of it shown before anything becomes public."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        version = service.version(session, actor=actor, version_id=version_id)
        asset = service.own_asset(session, actor=actor, asset_id=version.asset_id)
    to_sign, hindrance = _to_sign(request, lang, actor, version)
    return render(
        request, "catalog/version.html", version=version, asset=asset, to_sign=to_sign, hindrance=hindrance
    )


@router.post("/studio/versions/{version_id}")
def register_version(
    request: Request, lang: LangPath, version_id: UUID, actor: Registrant, form: SubmittedDep
) -> Response:
    ports = ports_of(request)
    signed = read_signed_form(form)
    with ports.db.writing() as session:
        made = service.register_version(
            session,
            actor=actor,
            ledger=ports.get(Ledger),
            version_id=version_id,
            signed=signed,
            now=ports.clock.now(),
        )
    return redirect(
        f"/{lang}/studio/versions/{made.id}",
        flash=N_("The version is registered. Its receipt follows when the ledger has published it."),
    )


@router.post("/studio/versions/{version_id}/discard")
def discard_version(request: Request, lang: LangPath, version_id: UUID, actor: Editor) -> Response:
    with ports_of(request).db.writing() as session:
        asset_id = service.version(session, actor=actor, version_id=version_id).asset_id
        service.discard_version(session, actor=actor, version_id=version_id)
    return redirect(f"/{lang}/studio/assets/{asset_id}", flash=N_("The draft version was thrown away."))


def _to_sign(
    request: Request, lang: Lang, actor: Principal, version: VersionDetail
) -> tuple[ToSign | None, str]:
    """The statement of a draft, or why there is none to sign."""
    ports = ports_of(request)
    if version.state != "draft":
        return None, ""
    try:
        with ports.db.reading() as session:
            prepared = service.prepare_registration(
                session,
                actor=actor,
                ledger=ports.get(Ledger),
                version_id=version.id,
                now=ports.clock.now(),
            )
    except Fault as fault:
        return None, in_words(fault, lang)
    return prepared, ""


def _asset_form(
    request: Request, lang: Lang, values: dict[str, Any], errors: dict[str, str], asset_id: UUID | None = None
) -> Response:
    return render(
        request,
        "catalog/asset_form.html",
        status=422 if errors else 200,
        values=values,
        errors=errors,
        offered=offered(lang),
        asset_id=asset_id,
    )


def _version_form(
    request: Request,
    lang: Lang,
    actor: Principal,
    asset_id: UUID,
    values: dict[str, Any],
    errors: dict[str, str],
) -> Response:
    with ports_of(request).db.reading() as session:
        asset = service.own_asset(session, actor=actor, asset_id=asset_id)
        versions = service.versions_of(session, actor=actor, asset_id=asset_id).items
    return render(
        request,
        "catalog/version_form.html",
        status=422 if errors else 200,
        asset=asset,
        values={"version": _next_number([version.version for version in versions])} | values,
        errors=errors,
    )


def _next_number(taken: list[str]) -> str:
    """A number above all taken ones."""
    if not taken:
        return "1.0.0"
    major, minor, _ = max(tuple(map(int, number.split("."))) for number in taken)
    return f"{major}.{minor + 1}.0"
