"""The rules and purposes that terms are made of: a code for machines, its ODRL 2.2 action, and words for people."""

from __future__ import annotations

from dataclasses import dataclass

from market.kit.texts import LocalText


@dataclass(frozen=True)
class Rule:
    """odrl: the ODRL 2.2 action, or a name of our own where ODRL has none."""

    odrl: str
    text: LocalText


def _rule(odrl: str, zh: str, en: str) -> Rule:
    return Rule(odrl, LocalText(zh=zh, en=en))


MAY: dict[str, Rule] = {
    "USE": _rule("use", "在本单位内部使用", "Use it inside your organisation"),
    "ANALYSE": _rule("datawharf:analyse", "统计与行业分析", "Statistics and industry analysis"),
    "PUBLISH_RESULTS": _rule("datawharf:publishResults", "公开发表分析结果", "Publish results drawn from it"),
    "DERIVE": _rule("derive", "加工形成衍生数据", "Make derived data from it"),
    "AI_TRAIN": _rule("datawharf:trainModel", "训练与微调模型", "Train and fine-tune models on it"),
    "DISTRIBUTE": _rule("distribute", "按同一许可向他人提供", "Pass it on under the same licence"),
    "COMMERCIAL": _rule("commercialize", "商业使用", "Use it commercially"),
}
MUST_NOT: dict[str, Rule] = {
    "RESELL": _rule("sell", "转售数据", "Resell the data"),
    "DISTRIBUTE": _rule("distribute", "向第三方提供数据", "Pass the data on to others"),
    "REIDENTIFY": _rule("datawharf:reidentify", "识别数据中的个人", "Try to identify people in it"),
    "AI_PRETRAIN": _rule("datawharf:pretrainModel", "用于预训练模型", "Pre-train models on it"),
    "EXPORT": _rule("datawharf:transferAbroad", "向境外传输数据", "Move the data abroad"),
}
MUST: dict[str, Rule] = {
    "ATTRIBUTE": _rule("attribute", "注明数据来源", "Name the source"),
    "DELETE_AT_END": _rule("delete", "许可到期时删除数据", "Delete the data when the licence ends"),
    "REPORT_INCIDENT": _rule(
        "inform", "发生安全事件时通知提供方", "Tell the provider about a security incident"
    ),
    "SHARE_ALIKE": _rule("shareAlike", "衍生数据采用同一许可", "License derived data alike"),
}

# What data may be wanted for, after the price rules for public data and what AI training asks.
PURPOSES: dict[str, LocalText] = {
    "PUBLIC_GOVERNANCE": LocalText(zh="公共治理", en="Public governance"),
    "PUBLIC_WELFARE": LocalText(zh="公益事业", en="Public welfare"),
    "INDUSTRY": LocalText(zh="产业与行业发展", en="Industry development"),
    "RESEARCH": LocalText(zh="科学研究", en="Research"),
    "AI_PRETRAIN": LocalText(zh="模型预训练", en="Pre-training of AI models"),
    "AI_FINETUNE": LocalText(zh="模型微调", en="Fine-tuning of AI models"),
    "AI_EVAL": LocalText(zh="模型评测", en="Evaluation of AI models"),
    "STATISTICS": LocalText(zh="统计分析", en="Statistics"),
}
