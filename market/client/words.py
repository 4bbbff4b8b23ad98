"""What the command says, in English and Chinese. Sentences are keyed by their English form."""

from __future__ import annotations

import os

from market.client.errors import ClientError, Lang

CHINESE: dict[str, str] = {
    "Signed up. Log in next: datawharf login": "已注册。下一步登录：datawharf login",
    "Logged in to {server} as {email}, acting for {org}.": "已登录 {server}，账号 {email}，代表 {org}。",
    "Logged in to {server} as {email}. You act for no organisation yet.": "已登录 {server}，账号 {email}，尚未代表任何机构。",
    "Trust file saved to {path}.": "信任文件已保存至 {path}。",
    "The trust file {path} was kept; the marketplace gives the same one.": "沿用原有的信任文件 {path}，与市场现提供的一致。",
    "The trust file {path} was kept.": "沿用原有的信任文件 {path}。",
    "The marketplace now gives another one, with the fingerprint {fingerprint}. To take that: datawharf trust --replace": (
        "市场现提供的是另一份，指纹 {fingerprint}。如要改用：datawharf trust --replace"
    ),
    "Fingerprint {fingerprint}: compare it with one you got elsewhere before you rely on it.": (
        "指纹 {fingerprint}：先与别处得到的指纹核对，再予信赖。"
    ),
    "The key is in {path}. Keep a copy in a safe place: nobody can restore it for you.": "密钥存于 {path}。请另存一份在安全处：无人能替您恢复。",
    "There is a key in {path} already. It was kept; no other was made.": "{path} 中已有密钥，予以沿用，未另行生成。",
    "Key {kid} is registered for {org}.": "密钥 {kid} 已为 {org} 登记。",
    "hash": "计算指纹",
    "send": "上传",
    "receive": "接收",
    "Registered version {version} of asset {asset}.": "已登记资产 {asset} 的版本 {version}。",
    "Content root  {root}": "内容根  {root}",
    "Statement     {leaf}": "声明    {leaf}",
    "Receipt       {path} (ledger entry {index})": "回执    {path}（账本条目 {index}）",
    "Time stamp    {path}": "时间戳  {path}",
    "History       {path} ({count} of the ledger's first {size} entries name {key})": (
        "历史    {path}（账本前 {size} 条中有 {count} 条涉及 {key}）"
    ),
    "The index covers {covered} entries of the ledger, not {needed} yet. Ask again later.": (
        "索引目前涵盖账本 {covered} 条，尚未达到 {needed} 条，请稍后再查。"
    ),
    "{about} is neither a file nor a SHA-256 in hex.": "{about} 既不是文件，也不是十六进制的 SHA-256。",
    "The marketplace registered another statement ({address}) than the one that was sent.": (
        "市场登记的是另一份声明（{address}），并非所发送的那份。"
    ),
    "Application {id} is in the state {state}.": "申请 {id} 的状态为 {state}。",
    "Certificate code {code}": "登记凭证查询码 {code}",
    "Nothing waits.": "没有待办事项。",
    "{id}  {state:14}  asset {asset}": "{id}  {state:14}  资产 {asset}",
    "{id}  {state:10}  until {until}  asset {asset}": "{id}  {state:10}  至 {until}  资产 {asset}",
    "No licences yet.": "尚无许可。",
    "Offer {id} is published.": "要约 {id} 已发布。",
    "Asset {asset} is on show.": "资产 {asset} 已挂牌。",
    "Countersigned {id}.": "已会签 {id}。",
    "Watching for contracts to countersign. Stop with Ctrl-C.": "正在等候待会签的合约，按 Ctrl-C 停止。",
    "Nothing found. Try fewer or other words.": "没有找到，请换用更少或其他的词。",
    "Contract {id} is signed by you and waits for the provider.": "合约 {id} 您已签署，等待提供方会签。",
    "Contract {id} is in the state {state}.": "合约 {id} 的状态为 {state}。",
    "Request {id} was sent. You can sign once the provider approves.": "申请 {id} 已提交，提供方同意后即可签署。",
    "Request {id} is in the state {state}.": "申请 {id} 的状态为 {state}。",
    "Pay at {url}": "付款地址 {url}",
    "Transfer with the reference {reference}.": "转账时请注明参考号 {reference}。",
    "1 file, {bytes} bytes, every byte checked against the registration.": "1 个文件，{bytes} 字节，逐字节与登记内容核对无误。",
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
    # Errors
    "{option} names where the password is: @file, or - for standard input. Left out, it is asked for or comes from {variable}. "
    "On the command line everybody on this machine could read it.": (
        "{option} 用于指明密码所在：@文件，或 - 表示标准输入。省略时将提示输入，或取自环境变量 {variable}。"
        "写在命令行上的密码，本机所有用户都能看到。"
    ),
    "{path} cannot be read: {why}.": "无法读取 {path}：{why}。",
    "The receipt itself does not hold. Run datawharf verify, which says what is wrong.": "回执本身不成立。请运行 datawharf verify 查明问题。",
    "This is the receipt of a {kind}. Registrations, offers and contracts can be compared.": "这是 {kind} 的回执；可比对的是登记、要约与合约。",
    "This offer was changed or withdrawn by its provider since: get the newer receipt.": "该要约其后已由提供方变更或撤回，请取得较新的回执。",
    "This receipt discloses no content. Use the one that a party of the matter got.": "此回执未披露内容，请使用当事方取得的回执。",
    "The contract is about another asset than the offer. Nothing was signed.": "合约所涉资产与要约不同，未签署任何内容。",
    "The terms in this contract are not those that the provider signed in its offer: they were changed afterwards. Nothing was signed.": "合约中的条款并非提供方在要约中所签署的，事后被改动。未签署任何内容。",
    "The provider keeps these files. The marketplace does not say where.": "文件由提供方保管，市场未告知其地址。",
    "This asset has no registered version yet.": "该资产尚无已登记的版本。",
    "There is no running licence to acknowledge under. The files were checked and are yours.": "没有生效中的许可可供签收。文件已核对，归您使用。",
    "You act for no organisation yet. Make one, then log in again.": "您尚未代表任何机构。请先创建机构，再重新登录。",
    "This needs your organisation's signing key. Make one with: datawharf keys make": "此操作需要贵机构的签名密钥。可用 datawharf keys make 生成。",
    "The key is accepted but its binding is not in the ledger yet. Ask again later.": "密钥已受理，但登记尚未入账，请稍后再试。",
    "The manifest is not the one that was registered. Nothing was downloaded.": "清单与登记的不符，未下载任何内容。",
    "The statement is accepted but not in a published checkpoint yet. Ask again later.": "声明已受理，但尚未进入已发布的检查点，请稍后再试。",
    "{server} cannot be reached: {error}. Check the address and the network.": "无法连接 {server}：{error}。请检查地址与网络。",
    "The merkletools package is not here. Install it with: pip install --no-deps merkletools==1.0.3": "缺少 merkletools 软件包，可用 pip install --no-deps merkletools==1.0.3 安装。",
    "{error} What was checked is kept; run the same command again to go on.": "{error}已核对的部分保留；再次运行同一命令即可继续。",
    "{error} What arrived is kept; run the same command again to go on.": "{error}已送达的部分保留；再次运行同一命令即可继续。",
    "The connection ended inside chunk {chunk} of {file}.": "连接在 {file} 的第 {chunk} 块中途中断。",
    "{error} Nothing of the file was used.": "{error} 未使用该文件的任何内容。",
    "{file}: chunk {chunk} is not the registered one. It was not kept; tell the provider and keep your receipt.": "{file}：第 {chunk} 块与登记的不符，未予保留。请告知提供方并保存回执。",
    "{file} is not the registered file: its SHA-256 differs. It was not kept; tell the provider.": "{file} 并非登记的文件：SHA-256 不符，未予保留。请告知提供方。",
    "Name a trust file with --trust. It must not come from the marketplace you check.": "请用 --trust 指定信任文件，且不得取自被核验的市场。",
    "Name a trust file with --trust. It must not come from whoever gave you the receipt.": "请用 --trust 指定信任文件，且不得取自提供回执的一方。",
    "There is no key here yet. Make one with: datawharf keys make": "此处尚无密钥。可用 datawharf keys make 生成。",
    "{path} is not JSON: {error}": "{path} 不是 JSON：{error}",
    "{path} should hold one JSON object.": "{path} 应包含一个 JSON 对象。",
    "The server asks for a signature under a {found}, where a {wanted} was expected. Nothing was signed.": "服务器要求签署的是 {found}，而此处应为 {wanted}。未签署任何内容。",
    "What the server shows as {name} is not what would be signed. Nothing was signed.": "服务器显示的 {name} 与将要签署的不符。未签署任何内容。",
    "The server asks for the key {asked}, but this is {ours}. Use that key, or register this one.": "服务器要求密钥 {asked}，而此处是 {ours}。请使用那把密钥，或登记这一把。",
    "Contract {id} does not wait for your signature.": "合约 {id} 并不等待您签署。",
    "The text shown is not the text that would be signed. Nothing was signed.": "显示的文本与将要签署的不符。未签署任何内容。",
    "The offer that would be signed differs in: {fields}. Nothing was signed.": "将要签署的要约有以下不同：{fields}。未签署任何内容。",
    "These contracts do not say what your offer says, and were not signed: {contracts}.": "下列合约与您的要约不符，未予签署：{contracts}。",
    "The server asks for a signature under another decision. Nothing was signed.": "服务器要求签署的是另一项决定。未签署任何内容。",
    "Describe the asset with --metadata FILE (datawharf example prints one to start from), or name the asset of yours that this is a version of with --asset ID.": "请用 --metadata 指定描述资产的文件（datawharf example 可给出样例），或用 --asset 指明这是您哪项资产的版本。",
    "No marketplace is set. Run: datawharf login --server https://… (or set DATAWHARF_PROFILE).": "尚未指定市场。请运行 datawharf login --server https://…（或设置 DATAWHARF_PROFILE）。",
    "{path} cannot be read: {error}. Remove it and log in again.": "{path} 无法读取：{error}。请删除后重新登录。",
    "{path} is neither a file nor a folder.": "{path} 既不是文件也不是文件夹。",
    "There are no files to register. Name a file, or a folder that holds some.": "没有可登记的文件。请指定文件，或含有文件的文件夹。",
    "{path} is not what it was when it was hashed. Register it again.": "{path} 与计算指纹时已不相同，请重新登记。",
    "{path} became shorter while it was being sent. Register it again.": "{path} 在上传过程中变短了，请重新登记。",
}  # fmt: skip


def say(lang: Lang, sentence: str, **fields: object) -> str:
    """The sentence in `lang`, its fields filled."""
    return (CHINESE[sentence] if lang == "zh" else sentence).format(**fields)


def tell(lang: Lang, error: BaseException) -> str:
    """What an error says, in `lang` where it can be said in it. Inner errors are told in the same language."""
    if lang == "en" or not isinstance(error, ClientError) or error.english not in CHINESE:
        return str(error)
    fields = {
        name: tell(lang, value) if isinstance(value, BaseException) else value
        for name, value in error.fields.items()
    }
    return CHINESE[error.english].format(**fields)


def language_of_environment() -> Lang:
    """The shell's language, if it is one of ours."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"
