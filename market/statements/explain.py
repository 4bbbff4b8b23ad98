"""A fact in one sentence, in Chinese and English."""

from __future__ import annotations

from typing import Literal

from market.statements.validate import Fact

Lang = Literal["zh", "en"]

_SENTENCES: dict[str, tuple[str, str]] = {
    "log-policy": ("本账本的规则与密钥：账本名 {origin}", "The rules and keys of this log, named {origin}"),
    "rule-pack": ("规则包 {name}，版本 {version}", "Rule pack {name}, version {version}"),
    "index-map": ("本账本的索引 {origin}，映射函数 {map}", "The index of this log, {origin}, by {map}"),
    "verifier": (
        "平台所提供的独立核验页 verify.html，SHA-256 为 {verifier}",
        "The stand-alone verifier verify.html that the platform hands out, SHA-256 {verifier}",
    ),
    "key-binding": ("某主体的签名密钥 {key} 登记在册", "Signing key {key} was bound to an organisation"),
    "key-withdrawal": ("签名密钥 {key} 被撤回（{reason}）", "Signing key {key} was withdrawn ({reason})"),
    "registration": (
        "登记数据资产版本 {version}，内容根 {contentRoot}",
        "Data-asset version {version} was registered, content root {contentRoot}",
    ),
    "decision": ("登记机构决定：{decision}", "The registrar decided: {decision}"),
    "certificate": (
        "颁发登记凭证 {number}，有效期 {validFrom} 至 {validUntil}",
        "Certificate {number} was issued, valid {validFrom} to {validUntil}",
    ),
    "offer": ("要约{action}（条款以承诺值存证）", "Offer {action} (its terms are committed, not public)"),
    "contract": (
        "数字合约由{party}签署（内容以承诺值存证）",
        "Contract signed by the {party} (its text is committed, not public)",
    ),
    "payment": ("款项{action}（金额以承诺值存证）", "Payment {action} (its amount is committed, not public)"),
    "release": ("{day} 向需方放行数据", "Data were released to the buyer on {day}"),
    "received": (
        "需方确认收到，内容已校验",
        "The buyer confirmed receipt; its client had checked the content",
    ),
    "usage": ("{day} 的第 {sequence} 批用量", "Usage batch {sequence} of {day}"),
    "revocation": ("提供方终止一项许可", "The provider ended a licence"),
    "attestation": (
        "某主体就制品 {artifact} 出具文件 {document}（{mediaType}）",
        "An organisation stands by the document {document} ({mediaType}) about the artifact {artifact}",
    ),
}
_WORDS: dict[str, str] = {
    "published": "发布", "changed": "变更", "withdrawn": "撤回", "provider": "提供方", "buyer": "需方", "paid": "已付",
    "refunded": "已退", "accepted": "受理", "formal-review": "进入形式审核", "returned": "补正", "refused": "不予登记",
    "issued": "通过并赋码", "rotated": "轮换", "compromised": "泄露", "unused": "停用",
}  # fmt: skip


def explain(fact: Fact, lang: Lang) -> str:
    """What the statement says. Hashes are shortened to their first 12 digits."""
    zh, en = _SENTENCES[fact.kind.name]
    words = {name: _short(str(value), lang) for name, value in fact.predicate.items()}
    return (zh if lang == "zh" else en).format(**words)


def _short(value: str, lang: Lang) -> str:
    if len(value) == 64:
        return value[:12] + "…"
    if value not in _WORDS:
        return value
    return _WORDS[value] if lang == "zh" else value.replace("-", " ")
