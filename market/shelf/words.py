"""An asset's codes in words, and the glossary."""

from __future__ import annotations

from market.catalog.schemas import AssetMetadata
from market.kit.i18n import N_, Lang
from market.kit.texts import LocalText
from market.zones import service as zones

# Field of the metadata -> what it is called on pages.
FIELDS_IN_WORDS = {
    "kind": N_("Kind"),
    "dataset_class": N_("Class"),
    "grade": N_("Grade"),
    "industry": N_("Industry"),
    "adcode": N_("City"),
    "modality": N_("Form"),
    "languages": N_("Language"),
    "update_freq": N_("Updated"),
    "source_kind": N_("Where it comes from"),
    "personal_info": N_("Personal information"),
    "rights": N_("Rights claimed"),
    "licence": N_("Licence"),
}
_LISTS = {
    "kind": "kind",
    "dataset_class": "dataset_class",
    "grade": "grade",
    "industry": "industry",
    "adcode": "places",
    "modality": "modality",
    "update_freq": "update_freq",
    "source_kind": "source_kind",
    "personal_info": "personal_info",
}


def asset_words(metadata: AssetMetadata, lang: Lang) -> dict[str, str]:
    """Each coded field in words."""
    comma = "、" if lang == "zh" else ", "
    words = {field: zones.label(codes, getattr(metadata, field), lang) for field, codes in _LISTS.items()}
    words["languages"] = comma.join(
        zones.label("language", tag.split("-")[0], lang) for tag in metadata.languages
    )
    words["rights"] = comma.join(_right(claim.right, claim.origin, lang) for claim in metadata.rights)
    words["licence"] = zones.licence_name(metadata.licence, lang)
    return words


def _right(right: str, origin: str, lang: Lang) -> str:
    claimed, came = zones.label("right", right, lang), zones.label("right_origin", origin, lang)
    return f"{claimed}（{came}）" if lang == "zh" else f"{claimed} ({came})"


def _term(zh: str, en: str, zh_says: str, en_says: str) -> tuple[LocalText, LocalText]:
    return LocalText(zh=zh, en=en), LocalText(zh=zh_says, en=en_says)


GLOSSARY = (
    _term(
        "数据资产",
        "Data asset",
        "由提供方登记、可以许可他人使用的数据，有若干版本，每个版本由一组文件组成。",
        "Data that a provider has registered and can license to others. It has versions; a version is a set of files.",
    ),
    _term(
        "登记",
        "Register",
        "提供方签署一份声明：这些文件、这些说明、来自这些数据。声明写入存证账本。",
        "The provider signs a statement: these files, described so, made from those data. It goes into the ledger.",
    ),
    _term(
        "登记机构",
        "Registrar",
        "数据专区中受理登记申请、进行形式审核并颁发凭证的机构。",
        "The office of a data zone that takes applications, reviews their form and issues certificates.",
    ),
    _term(
        "形式审核",
        "Formal review",
        "审核材料是否齐全、是否符合规则。不判断数据是否真实，也不认定权属。",
        "Whether the papers are complete and within the rules. Not whether the data are true, nor who owns them.",
    ),
    _term(
        "登记凭证",
        "Certificate",
        "登记机构签署的凭证，证明某一版本通过形式审核。查询码可随时查看其当前状态。",
        "The registrar's signed word that a version passed the formal review. Its query code shows its status today.",
    ),
    _term(
        "挂牌",
        "List",
        "资产上架展示，任何人都能查到。须有有效凭证和已发布的许可方案。",
        "The asset is put on show for everybody to find. It takes a valid certificate and a published offer.",
    ),
    _term(
        "许可方案",
        "Offer",
        "提供方签署的条件：可以做什么、不得做什么、必须做什么、期限和价格。",
        "The provider's signed conditions: what one may, must not and must do, for how long and at what price.",
    ),
    _term(
        "数字合约",
        "Digital contract",
        "供需双方对同一文本的签署。文本不公开，账本只记录其承诺值。",
        "Both sides' signatures under one text. The text stays private; the ledger holds a commitment to it.",
    ),
    _term(
        "交付",
        "Deliver",
        "需方客户端核对每一个字节后签署“已收到”；在此之前只显示“已放行”。",
        "“Received” once the buyer's client has checked every byte and signed; before that it only says “released”.",
    ),
    _term(
        "存证账本",
        "Ledger",
        "只能追加的日志。改动任何一条旧记录，都会改变根哈希并被核验者发现。",
        "A log to which one can only add. Changing any old entry changes the root hash, and a checker notices.",
    ),
    _term(
        "回执",
        "Receipt",
        "一个文件，证明某条声明在账本中。断网也能核验，不需要信任本平台。",
        "A file that proves that a statement is in the ledger. It can be checked offline, without trusting this site.",
    ),
    _term(
        "检查点",
        "Checkpoint",
        "账本运营方签署的一行：账本有多少条、根哈希是什么。",
        "The log operator's signed line: how many entries there are, and what the root hash is.",
    ),
    _term(
        "根哈希",
        "Root hash",
        "由全部条目逐层计算出的一个值，任何一条改变它就改变。",
        "One value computed from all entries, layer by layer; it changes if any of them does.",
    ),
    _term(
        "收录证明",
        "Inclusion proof",
        "从一条记录到根哈希的一串哈希值，通常不到二十个。",
        "The hashes that lead from one entry to the root hash, usually fewer than twenty.",
    ),
    _term(
        "内容指纹",
        "Fingerprint (SHA-256)",
        "由文件内容计算出的值，改动一个字节就完全不同。",
        "A value computed from a file's bytes; change one byte and it is another.",
    ),
    _term(
        "数据级别",
        "Grade",
        "按 GB/T 43697-2024 划分：一般数据1至4级、重要数据、核心数据。核心数据不得交易。",
        "After GB/T 43697-2024: general data in levels 1 to 4, important data, core data. Core data are not traded.",
    ),
    _term(
        "负面清单",
        "Negative list",
        "不得登记、挂牌或公开的数据的规则，每条都有编号、版本和依据。",
        "Rules about data that may not be registered, listed or open. Each has a number, a version and a basis.",
    ),
    _term(
        "来源与血缘",
        "Provenance and lineage",
        "谁在何时声明了什么，以及数据由哪些数据加工而来。",
        "Who stated what and when, and which data these were made from.",
    ),
)
