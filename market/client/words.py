"""What the command says, in English and Chinese. Sentences are keyed by their English form."""

from __future__ import annotations

import os

from market.client.transport import Lang

CHINESE: dict[str, str] = {
    "Signed up. Log in next: datawharf login": "已注册。下一步登录：datawharf login",
    "Logged in to {server} as {email}, acting for {org}.": "已登录 {server}，账号 {email}，代表 {org}。",
    "Logged in to {server} as {email}. You act for no organisation yet.": "已登录 {server}，账号 {email}，尚未代表任何机构。",
    "Trust file saved to {path}.": "信任文件已保存至 {path}。",
    "Fingerprint {fingerprint}: compare it with one you got elsewhere before you rely on it.": (
        "指纹 {fingerprint}：先与别处得到的指纹核对，再予信赖。"
    ),
    "The key is in {path}. Keep a copy in a safe place: nobody can restore it for you.": "密钥存于 {path}。请另存一份在安全处：无人能替您恢复。",
    "Key {kid} is registered for {org}.": "密钥 {kid} 已为 {org} 登记。",
    "hash": "计算指纹",
    "send": "上传",
    "receive": "接收",
    "Registered version {version} of asset {asset}.": "已登记资产 {asset} 的版本 {version}。",
    "Content root  {root}": "内容根  {root}",
    "Statement     {leaf}": "声明    {leaf}",
    "Receipt       {path} (ledger entry {index})": "回执    {path}（账本条目 {index}）",
    "Application {id} is in the state {state}.": "申请 {id} 的状态为 {state}。",
    "Certificate code {code}": "登记凭证查询码 {code}",
    "Nothing waits.": "没有待办事项。",
    "Offer {id} is published.": "要约 {id} 已发布。",
    "Asset {asset} is on show.": "资产 {asset} 已挂牌。",
    "Countersigned {id}.": "已会签 {id}。",
    "Watching for contracts to countersign. Stop with Ctrl-C.": "正在等候待会签的合约，按 Ctrl-C 停止。",
    "Nothing found. Try fewer or other words.": "没有找到，请换用更少或其他的词。",
    "Contract {id} is signed by you and waits for the provider.": "合约 {id} 您已签署，等待提供方会签。",
    "Contract {id} is in the state {state}.": "合约 {id} 的状态为 {state}。",
    "Request {id} was sent. You can sign once the provider approves.": "申请 {id} 已提交，提供方同意后即可签署。",
    "Pay at {url}": "付款地址 {url}",
    "Transfer with the reference {reference}.": "转账时请注明参考号 {reference}。",
    "{files} files, {bytes} bytes, every byte checked against the registration.": "{files} 个文件，{bytes} 字节，逐字节与登记内容核对无误。",
    "Acknowledged as received, statement {leaf}.": "已确认收到，声明 {leaf}。",
    "Not acknowledged: without a signing key the provider's record stays at “released”.": "未确认收到：没有签名密钥，提供方的记录停留在“已放行”。",
    "More rows follow. Go on with --cursor {cursor}": "还有更多行，用 --cursor {cursor} 继续",
    "Second opinion (merkletools): the path leads to the same root.": "第二意见（merkletools）：路径通向同一根哈希。",
    "Second opinion (merkletools): the path does NOT lead to the signed root.": "第二意见（merkletools）：路径未能通向所签的根哈希。",
    "✗ {what}: the market shows “{shown}”, but “{sealed}” was signed (ledger entry {index}). It was changed later.": (
        "✗ {what}：市场现显示“{shown}”，而所签署的是“{sealed}”（账本第 {index} 条）。事后被改动。"
    ),
    "✓ The market shows what was signed (ledger entry {index}).": "✓ 市场现显示的与所签署的一致（账本第 {index} 条）。",
}  # fmt: skip


def say(lang: Lang, sentence: str, **fields: object) -> str:
    """The sentence in `lang`, its fields filled."""
    return (CHINESE[sentence] if lang == "zh" else sentence).format(**fields)


def language_of_environment() -> Lang:
    """The shell's language, if it is one of ours."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
