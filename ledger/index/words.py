"""The steps of checking a history in words, in English and Chinese, beside those of `ledger.check_words`."""

NAMES: dict[str, tuple[str, str]] = {
    "readable.history": ("the form of the history", "历史记录格式"),
    "asked": ("what was asked", "所查对象"),
    "history_log": ("the ledger's signature", "账本签名"),
    "index_key": ("the index's key", "索引密钥"),
    "index_log": ("the index's signature", "索引签名"),
    "index_state": ("the state of the index", "索引状态"),
    "recent": ("how recent the history is", "记录的新旧"),
    "map": ("the proof of completeness", "完整性证明"),
    "entries": ("the entries", "条目"),
    "mapped": ("what the entries are about", "条目所涉对象"),
    "history_witnesses": ("the witnesses", "见证方"),
    "rebuilt": ("the index made again", "重算索引"),
}

OUTCOMES: dict[str, tuple[str, str]] = {
    "passed": ("Passed. Every step ran and held.", "核验通过：每一步都已执行并成立。"),
    "passed_with_gaps": (
        "Passed, but some steps did not run or need attention; they are marked below.",
        "核验通过，但有步骤未执行或需要留意，见下方标注。",
    ),
    "failed": (
        "Failed. Do not rely on this history; the steps below say what is wrong.",
        "核验未通过。请勿依赖此历史记录，问题见下方各步骤。",
    ),
    "unreadable": (
        "The history cannot be read, so nothing was checked.",
        "无法读取此历史记录，因此未作任何核验。",
    ),
}

LISTED: dict[str, tuple[str, str]] = {
    "number": ("entry {entry}", "第 {entry} 条"),
    "kind": ("entry {entry}: {kind}", "第 {entry} 条：{kind}"),
    "issued": ("entry {entry}: {kind}, in the name of {issuer}", "第 {entry} 条：{kind}，以 {issuer} 的名义"),
    "unreadable": ("entry {entry}: not a statement", "第 {entry} 条：不是声明"),
    "more": ("… and {more} more", "……另有 {more} 条"),
}
"""The lines below the steps that say which entries there are."""

WORDS: dict[str, tuple[str, str]] = {
    "readable.passed.history": (
        "The history is complete and in its one valid form.",
        "历史记录完整，格式唯一且有效。",
    ),
    "readable.failed.history": (
        "This is not a history, or it was cut off or changed: {reason} Get it again.",
        "这不是历史记录，或内容不完整、被改动（技术原因：{reason}）。请重新索取。",
    ),
    "asked.passed": ("It is the history of {key}, as asked.", "这正是所查 {key} 的历史记录。"),
    "asked.not_run.none_required": (
        "It is the history of {key}. Compare that with what you asked for.",
        "这是 {key} 的历史记录，请与您要查的对象比对。",
    ),
    "asked.failed": (
        "It is the history of {key}, not of {asked}. Ask again for the right one.",
        "这是 {key} 的历史记录，而非 {asked} 的。请重新查询。",
    ),
    "history_log.passed": (
        "The ledger {origin} signed its state of {size} entries with the key in your trust file ({trust}…).",
        "账本 {origin} 以您信任文件（{trust}…）中的密钥签署了含 {size} 条的状态。",
    ),
    "history_log.failed.unknown_log": (
        "The history is of the ledger {origin}, which is not in your trust file. "
        "Get the trust file of that ledger from someone you trust, not from whoever gave you the history.",
        "历史记录属于账本 {origin}，不在您的信任文件中。请从可信渠道（而非记录提供者）取得该账本的信任文件。",
    ),
    "history_log.failed.signature": (
        "The state of the ledger was changed, or is not signed with the key of {origin} in your trust file. "
        "Do not rely on the history.",
        "账本状态被改动，或并非由信任文件中 {origin} 的密钥签署。请勿依赖此历史记录。",
    ),
    "index_key.passed.trusted": (
        "Your trust file names the key of the index {index}.",
        "您的信任文件载明索引 {index} 的密钥。",
    ),
    "index_key.passed.announced": (
        "The platform named the key of the index {index} in entry {entry} of the ledger.",
        "平台在账本第 {entry} 条公布了索引 {index} 的密钥。",
    ),
    "index_key.failed.unknown": (
        "Nothing that you trust names the key of the index {index}: neither your trust file nor the ledger. "
        "Get a trust file with a line for it from someone you trust.",
        "您所信任的文件与账本均未载明索引 {index} 的密钥。请从可信渠道取得载有该索引的信任文件。",
    ),
    "index_key.failed.unusable": (
        "What should name the index's key is not an entry of this ledger made by its platform: {reason} "
        "Do not rely on the history.",
        "用以载明索引密钥的内容并非平台在此账本中的条目（{reason}）。请勿依赖此历史记录。",
    ),
    "index_key.failed.contradicts": (
        "The platform names another key of the index {index} than your trust file. Do not rely on the history; "
        "ask the operator how this came about.",
        "平台公布的索引 {index} 密钥与您的信任文件不同。请勿依赖此历史记录，并向运营方查询。",
    ),
    "index_log.passed": (
        "The index {index} signed its state of {size} entries with that key.",
        "索引 {index} 以该密钥签署了含 {size} 条的状态。",
    ),
    "index_log.failed.signature": (
        "The state of the index was changed, or is not signed with the key of {index}. Do not rely on the history.",
        "索引状态被改动，或并非由 {index} 的密钥签署。请勿依赖此历史记录。",
    ),
    "index_state.passed": (
        "The newest entry of the index is for exactly this state of the ledger, of {size} entries.",
        "索引的最新一条正对应账本的这一状态（{size} 条）。",
    ),
    "index_state.failed.not_newest": (
        "The history rests on entry {found} of the index, although it has {size}: it is kept back at an older state. "
        "Ask again for a current one.",
        "历史记录依据的是索引第 {found} 条，而索引已有 {size} 条，停留在旧状态。请重新索取最新记录。",
    ),
    "index_state.failed.proof": (
        "What the history shows as the state of the index is not in the index. Do not rely on it.",
        "所示索引状态并不在索引之中。请勿依赖此历史记录。",
    ),
    "index_state.failed.other_log": (
        "The index speaks of {found_size} entries of {found}, the history of {size} entries of {origin}: "
        "they are of different states. Ask again for a history whose parts belong together.",
        "索引所指为 {found} 的 {found_size} 条，历史记录则为 {origin} 的 {size} 条，状态不一致。请重新索取完整一致的记录。",
    ),
    "recent.passed": (
        "It covers the first {size} entries of the ledger, at least the {needed} that you know of.",
        "涵盖账本前 {size} 条，不少于您已知的 {needed} 条。",
    ),
    "recent.not_run.none_required": (
        "It covers the first {size} entries of the ledger and says nothing of later ones.",
        "涵盖账本前 {size} 条，不涉及其后的条目。",
    ),
    "recent.failed": (
        "It covers the first {size} entries of the ledger only, but you know of {needed}. Ask for a newer history.",
        "仅涵盖账本前 {size} 条，而您已知 {needed} 条。请索取更新的记录。",
    ),
    "map.passed.present": (
        "The list is complete: for {key} the index has exactly the entries named here, {count} in number.",
        "列表完整：索引中 {key} 的条目恰为此处所列的 {count} 条，无一遗漏。",
    ),
    "map.passed.absent": (
        "The index has no entry for {key}, in all {size} entries of the ledger.",
        "在账本全部 {size} 条中，索引没有关于 {key} 的条目。",
    ),
    "map.failed.incomplete": (
        "The proof does not show the entries named here ({count}) as the complete list for {key}: one was left out, added or "
        "changed, or the proof is of another key or state. Do not rely on the history.",
        "证明不能表明这 {count} 条是 {key} 的完整列表：有条目被遗漏、添加或改动，或证明属于其他对象或状态。"
        "请勿依赖此历史记录。",
    ),
    "map.failed.denied": (
        "The proof does not show that the index has no entry for {key}. Do not rely on the history.",
        "证明不能表明索引中没有关于 {key} 的条目。请勿依赖此历史记录。",
    ),
    "map.failed.beyond": (
        "The list names entry {found}, which a ledger of {size} entries does not have. Do not rely on the history.",
        "列表含第 {found} 条，而账本仅有 {size} 条。请勿依赖此历史记录。",
    ),
    "entries.passed": (
        "Every entry shown ({count}) is in the ledger, byte for byte, at its place.",
        "所示 {count} 条均逐字节位于账本的相应位置。",
    ),
    "entries.not_run.left_out": (
        "Not run: the history shows which entries there are, not the entries. Get them from the ledger.",
        "未执行：历史记录仅列出条目序号，未附条目内容，可向账本索取。",
    ),
    "entries.not_run.none": ("There is no entry to show.", "没有条目可示。"),
    "entries.failed.proof": (
        "What is shown as entry {entry} is not that entry of the ledger: it was changed, or its proof. "
        "Do not rely on it; get entry {entry} from the ledger.",
        "所示第 {entry} 条与账本中的不符：条目或其证明被改动。请勿依赖，可向账本索取第 {entry} 条。",
    ),
    "mapped.passed": (
        "Each of them names {key}, by the index's published rules. Who signed them is not checked here.",
        "按索引公布的规则，每条均涉及 {key}。此处不核验条目的签署者。",
    ),
    "mapped.not_run.left_out": (
        "Not run: without the entries one cannot see what they are about.",
        "未执行：未附条目内容，无法判断其所涉对象。",
    ),
    "mapped.not_run.none": ("There is no entry to look at.", "没有条目可查看。"),
    "mapped.failed": (
        "Entry {entry} does not name {key}: the index lists it wrongly. Report it to the operator.",
        "第 {entry} 条并不涉及 {key}，索引将其误列。请向运营方反映。",
    ),
    "history_witnesses.passed": (
        "Enough independent witnesses saw these states of the ledger and of its index: {names}.",
        "已有足够的独立见证方见证账本及其索引的状态：{names}。",
    ),
    "history_witnesses.not_run.none_required": (
        "Your trust file demands no witnesses, so nobody but the operator vouches that others see the same index.",
        "您的信任文件未要求见证方，因此除运营方外无人保证他人所见索引相同。",
    ),
    "history_witnesses.failed.too_few": (
        "Too few witnesses of {origin} for the quorum {quorum} of your trust file (seen: {names}). "
        "Get a fresher history with more cosignatures.",
        "{origin} 的见证方不足，未达到信任文件要求的 {quorum}（已见：{names}）。请取得带有更多联署的新记录。",
    ),
    "history_witnesses.failed.unsupported": (
        "The cosignatures of {names} for {origin} would complete the quorum, but their kind, ML-DSA-44, cannot be checked "
        "here. Check the history where the package cryptography is installed.",
        "加上 {names} 对 {origin} 的联署即可达到要求，但此处无法核验其类型（ML-DSA-44）。"
        "请在装有 cryptography 软件包的环境中核验。",
    ),
    "history_witnesses.failed.signature": (
        "The line of the witness {name} was changed after it was signed. Do not rely on the history.",
        "见证方 {name} 的签名行被改动。请勿依赖此历史记录。",
    ),
    "key_not_revoked.passed": (
        "The key was not withdrawn before entry {index}: its complete history in the first {size} entries shows it.",
        "该密钥在第 {index} 条之前未被撤回：其在账本前 {size} 条中的完整历史可证。",
    ),
    "key_not_revoked.warning.unproved": (
        "The key's history was not accepted ({what} does not hold), so whether the key was withdrawn is not known. "
        "Get the history again and check it by itself.",
        "密钥的历史记录未通过核验（{what_zh}不成立），因此无法确定密钥是否已撤回。请重新索取并单独核验该记录。",
    ),
    "key_not_revoked.warning.other_log": (
        "The key's history is of the ledger {found}, not of {origin}. Get that of the receipt's ledger.",
        "密钥的历史记录属于账本 {found}，而非 {origin}。请索取回执所属账本的记录。",
    ),
    "key_not_revoked.warning.left_out": (
        "The key's history came without its entries, so what they say is not known. Get it with them.",
        "密钥的历史记录未附条目内容，无法得知其所述。请索取附有条目的记录。",
    ),
    "key_not_revoked.warning.compromised_later": (
        "The key was not withdrawn before entry {index}, but in entry {entry} it was withdrawn as compromised. "
        "Ask the signer whether this statement is theirs.",
        "该密钥在第 {index} 条之前未被撤回，但在第 {entry} 条因泄露被撤回。请向签署方确认该声明是否出自其手。",
    ),
    "key_not_revoked.failed.withdrawn": (
        "The key was withdrawn in entry {entry}, before this statement was made in entry {index}. "
        "Do not rely on the statement.",
        "该密钥已在第 {entry} 条撤回，早于第 {index} 条的该声明。请勿依赖。",
    ),
    "rebuilt.passed": (
        "The index was made again from all entries of the ledger, with the same result.",
        "已由账本全部条目重算索引，结果一致。",
    ),
    "rebuilt.not_run": (
        "Not run: that the index was made rightly out of the ledger shows only when it is made again from all entries, "
        "which anybody can do. Run datawharf index rebuild, or rely on somebody who did.",
        "未执行：索引是否由账本如实生成，须由全部条目重算方可知，人人可为。"
        "可执行 datawharf index rebuild，或依据他人重算的结果。",
    ),
    "rebuilt.failed": (
        "The index made again from the ledger has another root: the operator's index is wrong. "
        "Do not rely on the history, and make this public.",
        "由账本重算的索引与之不同：运营方的索引有误。请勿依赖此历史记录，并予以公布。",
    ),
}

DIFFERENCES: dict[str, tuple[str, str]] = {
    "unreadable": (
        "Entry {ordinal} of the index cannot be read: {reason}",
        "索引第 {ordinal} 条无法读取（{reason}）。",
    ),
    "other_log": (
        "Entry {ordinal} of the index is of another ledger, {found}.",
        "索引第 {ordinal} 条属于另一账本 {found}。",
    ),
    "order": (
        "Entry {ordinal} of the index is for {size} entries of the ledger, the one before it for {before} already.",
        "索引第 {ordinal} 条对应账本 {size} 条，而前一条已对应 {before} 条。",
    ),
    "beyond": (
        "Entry {ordinal} of the index is for {size} entries of the ledger, which has only {signed}.",
        "索引第 {ordinal} 条对应账本 {size} 条，而账本仅有 {signed} 条。",
    ),
    "root": (
        "Entry {ordinal} of the index names another root for the first {size} entries of the ledger than they have.",
        "索引第 {ordinal} 条所载账本前 {size} 条的树根与实际不符。",
    ),
    "skipped": (
        "Entry {ordinal} of the index is for {size} entries of the ledger, but {published} were published before.",
        "索引第 {ordinal} 条对应账本 {size} 条，但此前已公布 {published} 条的状态。",
    ),
    "map": (
        "Entry {ordinal} of the index, for the first {size} entries of the ledger, has the map root {found}. "
        "The entries lead to {made}.",
        "索引第 {ordinal} 条（账本前 {size} 条）的映射根为 {found}，而由条目重算得 {made}。",
    ),
}
