"""Rules which every suite has, whoever edits it: what the platform itself knows of each delivery.

Without them timeliness, accessibility and security would go unmeasured wherever a steward leaves them out. A suite
that has a rule of the same kind keeps its own, with its own weight and severity; where the entry promises no cycle,
or nothing else is known, a standing rule is not applicable and counts in no score.
"""

from collections.abc import Sequence

from quality.rules.rules import Rule

ORIGIN = "platform"


def _rule(kind: str, parameters: dict[str, object], why: tuple[str, str]) -> Rule:
    return Rule(f"{kind}:", kind, (), parameters, origin=ORIGIN, why_zh=why[0], why_en=why[1])


RULES = (
    _rule("updated_within", {"days": "cycle"}, ("目录承诺了更新周期", "the catalogue promises an update cycle")),
    _rule("on_schedule", {}, ("目录承诺了更新周期", "the catalogue promises an update cycle")),
    _rule("accessible", {}, ("平台读取本次数据的结果", "what came of reading this delivery")),
    _rule("usable", {}, ("载入时被拒收的记录", "the rows refused when this delivery was loaded")),
    _rule("rows_as_source", {}, ("报送时填写的来源记录数", "the rows of the source as told at the delivery")),
    _rule("safeguarded", {}, ("个人信息与密级标识扫描", "the scan for personal data and markings of secrecy")),
)


def join(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """The rules, and the standing ones of kinds which they lack."""
    kinds = {rule.kind for rule in rules}
    return (*rules, *(rule for rule in RULES if rule.kind not in kinds))
