"""Names for the states of data standards, of claims to be a source, and of cleaning runs."""

from policies.terms import Term


class StandardState(Term):
    """标准状态 of a version of a data element or code list."""

    DRAFT = "DRAFT", "草稿", "Draft"
    IN_REVIEW = "IN_REVIEW", "待审定", "Under review"
    IN_FORCE = "IN_FORCE", "现行", "In force"
    SUPERSEDED = "SUPERSEDED", "被代替", "Superseded"
    RETIRED = "RETIRED", "废止", "Retired"


class ClaimState(Term):
    """数源认领状态 of a unit's claim to be the source of a data element."""

    OPEN = "OPEN", "待裁定", "To be ruled on"
    DISPUTED = "DISPUTED", "有异议，待裁定", "Disputed, to be ruled on"
    ACCEPTED = "ACCEPTED", "已确认为数源", "Accepted as the source"
    REJECTED = "REJECTED", "未获确认", "Rejected"
    WITHDRAWN = "WITHDRAWN", "已撤回", "Withdrawn"
    ENDED = "ENDED", "已由他单位接替", "Taken over by another unit"


class CleaningState(Term):
    """清洗状态 of a preview or run of cleaning rules."""

    WAITING = "WAITING", "等待处理", "Waiting"
    DONE = "DONE", "已完成", "Done"
    FAILED = "FAILED", "未能完成", "Could not be done"


class DeviationKind(Term):
    """偏差类型: what a value that is not in its code list seems to be."""

    LABEL = "LABEL", "填了名称而非代码", "A name instead of a code"
    SYNONYM = "SYNONYM", "同义写法", "Another word for a code"
    FORM = "FORM", "写法不同", "A code in another form"
    POSITION = "POSITION", "按顺序推测", "Guessed by its place"
    UNKNOWN = "UNKNOWN", "无法对应", "No code found"
