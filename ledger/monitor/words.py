"""What a monitor saw, in words: one sentence per event and cause, in English and Chinese."""

from ledger.check_words import Language

WORDS: dict[str, tuple[str, str]] = {
    "started": (
        "Watching {origin} from its state of {size} entries on; nothing earlier was compared.",
        "自含 {size} 条的状态起监视 {origin}；此前的状态未作比对。",
    ),
    "grown": (
        "{origin} grew from {held} to {size} entries, and the new state continues the old one.",
        "{origin} 由 {held} 条增至 {size} 条，新状态延续旧状态。",
    ),
    "seen": (
        "Entry {index} names {names}: a {type}, issued by {issuer}.",
        "第 {index} 条提及 {names}：类型 {type}，由 {issuer} 出具。",
    ),
    "unreadable": (
        "The log cannot be read: {reason} Nothing is known about its state now.",
        "无法读取账本（{reason}）。其当前状态不明。",
    ),
    "unreadable.gone": (
        "{origin} shows no checkpoint any more; the one held here has {held} entries. "
        "Ask the operator, and keep what you hold.",
        "{origin} 不再出示检查点；此处所存的含 {held} 条。请向运营方查询并保留所存内容。",
    ),
    "stale": (
        "The newest state of {origin} is from {seen_time} and older than {limit} seconds: new entries may be withheld. "
        "Ask the operator.",
        "{origin} 的最新状态出自 {seen_time}，已超过 {limit} 秒：新条目可能被隐瞒。请向运营方查询。",
    ),
    "stale.no_time": (
        "Nobody states when the newest state of {origin} was signed, so its age is unknown.",
        "无人说明 {origin} 最新状态的签署时间，因此其新旧不明。",
    ),
    "entry": (
        "Entry {index} breaks the rules of the log: {reason} Do not rely on it; ask the operator how it came in.",
        "第 {index} 条违反账本规则（{reason}）。请勿依赖，并向运营方查询其由来。",
    ),
    "unsigned": (
        "What {origin} shows as its state is not signed as your trust file demands: {reason} Do not rely on it.",
        "{origin} 所示状态未按您的信任文件签署（{reason}）。请勿依赖。",
    ),
    "unsigned.too_few": (
        "The state of {origin} with {size} entries lacks witnesses for the quorum {quorum} of your trust file.",
        "{origin} 含 {size} 条的状态缺少信任文件所要求的见证（{quorum}）。",
    ),
    "mismatch": (
        "The files of {origin} are not those that were signed: {reason} Keep a copy and ask the operator.",
        "{origin} 的文件与所签署的不符（{reason}）。请保留副本并向运营方查询。",
    ),
    "rollback": (
        "{origin} went back from {held} to {size} entries: an old copy is served, or entries are being withdrawn. "
        "Both signed heads are kept in {evidence}.",
        "{origin} 由 {held} 条退回 {size} 条：所提供的是旧副本，或有条目被撤回。两份已签状态存于 {evidence}。",
    ),
    "fork": (
        "{origin} signed two histories: the state of {size} entries does not continue the one of {held}. "
        "Rely on nothing after it, and show both signed heads, kept in {evidence}, to others.",
        "{origin} 签署了两份历史：含 {size} 条的状态并非含 {held} 条者的延续。"
        "请勿依赖其后内容，并向他人出示存于 {evidence} 的两份已签状态。",
    ),
}


def event_words(kind: str, cause: str, language: Language) -> str:
    """The sentence of an event, with `{names}` still in it; KeyError if there is none."""
    return WORDS[f"{kind}.{cause}" if cause else kind][0 if language == "en" else 1]
