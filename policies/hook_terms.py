"""Names for calls to other programs, and for how often somebody wants to hear of new entries."""

from policies.terms import Term


class HookEvent(Term):
    """回调事件 that another program may be told of."""

    PUBLISHED = "entry.published", "目录发布或开放", "Entry published or opened"
    CHANGED = "entry.changed", "目录信息变更", "Entry changed"
    DATA_UPDATED = "data.updated", "数据更新", "Data updated"
    WITHDRAWN = "entry.withdrawn", "目录撤回或暂停提供", "Entry withdrawn or offline"
    RESTORED = "entry.restored", "恢复提供", "Entry available again"


class HookState(Term):
    """回调状态 of an address that is called."""

    ACTIVE = "ACTIVE", "启用", "Active"
    OFF = "OFF", "多次失败后停用", "Switched off after failures"
    ENDED = "ENDED", "已删除", "Removed"


class CallState(Term):
    """调用状态 of one message to an address."""

    WAITING = "WAITING", "等待发送", "Waiting"
    DELIVERED = "DELIVERED", "已送达", "Delivered"
    FAILED = "FAILED", "未送达", "Not delivered"


class Often(Term):
    """订阅频率: how often somebody wants to hear of what is new."""

    AT_ONCE = "AT_ONCE", "随时（有更新即发送）", "At once"
    DAILY = "DAILY", "每天", "Daily"
    WEEKLY = "WEEKLY", "每周", "Weekly"
