"""What a check found, in words: one sentence per step, outcome and cause, in English and Chinese.

A failure says what is wrong and what to do. A step that did not run never sounds like one that passed.
"""

from typing import Literal

from ledger.index.words import NAMES as HISTORY_NAMES
from ledger.index.words import WORDS as HISTORY_WORDS

Language = Literal["en", "zh"]

OUTCOMES: dict[str, tuple[str, str]] = {
    "passed": ("Passed. Every step ran and held.", "核验通过：每一步都已执行并成立。"),
    "passed_with_gaps": (
        "Passed, but some steps did not run or need attention; they are marked below.",
        "核验通过，但有步骤未执行或需要留意，见下方标注。",
    ),
    "no_longer_valid": (
        "Genuine, but no longer valid.",
        "回执真实，但已失效。",
    ),
    "incomplete": (
        "Not enough. Nothing that ran failed, but these files alone do not show that the statement is in the ledger.",
        "尚不足以核验：已执行的步骤均未失败，但仅凭这些文件不能表明该声明已入账本。",
    ),
    "failed": (
        "Failed. Do not rely on this receipt; the steps below say what is wrong.",
        "核验未通过。请勿依赖此回执，问题见下方各步骤。",
    ),
    "unreadable": (
        "The receipt cannot be read, so nothing was checked.",
        "无法读取此回执，因此未作任何核验。",
    ),
}

DEPENDS = (
    "Not run: {what} rests on a step that did not pass.",
    "未执行：{what_zh}所依赖的步骤未通过。",
)

NOT_GIVEN = (
    "Not run: {what} needs what a file of this kind does not carry. Add the receipt (.receipt.json) of this entry, or of "
    "another one by the same signer.",
    "未执行：{what_zh}所需内容不在此类文件中。请同时提供该条目或同一签署方其他条目的回执（.receipt.json）。",
)
"""For forms of a receipt that carry only part of it; `ledger.check` reads the whole one alone, the browser all of them."""

NAMES: dict[str, tuple[str, str]] = {
    "readable": ("the receipt's form", "回执格式"),
    "fingerprint": ("the comparison with the data", "数据比对"),
    "statement_signature": ("the statement's signature", "声明签名"),
    "log_policy": ("the ledger's own rules", "账本规则"),
    "key_binding": ("the signer's key", "签名密钥归属"),
    "included": ("the proof of inclusion", "收录证明"),
    "log_signature": ("the ledger's signature", "账本签名"),
    "cose_receipt": ("the standard receipt", "标准回执"),
    "time": ("the time", "时间"),
    "witnesses": ("the witnesses", "见证方"),
    "openings": ("the sealed contents", "密封内容"),
    "key_not_revoked": ("the state of the key", "密钥状态"),
}

WORDS: dict[str, tuple[str, str]] = {
    "readable.passed": ("The receipt is complete and in its one valid form.", "回执完整，格式唯一且有效。"),
    "readable.passed.parts": (
        "Part of a receipt, in its one valid form: {forms}.",
        "回执的一部分，格式唯一且有效：{forms}。",
    ),
    "readable.failed": (
        "This is not a receipt, or it was cut off or changed: {reason} Get it again from whoever gave it to you.",
        "这不是回执，或内容不完整、被改动（技术原因：{reason}）。请向提供者重新索取。",
    ),
    "fingerprint.passed": (
        "The data are, byte for byte, what was registered ({files} files, {bytes} bytes).",
        "数据与登记时逐字节一致（{files} 个文件，{bytes} 字节）。",
    ),
    "fingerprint.passed.one": (
        "The data are, byte for byte, what was registered ({files} file, {bytes} bytes).",
        "数据与登记时逐字节一致（{files} 个文件，{bytes} 字节）。",
    ),
    "fingerprint.warning.some_files": (
        "{files} files are, byte for byte, what was registered; not given, so not compared: {missing}.",
        "{files} 个文件与登记时逐字节一致；未提供、因而未比对的文件：{missing}。",
    ),
    "fingerprint.warning.some_files.one": (
        "{files} file is, byte for byte, what was registered; not given, so not compared: {missing}.",
        "{files} 个文件与登记时逐字节一致；未提供、因而未比对的文件：{missing}。",
    ),
    "fingerprint.warning.no_manifest": (
        "The data were not compared, because their manifest is missing. Give manifest.json of this version too.",
        "未比对数据，因为缺少清单。请同时提供该版本的 manifest.json。",
    ),
    "fingerprint.not_run": (
        "Not run: no data were given. Give the data to compare them with what was registered.",
        "未执行：未提供数据。提供数据后才能与登记内容比对。",
    ),
    "fingerprint.not_run.manifest_only": (
        "The manifest is the one that was registered, but no data were given, so they were not compared.",
        "清单与登记时一致，但未提供数据，因此未作数据比对。",
    ),
    "fingerprint.not_run.not_about_data": (
        "Not run: this statement is not about a version of an asset. "
        "Compare data with the receipt of their registration.",
        "未执行：该声明不涉及数据版本。请用登记回执比对数据。",
    ),
    "fingerprint.failed.other_manifest": (
        "The manifest is not the one that was registered: its fingerprint is {found}, the statement names "
        "{registered}. Get the manifest of this very version.",
        "清单与登记的不符：其指纹为 {found}，声明中为 {registered}。请取得该版本对应的清单。",
    ),
    "fingerprint.failed.not_in_manifest": (
        "The file {file} was not registered under this name. Remove it, or restore the registered name.",
        "文件 {file} 并非以此名称登记。请移除该文件或恢复登记时的名称。",
    ),
    "fingerprint.failed.size": (
        "The file {file} has {found} bytes, but {registered} were registered. Download it again; "
        "if that does not help, report it to the provider.",
        "文件 {file} 为 {found} 字节，登记时为 {registered} 字节。请重新下载；若仍不符，请向提供方反映。",
    ),
    "fingerprint.failed.content": (
        "The file {file} has the right size, but its content was changed after registration. "
        "Download it again; if that does not help, report it to the provider.",
        "文件 {file} 大小相符，但内容在登记后被改动。请重新下载；若仍不符，请向提供方反映。",
    ),
    "fingerprint.failed.unreadable": (
        "The file {file} could not be read to its end: {reason} Make it readable and try again.",
        "文件 {file} 未能完整读取（{reason}）。请确保可读后重试。",
    ),
    "statement_signature.passed": (
        "The statement is signed by the key of {issuer}, and not a bit of it was changed.",
        "声明由 {issuer} 的密钥签署，且未有任何改动。",
    ),
    "statement_signature.failed.signature": (
        "The statement was changed after it was signed, or another key signed it. Do not rely on it.",
        "声明在签署后被改动，或由其他密钥签署。请勿依赖。",
    ),
    "statement_signature.failed.no_key": (
        "The receipt does not bring the entry that says whose key signed. Get a complete receipt.",
        "回执中没有说明签名密钥归属的账本条目。请索取完整回执。",
    ),
    "log_policy.passed": (
        "Entry 0 of the ledger names the same ledger key as your trust file, and the platform's key.",
        "账本第 0 条所载账本密钥与您的信任文件一致，并载明平台密钥。",
    ),
    "log_policy.failed.missing": (
        "The receipt does not bring entry 0, the ledger's rules and keys. Get a complete receipt.",
        "回执中没有账本第 0 条（规则与密钥）。请索取完整回执。",
    ),
    "log_policy.failed.not_first": (
        "What the receipt shows as the ledger's rules is not entry 0 of this ledger. Do not rely on it.",
        "回执所示账本规则并非该账本的第 0 条。请勿依赖。",
    ),
    "log_policy.failed.unusable": (
        "Entry 0 of the ledger is not a valid set of rules: {reason} Report it to the operator.",
        "账本第 0 条不是有效的规则（{reason}）。请向运营方反映。",
    ),
    "log_policy.failed.other_log": (
        "The rules in entry 0 are of the ledger {found}, with another key than {trusted} in your trust file. "
        "Do not rely on the receipt; ask the operator how this came about.",
        "第 0 条规则属于账本 {found}，其密钥与您信任文件中的 {trusted} 不同。请勿依赖此回执，并向运营方查询。",
    ),
    "key_binding.passed": (
        "The platform bound this key to {org} in entry {index}, before the statement, and the key agreed.",
        "平台在第 {index} 条（早于该声明）将此密钥登记给 {org}，且密钥持有人已确认。",
    ),
    "key_binding.passed.platform": (
        "The statement is signed by the platform's own key, which entry 0 names.",
        "声明由平台自己的密钥签署，该密钥载于第 0 条。",
    ),
    "key_binding.failed.missing": (
        "The receipt does not bring the entry that binds the signing key to anyone. Get a complete receipt.",
        "回执中没有登记该签名密钥的账本条目。请索取完整回执。",
    ),
    "key_binding.failed.unusable": (
        "The entry that binds the key is not one by the platform with the key's consent: {reason} "
        "Do not rely on the receipt.",
        "登记密钥的条目并非由平台作出并经密钥确认（{reason}）。请勿依赖此回执。",
    ),
    "key_binding.failed.other_org": (
        "The signing key belongs to {org}, but the statement claims to come from {issuer}. Do not rely on it.",
        "签名密钥属于 {org}，但声明自称来自 {issuer}。请勿依赖。",
    ),
    "key_binding.failed.bound_later": (
        "The key was bound in entry {bound}, only after the statement in entry {index}. Do not rely on it.",
        "密钥在第 {bound} 条才登记，晚于第 {index} 条的声明。请勿依赖。",
    ),
    "included.passed": (
        "The statement is entry {index} of the ledger {origin}, whose state had {size} entries.",
        "该声明是账本 {origin} 的第 {index} 条，账本此时共 {size} 条。",
    ),
    "included.failed.other_log": (
        "The statement was made for the ledger {aud}, not for {origin}. Do not rely on the receipt.",
        "该声明是为账本 {aud} 而作，而非 {origin}。请勿依赖此回执。",
    ),
    "included.failed.proof": (
        "The proof does not show the statement as entry {index} of the ledger. Do not rely on the receipt; "
        "get a new one for this entry and compare.",
        "证明不能表明该声明是账本第 {index} 条。请勿依赖此回执，可重新取得该条目的回执加以比对。",
    ),
    "included.failed.supporting": (
        "The proof for the supporting entry {index} does not hold. Get a complete receipt.",
        "辅助条目第 {index} 条的证明不成立。请索取完整回执。",
    ),
    "log_signature.passed": (
        "The ledger {origin} signed its state of {size} entries with the key in your trust file ({trust}…).",
        "账本 {origin} 以您信任文件（{trust}…）中的密钥签署了含 {size} 条的状态。",
    ),
    "log_signature.failed.unknown_log": (
        "The receipt is of the ledger {origin}, which is not in your trust file. "
        "Get the trust file of that ledger from someone you trust, not from the receipt.",
        "回执属于账本 {origin}，不在您的信任文件中。请从可信渠道（而非回执本身）取得该账本的信任文件。",
    ),
    "log_signature.failed.signature": (
        "The state of the ledger was changed, or is not signed with the key of {origin} in your trust file. "
        "Do not rely on the receipt.",
        "账本状态被改动，或并非由信任文件中 {origin} 的密钥签署。请勿依赖此回执。",
    ),
    "cose_receipt.passed": (
        "The standard receipt (RFC 9942) proves the same entry under the same root.",
        "标准回执（RFC 9942）在同一树根下证明同一条目。",
    ),
    "cose_receipt.passed.alone": (
        "The standard receipt (RFC 9942), signed with the receipt key that entry 0 names, proves the statement as entry "
        "{index} of {size}.",
        "标准回执（RFC 9942）由第 0 条所载回执密钥签署，证明该声明是账本第 {index} 条（共 {size} 条）。",
    ),
    "cose_receipt.failed.signature": (
        "The standard receipt is not for this entry or not signed with the ledger's receipt key: {reason} "
        "Get a new receipt.",
        "标准回执不属于该条目，或并非由账本的回执密钥签署（{reason}）。请重新取得回执。",
    ),
    "cose_receipt.failed.other_proof": (
        "The standard receipt is for another entry, state or ledger than the rest of the receipt. "
        "Do not rely on it.",
        "标准回执所指的条目、状态或账本与回执其余部分不同。请勿依赖。",
    ),
    "time.passed": (
        "Not before {not_before_time} by the signer's own clock, not after {not_after_time} by {by}, "
        "which is run by the same operator as the ledger.",
        "不早于 {not_before_time}（签署方自述），不晚于 {not_after_time}（{by}，与账本为同一运营方）。",
    ),
    "time.passed.witness": (
        "Not before {not_before_time} by the signer's own clock, not after {not_after_time} by the witness {by}.",
        "不早于 {not_before_time}（签署方自述），不晚于 {not_after_time}（见证方 {by}）。",
    ),
    "time.warning.none": (
        "Nobody but the signer states a time ({not_before_time}), so only the order of entries is certain.",
        "除签署方自述（{not_before_time}）外无人证明时间，因此只能确定条目先后。",
    ),
    "time.warning.claimed_later": (
        "The signer's clock says {not_before_time}, yet {by} saw the entry by {not_after_time}: "
        "one clock is wrong. Rely on the order of entries only.",
        "签署方时钟为 {not_before_time}，而 {by} 在 {not_after_time} 已见到该条目，必有一方时钟有误。请仅依据条目先后。",
    ),
    "time.warning.future": (
        "{by} states the time {not_after_time}, which lies in the future. Check the clock of this machine.",
        "{by} 所述时间 {not_after_time} 尚未到来。请检查本机时钟。",
    ),
    "time.failed.signature": (
        "The time stated by {by} was changed after it was signed. Do not rely on the receipt.",
        "{by} 所述时间在签署后被改动。请勿依赖此回执。",
    ),
    "time.passed.authority": (
        "Not before {not_before_time} by the signer's own clock, not after {not_after_time} by the "
        "time-stamping authority {by}.",
        "不早于 {not_before_time}（签署方自述），不晚于 {not_after_time}（时间戳机构 {by}）。",
    ),
    "time.warning.unsupported": (
        "The time-stamp token was not checked: {reason}",
        "未核验时间戳：{reason}",
    ),
    "time.failed.timestamp": (
        "The time-stamp token is not one over this state of the ledger by an authority that you trust: "
        "{reason} Do not rely on its time.",
        "时间戳并非由您信任的机构对该账本状态所签发（{reason}）。请勿依据其时间。",
    ),
    "witnesses.passed": (
        "Enough independent witnesses saw this state of the ledger: {names}.",
        "已有足够的独立见证方见证该账本状态：{names}。",
    ),
    "witnesses.not_run.none_required": (
        "Your trust file demands no witnesses, so nobody but the operator vouches for a single history.",
        "您的信任文件未要求见证方，因此除运营方外无人保证账本历史唯一。",
    ),
    "witnesses.failed.too_few": (
        "Too few witnesses for the quorum {quorum} of your trust file (seen: {names}). "
        "Get a fresher receipt with more cosignatures.",
        "见证方不足，未达到信任文件要求的 {quorum}（已见：{names}）。请取得带有更多联署的新回执。",
    ),
    "witnesses.failed.unsupported": (
        "The cosignatures of {names} would complete the quorum, but their kind, ML-DSA-44, cannot be checked here. "
        "Check the receipt with datawharf verify where the package cryptography is installed.",
        "加上 {names} 的联署即可达到要求，但此处无法核验其类型（ML-DSA-44）。"
        "请在装有 cryptography 软件包的环境中用 datawharf verify 核验。",
    ),
    "witnesses.failed.signature": (
        "The line of the witness {name} was changed after it was signed. Do not rely on the receipt.",
        "见证方 {name} 的签名行被改动。请勿依赖此回执。",
    ),
    "openings.passed": (
        "The disclosed contents are those that were sealed in the statement: {names}.",
        "所披露内容与声明中密封的一致：{names}。",
    ),
    "openings.not_run.none": (
        "Nothing sealed is disclosed in this receipt, so there is nothing to compare.",
        "此回执未披露密封内容，无需比对。",
    ),
    "openings.failed.mismatch": (
        "The disclosed {name} is not what was sealed in the statement: it was changed afterwards. "
        "Ask the other party for the original.",
        "所披露的 {name} 与声明中密封的不符，事后被改动。请向对方索取原件。",
    ),
    "key_not_revoked.not_run": (
        "Not run: a receipt alone cannot show whether the key was withdrawn before this entry. "
        "Give the key's history too.",
        "未执行：仅凭回执不能表明密钥在此条目之前是否已撤回。请同时提供该密钥的历史记录。",
    ),
}


def step_words(code: str, outcome: str, cause: str, language: Language, *, one: bool = False) -> str:
    """The sentence of a step, with `{names}` still in it; KeyError if there is none. one: it counts one file."""
    at = 0 if language == "en" else 1
    general = {"depends": DEPENDS, "not_given": NOT_GIVEN}.get(cause) if outcome == "not_run" else None
    if general is not None:
        what, what_zh = NAMES.get(code) or HISTORY_NAMES[code]
        return general[at].format(what=what, what_zh=what_zh)
    name = ".".join(part for part in (code, outcome, cause) if part)
    words = WORDS.get(f"{name}.one") if one else None
    return (words or WORDS.get(name) or HISTORY_WORDS[name])[at]
