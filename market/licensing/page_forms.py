"""Between the fields of this slice's forms and the shapes of the service."""

from __future__ import annotations

from typing import Any

from market.kit import forms
from market.kit.errors import Fault
from market.kit.forms import Submitted
from market.kit.i18n import N_, Lang, translate
from market.kit.money import EXPONENTS, parse_money
from market.kit.texts import LocalText
from market.licensing.schemas import NewAccessRequest, NewOffer, OfferKind, OfferView, RequestDecision
from market.licensing.words import actions, purposes
from market.zones import service as zones

CURRENCIES = ("CNY", "USD", "EUR", "VND", "THB", "MYR", "IDR", "LAK")
_RULES = ("may", "must_not", "must")
_PLAIN = ("asset_id", "offer_id", "kind", "term_days", "quota_rows", "licence", "revocation")


def read_offer(form: Submitted, lang: Lang) -> tuple[NewOffer | None, dict[str, str]]:
    """The offer that the form says, or what is wrong by form field."""
    document: dict[str, Any] = {name: form.values[name] for name in _PLAIN if form.values.get(name)}
    for name in ("environment", "purposes"):
        document[name] = _list(form, name)
    document["terms"] = {name: [{"action": code} for code in _list(form, name)] for name in _RULES}
    document["questions"] = _questions(form)
    errors: dict[str, str] = {}
    if document.get("kind") == OfferKind.PAID:
        try:
            currency = _text(form, "currency") or "CNY"
            document["price"] = {
                "minor": parse_money(_text(form, "price"), currency).minor,
                "currency": currency,
            }
        except Fault as fault:
            errors["price"] = translate(lang, fault.detail, **fault.params)
            document["price"] = {"minor": 1, "currency": "CNY"}
    offer, wrong = Submitted(document).read(NewOffer, lang)
    errors = {_field(where): sentence for where, sentence in wrong.items()} | errors
    return (None if errors else offer), errors


def read_request(
    form: Submitted, offer: OfferView, lang: Lang
) -> tuple[NewAccessRequest | None, dict[str, str]]:
    document: dict[str, str | list[str]] = {
        "offer_id": str(offer.id),
        "purpose": _text(form, "purpose"),
        "description": _text(form, "description"),
        "answers": [_text(form, f"answer_{number}") for number in range(len(offer.questions))],
    }
    asked, wrong = Submitted(document).read(NewAccessRequest, lang)
    errors = {_answer_field(where): sentence for where, sentence in wrong.items()}
    for number, answer in enumerate(document["answers"]):
        if not answer:
            errors[f"answer_{number}"] = translate(lang, N_("Answer this question."))
    return (None if errors else asked), errors


def read_decision(form: Submitted) -> RequestDecision:
    """What the provider's page sends. Raises a pydantic error for what no form of ours sends."""
    zh, en = _text(form, "reason_zh"), _text(form, "reason_en")
    reason = LocalText(zh=zh, en=en) if zh or en else None
    return RequestDecision.model_validate({"decision": _text(form, "decision"), "reason": reason})


def read_reason(form: Submitted) -> LocalText | None:
    zh, en = _text(form, "reason_zh")[:2000], _text(form, "reason_en")[:2000]
    return LocalText(zh=zh, en=en) if zh.strip() or en.strip() else None


def no_reason(lang: Lang) -> dict[str, str]:
    """The error of a form that needs a reason and has none."""
    return {
        "reason_zh": translate(lang, N_("Say why, in Chinese or English, so that the buyer can act on it."))
    }


def offered_choices(lang: Lang) -> dict[str, Any]:
    """The lists that the offer form shows."""
    rules = [(code, words.best(lang)) for code, words in actions().items()]
    return {
        "rules": rules,
        "purposes": [(code, words.best(lang)) for code, words in purposes().items()],
        "licences": [(one.id, one.name.best(lang)) for one in zones.licences().values()],
        "currencies": [(code, code) for code in CURRENCIES if code in EXPONENTS],
    }


def fault_errors(fault: Fault, lang: Lang) -> dict[str, str]:
    """A refusal for the error summary, at the field of the offer's or the request's form."""
    return forms.fault_errors(fault, lang, _field)


def _questions(form: Submitted) -> list[dict[str, str]]:
    zh, en = (_lines(_text(form, f"questions_{lang}")) for lang in ("zh", "en"))
    longest = max(len(zh), len(en))
    pad = [""] * longest
    return [
        {"zh": one, "en": other}
        for one, other in zip((zh + pad)[:longest], (en + pad)[:longest], strict=True)
    ]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _field(where: str) -> str:
    """The form field of a place in the offer, e.g. terms.may.0: may; questions.1: questions_zh."""
    parts = where.replace("/", ".").split(".")
    if parts[0] == "terms" and len(parts) > 1:
        return parts[1]
    return {"questions": "questions_zh"}.get(parts[0], parts[0])


def _answer_field(where: str) -> str:
    parts = where.split(".")
    return f"answer_{parts[1]}" if parts[0] == "answers" and len(parts) > 1 else parts[0]


def _text(form: Submitted, name: str) -> str:
    value = form.values.get(name, "")
    return value.strip() if isinstance(value, str) else ""


def _list(form: Submitted, name: str) -> list[str]:
    value = form.values.get(name, [])
    return value if isinstance(value, list) else [value]
