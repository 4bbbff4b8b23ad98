"""Pages of a person: sign-up, sign-in, account."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote
from uuid import UUID

from fastapi import Depends, Query, Request, Response

from market.accounts import service, verbs
from market.accounts.edge import after_password, passwords_of, prove
from market.accounts.limits import SIGN_UP_PER_NETWORK
from market.accounts.page_answers import organisation_choices, signed_in
from market.accounts.page_forms import ConfirmForm, PasswordForm, ProfileForm, SignInForm, SignUpForm
from market.accounts.passwords import refuse_weak
from market.kit.auth import Principal
from market.kit.csrf import clear_session_cookie
from market.kit.errors import Fault
from market.kit.forms import SubmittedDep, fault_errors
from market.kit.guards import BROWSE, page_guard
from market.kit.i18n import N_
from market.kit.pages import LangPath, page_router, redirect, safe_next
from market.kit.ports import ports_of
from market.kit.ratelimit import network_of
from market.kit.templating import render
from market.provenance.gateway import Ledger

router = page_router("accounts")
Visitor = Annotated[Principal, Depends(page_guard(BROWSE))]
Self = Annotated[Principal, Depends(page_guard(verbs.EDIT_SELF))]


@router.get("/signup")
def show_sign_up(request: Request, lang: LangPath, _: Visitor) -> Response:
    return _sign_up_page(request, {}, {})


@router.post("/signup")
def sign_up(
    request: Request,
    lang: LangPath,
    _: Annotated[Principal, Depends(page_guard(verbs.SIGN_UP))],
    form: SubmittedDep,
) -> Response:
    ports = ports_of(request)
    read, errors = form.read(SignUpForm, lang)
    if read is None:
        return _sign_up_page(request, form.values, errors)
    new = read.account(lang)
    try:
        request.app.state.rate_limits.spend(SIGN_UP_PER_NETWORK, "sign-up", network_of(request))
        service.refuse_weak_password(new)
        hashed = passwords_of(ports).hash(new.password)
        with ports.db.writing() as session:
            service.sign_up(
                session,
                new=new,
                password_hash=hashed,
                origin=ports.get(Ledger).origin,
                now=ports.clock.now(),
            )
    except Fault as fault:
        return _sign_up_page(request, form.values, fault_errors(fault, lang), status=int(fault.kind))
    # The same way on for an address that had an account, so that nobody learns who is here.
    return redirect(
        f"/{lang}/signin?email={quote(new.email)}",
        flash=N_("Your account is ready. Sign in with your password."),
    )


def _sign_up_page(
    request: Request, values: dict[str, str | list[str]], errors: dict[str, str], status: int = 422
) -> Response:
    with ports_of(request).db.reading() as session:
        choices = organisation_choices(session, request.path_params["lang"])
    return render(
        request,
        "accounts/signup.html",
        status=status if errors else 200,
        values=values,
        errors=errors,
        **choices,
    )


@router.get("/signin")
def show_sign_in(
    request: Request,
    lang: LangPath,
    actor: Visitor,
    next_address: Annotated[str, Query(alias="next", max_length=2000)] = "",
    email: Annotated[str, Query(max_length=254)] = "",
) -> Response:
    if actor.signed_in:
        return redirect(safe_next(next_address, f"/{lang}/account"))
    return render(request, "accounts/signin.html", values={"email": email, "next": next_address}, errors={})


@router.post("/signin")
def sign_in(
    request: Request,
    lang: LangPath,
    _: Annotated[Principal, Depends(page_guard(verbs.SIGN_IN))],
    form: SubmittedDep,
) -> Response:
    ports = ports_of(request)
    read, errors = form.read(SignInForm, lang)
    status = 422
    if read is not None:
        try:
            proved = prove(
                ports,
                request.app.state.rate_limits,
                email=read.email,
                password=read.password,
                network=network_of(request),
            )
            with ports.db.writing() as session:
                token = service.sign_in(
                    session,
                    account_id=proved.account_id,
                    compared_hash=proved.compared_hash,
                    rehash=proved.rehash,
                    network_hash=proved.network_hash,
                    agent=request.headers.get("user-agent", ""),
                    now=ports.clock.now(),
                )
            return signed_in(request, token, safe_next(read.next, f"/{lang}/"))
        except Fault as fault:
            errors, status = fault_errors(fault, lang), int(fault.kind)
    values = {name: form.values.get(name, "") for name in ("email", "next")}
    return render(request, "accounts/signin.html", status=status, values=values, errors=errors)


@router.post("/signout")
def sign_out(
    request: Request, lang: LangPath, actor: Annotated[Principal, Depends(page_guard(verbs.SIGN_OUT))]
) -> Response:
    ports = ports_of(request)
    with ports.db.writing() as session:
        service.sign_out(session, actor=actor)
    response = redirect(f"/{lang}/", flash=N_("You are signed out."))
    clear_session_cookie(response, ports)
    return response


@router.get("/signin/link/{token}")
def show_link(request: Request, lang: LangPath, token: str, _: Visitor) -> Response:
    """Opening a link changes nothing: mail programs and chats open links by themselves."""
    ports = ports_of(request)
    with ports.db.reading() as session:
        name = service.link_account(session, token=token, now=ports.clock.now())
    return render(request, "accounts/signin_link.html", token=token, name=name)


@router.post("/signin/link/{token}")
def sign_in_by_link(
    request: Request,
    lang: LangPath,
    token: str,
    _: Annotated[Principal, Depends(page_guard(verbs.SIGN_IN))],
) -> Response:
    ports = ports_of(request)
    agent = request.headers.get("user-agent", "")
    with ports.db.writing() as session:
        cookie = service.sign_in_by_link(session, token=token, agent=agent, now=ports.clock.now())
    return signed_in(request, cookie, f"/{lang}/")


@router.get("/account")
def show_account(
    request: Request, lang: LangPath, actor: Annotated[Principal, Depends(page_guard(verbs.READ_SELF))]
) -> Response:
    return _account_page(request, actor, {})


def _account_page(request: Request, actor: Principal, errors: dict[str, str], status: int = 422) -> Response:
    with ports_of(request).db.reading() as session:
        return render(
            request,
            "accounts/account.html",
            status=status if errors else 200,
            me=service.me(session, actor=actor),
            sessions=service.sessions_of(session, actor=actor),
            errors=errors,
        )


@router.post("/account/profile")
def edit_profile(request: Request, lang: LangPath, actor: Self, form: SubmittedDep) -> Response:
    read, errors = form.read(ProfileForm, lang)
    if read is None:
        return _account_page(request, actor, errors)
    with ports_of(request).db.writing() as session:
        service.edit_profile(session, actor=actor, name=read.name, lang=read.lang)
    response = redirect(f"/{read.lang}/account", flash=N_("Your profile is saved."))
    response.set_cookie("lang", read.lang, path="/", samesite="lax", httponly=True, max_age=365 * 24 * 3600)
    return response


@router.post("/account/password")
def change_password(request: Request, lang: LangPath, actor: Self, form: SubmittedDep) -> Response:
    ports = ports_of(request)
    read, errors = form.read(PasswordForm, lang)
    if read is None:
        return _account_page(request, actor, errors)
    try:
        names = actor.org_name
        refuse_weak(read.new_password, actor.label, *((names.zh, names.en) if names else ()))
        new_hash = passwords_of(ports).hash(read.new_password)
        token = after_password(
            ports,
            request.app.state.rate_limits,
            actor=actor,
            password=read.password,
            work=lambda session, stored: service.change_password(
                session, actor=actor, compared_hash=stored, new_hash=new_hash, now=ports.clock.now()
            ),
        )
    except Fault as fault:
        return _account_page(request, actor, fault_errors(fault, lang), status=int(fault.kind))
    flash = N_("Your password is changed. All other sessions and all API keys have ended.")
    return signed_in(request, token, f"/{lang}/account", flash=flash)


@router.post("/account/sessions/{session_id}/end")
def end_session(request: Request, lang: LangPath, session_id: UUID, actor: Self) -> Response:
    with ports_of(request).db.writing() as session:
        service.end_session(session, actor=actor, session_id=session_id)
    return redirect(f"/{lang}/account", flash=N_("The session has ended."))


@router.get("/account/confirm")
def show_confirm(
    request: Request,
    lang: LangPath,
    _: Annotated[Principal, Depends(page_guard(verbs.READ_SELF))],
    next_address: Annotated[str, Query(alias="next", max_length=2000)] = "",
) -> Response:
    return render(request, "accounts/confirm.html", values={"next": next_address}, errors={})


@router.post("/account/confirm")
def confirm(request: Request, lang: LangPath, actor: Self, form: SubmittedDep) -> Response:
    ports = ports_of(request)
    read, errors = form.read(ConfirmForm, lang)
    status = 422
    if read is not None:
        try:
            token = after_password(
                ports,
                request.app.state.rate_limits,
                actor=actor,
                password=read.password,
                work=lambda session, stored: service.confirm(
                    session, actor=actor, compared_hash=stored, now=ports.clock.now()
                ),
            )
            return signed_in(request, token, safe_next(read.next, f"/{lang}/account"))
        except Fault as fault:
            errors, status = fault_errors(fault, lang), int(fault.kind)
    values = {"next": form.values.get("next", "")}
    return render(request, "accounts/confirm.html", status=status, values=values, errors=errors)
