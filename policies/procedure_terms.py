"""Names for who acts and how things move: tenants, roles, cases, states, grants, demands, complaints."""

from policies.terms import Ranked, Term


class EntryState(Term):
    """目录状态: where a catalogue entry stands."""

    DRAFT = "DRAFT", "草稿", "Draft"
    PUBLISH_REVIEW = "PUBLISH_REVIEW", "发布待审核", "Publication under review"
    REJECTED = "REJECTED", "发布已驳回", "Publication rejected"
    PUBLISHED = "PUBLISHED", "已发布", "Published"
    CHANGE_REVIEW = "CHANGE_REVIEW", "变更待审核", "Change under review"
    WITHDRAW_REVIEW = "WITHDRAW_REVIEW", "撤销待审核", "Withdrawal under review"
    WITHDRAWN = "WITHDRAWN", "已撤销", "Withdrawn"
    SUSPENDED = "SUSPENDED", "已暂停", "Suspended"
    DELETED = "DELETED", "已删除", "Deleted"

    @property
    def live(self) -> bool:
        """Whether a published edition stands for readers in this state."""
        return self in _LIVE_ENTRIES


_LIVE_ENTRIES = frozenset({EntryState.PUBLISHED, EntryState.CHANGE_REVIEW, EntryState.WITHDRAW_REVIEW})


class OpenState(Term):
    """开放状态: where an entry stands in the open domain."""

    NOT_OPEN = "NOT_OPEN", "未开放", "Not open"
    OPEN_REVIEW = "OPEN_REVIEW", "开放待审核", "Opening under review"
    OPEN = "OPEN", "已开放", "Open"
    OPEN_REJECTED = "OPEN_REJECTED", "开放已驳回", "Opening rejected"
    CLOSE_REVIEW = "CLOSE_REVIEW", "关闭待审核", "Closing under review"
    CLOSED = "CLOSED", "已关闭", "Closed"
    SUSPENDED = "SUSPENDED", "已暂停", "Suspended"

    @property
    def live(self) -> bool:
        """Whether the open edition stands for readers in this state."""
        return self in _LIVE_OPENINGS


_LIVE_OPENINGS = frozenset({OpenState.OPEN, OpenState.CLOSE_REVIEW})


class VersionState(Term):
    """版本状态 of the data of an entry."""

    RECEIVED = "RECEIVED", "已接收", "Received"
    CHECKING = "CHECKING", "质检中", "Being checked"
    ASKED = "ASKED", "待确认表格", "Table to be confirmed"
    PASSED = "PASSED", "质检通过", "Passed the quality gate"
    LIVE = "LIVE", "当前版本", "Live"
    SUPERSEDED = "SUPERSEDED", "历史版本", "Superseded"
    FAILED = "FAILED", "处理失败", "Failed"
    REFUSED = "REFUSED", "质检未通过", "Refused by the quality gate"


class UploadState(Term):
    """上传状态 of a file that arrives in parts."""

    OPEN = "OPEN", "上传中", "Being uploaded"
    DONE = "DONE", "已接收", "Received"
    ENDED = "ENDED", "已取消", "Cancelled or given up"


class TenantKind(Term):
    """租户类型."""

    CITY = "CITY", "市", "City"
    COUNTY = "COUNTY", "区县", "District or county"
    ZONE = "ZONE", "功能区", "Functional zone"
    DEPARTMENT = "DEPARTMENT", "部门", "Department"
    SUBUNIT = "SUBUNIT", "下属单位", "Subordinate unit"
    UTILITY = "UTILITY", "公共服务企业", "Public utility"
    APPLICANT = "APPLICANT", "数据利用主体", "Data user"


class Role(Term):
    """角色: in which capacity a person stands in a tenant."""

    STEWARD = "steward", "数据专员", "Data steward"
    DEPARTMENT_REVIEWER = "department_reviewer", "部门审核员", "Department reviewer"
    LEADER = "leader", "领导", "Leader"
    CHIEF_DATA_OFFICER = "chief_data_officer", "首席数据官", "Chief data officer"
    AUTHORITY_REVIEWER = "authority_reviewer", "主管部门审核员", "Authority reviewer"
    TENANT_ADMIN = "tenant_admin", "租户管理员", "Tenant administrator"
    SYSTEM_ADMIN = "system_admin", "系统管理员", "System administrator"
    SECURITY_ADMIN = "security_admin", "安全管理员", "Security administrator"
    AUDITOR = "auditor", "审计管理员", "Audit administrator"


class CaseKind(Term):
    """事项类型: the procedure a case follows."""

    ENTRY_REVIEW = "ENTRY_REVIEW", "目录发布审核", "Review of an entry"
    ENTRY_CHANGE = "ENTRY_CHANGE", "目录变更审核", "Review of a change"
    ENTRY_WITHDRAWAL = "ENTRY_WITHDRAWAL", "目录撤销审核", "Withdrawal of an entry"
    RELEASE = "RELEASE", "开放审核", "Release to a domain"
    CLOSING = "CLOSING", "关闭开放审核", "Closing of an opening"
    APPLICATION = "APPLICATION", "受限数据申请", "Application for restricted data"
    RENEWAL = "RENEWAL", "续期申请", "Renewal of a grant"
    SHARING_REQUEST = "SHARING_REQUEST", "政务共享申请", "Sharing request"
    DEMAND = "DEMAND", "数据需求", "Demand"
    SCORECARD_APPEAL = "SCORECARD_APPEAL", "月度记分卡申诉", "Appeal against a scorecard"
    LIST_ENTRY = "LIST_ENTRY", "三清单审核", "Review of a list entry"
    ISSUE = "ISSUE", "问题数据整改", "Data issue"
    WAIVER = "WAIVER", "质量豁免", "Quality waiver"
    CORRECTION = "CORRECTION", "数据纠错", "Correction"
    OBJECTION = "OBJECTION", "异议", "Objection"
    RIGHTS_CLAIM = "RIGHTS_CLAIM", "权益主张", "Claim of infringed rights"
    STANDARD_REVIEW = "STANDARD_REVIEW", "数据标准审定", "Review of a data standard"
    SOURCE_CLAIM = "SOURCE_CLAIM", "数源认领", "Claim of a source"
    COMPLAINT = "COMPLAINT", "投诉举报", "Complaint"


class ApplicantKind(Term):
    """主体类型 of a data user."""

    NATURAL = "NATURAL", "自然人", "Natural person"
    LEGAL = "LEGAL", "法人", "Legal person"
    UNINCORPORATED = "UNINCORPORATED", "非法人组织", "Unincorporated organisation"


class GrantState(Term):
    """授权状态: from the approval of an application to the proof that the data were destroyed."""

    APPROVED = "APPROVED", "同意，待签协议", "Approved, agreement to be signed"
    AGREEMENT_SIGNED = "AGREEMENT_SIGNED", "已签协议", "Agreement signed"
    ACTIVE = "ACTIVE", "使用中", "Active"
    SUSPENDED = "SUSPENDED", "暂停", "Suspended"
    EXPIRED = "EXPIRED", "到期", "Expired"
    TERMINATED = "TERMINATED", "终止", "Terminated"
    REVOKED = "REVOKED", "撤销", "Revoked"
    LAPSED = "LAPSED", "失效", "Lapsed"
    CLOSED = "CLOSED", "办结", "Closed"

    @property
    def usable(self) -> bool:
        """Whether data may be drawn under a grant in this state."""
        return self is GrantState.ACTIVE


class ListKind(Term):
    """三清单."""

    DEMAND = "DEMAND", "需求清单", "Demand list"
    RESPONSIBILITY = "RESPONSIBILITY", "责任清单", "Responsibility list"
    NEGATIVE = "NEGATIVE", "负面清单", "Negative list"


class DemandMatch(Term):
    """需求匹配结论."""

    PENDING = "PENDING", "待评估", "Pending"
    MATCHED = "MATCHED", "已匹配", "Matched"
    PARTIAL = "PARTIAL", "部分匹配", "Partly matched"
    UNMATCHED = "UNMATCHED", "未匹配", "Not matched"


class DemandPath(Term):
    """需求满足路径."""

    AUTHORIZE_EXISTING = "AUTHORIZE_EXISTING", "授权已有数据", "Authorise existing data"
    NEED_COLLECT = "NEED_COLLECT", "需新增归集", "Collect anew"


class IssueSource(Term):
    """问题来源: who found a fault in data."""

    RULE = "RULE", "质量规则", "Quality rule"
    DEPARTMENT = "DEPARTMENT", "使用部门", "Using department"
    PUBLIC = "PUBLIC", "社会公众", "The public"
    GATE = "GATE", "质量门槛", "Quality gate"


class FeedbackKind(Term):
    """目录反馈类型."""

    ENTRY_WRONG = "1", "目录信息错误", "Wrong information in the entry"
    QUALITY = "2", "数据质量问题", "Data quality problem"
    MISMATCH = "3", "挂接资源和目录不一致", "Data do not match the entry"
    API = "4", "接口问题", "Problem with the API"
    OTHER = "5", "其他", "Other"


class ObjectionKind(Term):
    """异议类型."""

    ENTRY_CORRECTION = "1", "目录纠错", "Correction of an entry"
    DECISION = "2", "对申请决定的异议", "Objection to a decision"
    USE = "3", "对使用的异议", "Objection about use"
    OTHER = "4", "其他", "Other"


class ComplaintKind(Term):
    """投诉举报类型."""

    INFRINGEMENT = "INFRINGEMENT", "侵犯权益", "Infringement of rights"
    PERSONAL_INFO_MISUSE = "PERSONAL_INFO_MISUSE", "滥用个人信息", "Misuse of personal information"
    OVER_COLLECTION = "OVER_COLLECTION", "过度采集", "Collecting too much"
    ILLEGAL_RESALE = "ILLEGAL_RESALE", "非法转售", "Illegal resale"
    REFUSAL = "REFUSAL", "不当拒绝", "Unjust refusal"
    OTHER = "OTHER", "其他", "Other"


class Measure(Ranked):
    """处置措施 against a data user, from the mildest to the hardest."""

    RECTIFY = "RECTIFY", "限期整改", "Put right within a time limit"
    SUSPEND = "SUSPEND", "暂停使用", "Suspend access"
    REVOKE = "REVOKE", "撤销授权", "Revoke the grant"
    CREDIT = "CREDIT", "记入信用档案", "Record in the credit file"
    TRANSFER = "TRANSFER", "移送有关部门", "Transfer to the competent organ"


class TokenScope(Term):
    """What a token may be used for."""

    READ = "read", "只读", "Read only"
    DRAFT = "draft", "读取并起草目录", "Read and write drafts"
    EXCHANGE = "exchange", "平台间交换", "Exchange between platforms"
    RESTORE = "restore", "恢复目录", "Restore a catalogue"


class PeerState(Term):
    """Whether another platform is connected."""

    PROPOSED = "PROPOSED", "待批准", "Waiting for approval"
    CONNECTED = "CONNECTED", "已接入", "Connected"
    DECLINED = "DECLINED", "未批准", "Declined"
    DISCONNECTED = "DISCONNECTED", "已断开", "Disconnected"
