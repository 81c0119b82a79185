"""Names for the states of other platforms' catalogues and of the runs that take them over."""

from policies.terms import Term


class SourceState(Term):
    """采集源状态 of another platform whose catalogue is taken over."""

    ACTIVE = "ACTIVE", "启用", "Active"
    PAUSED = "PAUSED", "停用", "Paused"


class HarvestState(Term):
    """采集任务状态 of one reading of a source."""

    WAITING = "WAITING", "等待执行", "Waiting"
    RUNNING = "RUNNING", "正在采集", "Running"
    DONE = "DONE", "已完成", "Done"
    HELD = "HELD", "待确认归档", "Archiving waits for confirmation"
    STOPPED = "STOPPED", "已停止", "Stopped"
    FAILED = "FAILED", "未能完成", "Failed"
    LOST = "LOST", "已中断", "Broken off"
