"""Names for how good data are and in which forms and on which terms they are handed out."""

from typing import Self

from policies.terms import Ranked, Term


class Dimension(Term):
    """质量维度 of GB/T 36344-2018."""

    NORMATIVE = "normative", "规范性", "Conformity"
    COMPLETENESS = "completeness", "完整性", "Completeness"
    ACCURACY = "accuracy", "准确性", "Accuracy"
    CONSISTENCY = "consistency", "一致性", "Consistency"
    TIMELINESS = "timeliness", "时效性", "Timeliness"
    ACCESSIBILITY = "accessibility", "可访问性", "Accessibility"


class Grade(Term):
    """质量等级, A the best; the bars are rules, not part of the name."""

    A = "A", "优", "Excellent"
    B = "B", "良", "Good"
    C = "C", "中", "Fair"
    D = "D", "合格", "Sufficient"
    E = "E", "不合格", "Insufficient"


class Severity(Ranked):
    """严重程度 of a failing check: information, a ticket, or no publication."""

    INFO = "info", "提示", "Information"
    WARNING = "warning", "一般", "Warning"
    CRITICAL = "critical", "严重", "Critical"


class Verdict(Term):
    """结论 of a quality run."""

    PASS = "PASS", "通过", "Passed"
    FAIL = "FAIL", "未通过", "Failed"
    ERROR = "ERROR", "无法评定", "Could not be judged"
    NOT_APPLICABLE = "NOT_APPLICABLE", "不适用", "Not applicable"


class Card(Term):
    """红黄绿牌 that a body is shown for its updates and the quality of its data."""

    GREEN = "GREEN", "绿牌", "Green card"
    YELLOW = "YELLOW", "黄牌", "Yellow card"
    RED = "RED", "红牌", "Red card"
    EXEMPT = "EXEMPT", "不评", "Exempt"


class ScorecardState(Term):
    """状态 of a month's frozen scorecard."""

    PROVISIONAL = "PROVISIONAL", "公示中（可申诉）", "Provisional, open to appeal"
    FINAL = "FINAL", "已定稿", "Final"


class DocsState(Term):
    """状态 of a report for experts that the worker makes."""

    WAITING = "WAITING", "生成中", "Being made"
    READY = "READY", "可下载", "Ready"
    FAILED = "FAILED", "生成失败", "Could not be made"


class RiskVerdict(Ranked):
    """披露风险结论: whether data may be opened as they are."""

    PASS = "PASS", "可以开放", "May be opened"
    REVIEW = "REVIEW", "须经审核员签署", "Needs a reviewer's signature"
    STOP = "STOP", "不宜按现状开放", "Not to be opened as it is"


class RunState(Term):
    """检测状态 of a quality run."""

    QUEUED = "QUEUED", "排队中", "Queued"
    RUNNING = "RUNNING", "检测中", "Running"
    DONE = "DONE", "已完成", "Done"
    CANCELLED = "CANCELLED", "已取消", "Cancelled"
    FAILED = "FAILED", "未能完成", "Could not be finished"


class WaiverState(Term):
    """豁免状态: where the waiver of a rule stands."""

    ASKED = "ASKED", "待审批", "Asked for"
    IN_FORCE = "IN_FORCE", "有效", "In force"
    REJECTED = "REJECTED", "未批准", "Not approved"
    RECALLED = "RECALLED", "已撤回", "Recalled"
    ENDED = "ENDED", "已到期", "Ended"


class Licence(Term):
    """使用许可; ``uri`` identifies its text, ``free`` says that it meets the Open Definition."""

    uri: str | None
    free: bool

    CC0 = "CC0-1.0", "CC0 1.0 公共领域贡献", "CC0 1.0 Universal", (
        "https://creativecommons.org/publicdomain/zero/1.0/", True)  # fmt: skip
    CC_BY = "CC-BY-4.0", "知识共享 署名 4.0", "Creative Commons Attribution 4.0", (
        "https://creativecommons.org/licenses/by/4.0/", True)  # fmt: skip
    CC_BY_SA = "CC-BY-SA-4.0", "知识共享 署名-相同方式共享 4.0", "Creative Commons ShareAlike 4.0", (
        "https://creativecommons.org/licenses/by-sa/4.0/", True)  # fmt: skip
    ODC_BY = "ODC-By-1.0", "开放数据共用 署名 1.0", "Open Data Commons Attribution 1.0", (
        "https://opendatacommons.org/licenses/by/1-0/", True)  # fmt: skip
    ODBL = "ODbL-1.0", "开放数据共用 开放数据库 1.0", "Open Data Commons Open Database License 1.0", (
        "https://opendatacommons.org/licenses/odbl/1-0/", True)  # fmt: skip
    PDDL = "PDDL-1.0", "开放数据共用 公共领域 1.0", "Open Data Commons Public Domain Dedication 1.0", (
        "https://opendatacommons.org/licenses/pddl/1-0/", True)  # fmt: skip
    PLATFORM = (
        "PLATFORM-TERMS",
        "平台开放数据使用条款（署名）",
        "Terms of use of this platform (attribution)",
        (None, True),
    )
    AGREEMENT = "OPEN-USE-AGREEMENT", "开放利用协议", "Open-use agreement", (None, False)
    UNSTATED = "NOT-STATED", "未说明", "Not stated", (None, False)

    def __new__(cls, code: str, zh: str = "", en: str = "", text: tuple[str | None, bool] = (None, False)) -> Self:
        """Make the member with the address of its text and whether it is free."""
        member = cls._labelled(code, zh, en)
        member.uri, member.free = text
        return member


class Format(Term):
    """资源格式; machine-readable and proprietary as the opening rules count them."""

    media_type: str
    machine_readable: bool
    proprietary: bool

    CSV = "csv", "CSV 表格", "CSV", ("text/csv", True, False)
    JSON = "json", "JSON", "JSON", ("application/json", True, False)
    JSONL = "jsonl", "JSON 行", "JSON Lines", ("application/jsonl", True, False)
    XML = "xml", "XML", "XML", ("application/xml", True, False)
    RDF = "rdf", "RDF", "RDF", ("application/rdf+xml", True, False)
    GEOJSON = "geojson", "GeoJSON 地理数据", "GeoJSON", ("application/geo+json", True, False)
    PARQUET = "parquet", "Parquet 列式表", "Parquet", ("application/vnd.apache.parquet", True, False)
    ODS = "ods", "ODS 表格", "OpenDocument spreadsheet", (
        "application/vnd.oasis.opendocument.spreadsheet", True, False)  # fmt: skip
    XLSX = "xlsx", "Excel 表格", "Excel workbook", (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", True, True)  # fmt: skip
    XLS = "xls", "Excel 97 表格", "Excel 97 workbook", ("application/vnd.ms-excel", True, True)
    ET = "et", "WPS 表格", "WPS spreadsheet", ("application/vnd.wps-office.et", True, True)
    SHP = "shp", "Shapefile 地理数据", "Shapefile", ("application/vnd.shp", True, True)
    API = "api", "接口", "API", ("application/json", True, False)
    TXT = "txt", "文本", "Plain text", ("text/plain", False, False)
    HTML = "html", "网页", "Web page", ("text/html", False, False)
    OFD = "ofd", "OFD 版式文件", "OFD document", ("application/ofd", False, False)
    PDF = "pdf", "PDF 文档", "PDF document", ("application/pdf", False, False)
    DOC = "doc", "Word 97 文档", "Word 97 document", ("application/msword", False, True)
    DOCX = "docx", "Word 文档", "Word document", (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", False, True)  # fmt: skip
    WPS = "wps", "WPS 文档", "WPS document", ("application/vnd.wps-office.wps", False, True)
    PPT = "ppt", "演示文稿", "Presentation", ("application/vnd.ms-powerpoint", False, True)
    JPG = "jpg", "JPEG 图像", "JPEG image", ("image/jpeg", False, False)
    PNG = "png", "PNG 图像", "PNG image", ("image/png", False, False)
    MP4 = "mp4", "MP4 视频", "MP4 video", ("video/mp4", False, False)
    ZIP = "zip", "ZIP 压缩包", "ZIP archive", ("application/zip", False, False)
    OTHER = "other", "其他", "Other", ("application/octet-stream", False, False)

    def __new__(
        cls, code: str, zh: str = "", en: str = "", traits: tuple[str, bool, bool] = ("", False, False)
    ) -> Self:
        """Make the member with its media type and what it is fit for."""
        member = cls._labelled(code, zh, en)
        member.media_type, member.machine_readable, member.proprietary = traits
        return member

    @property
    def is_open(self) -> bool:
        """Whether machines can read it without anybody's leave: the set an open table must offer one of."""
        return self.machine_readable and not self.proprietary


class MqaDimension(Term):
    """维度 of the Metadata Quality Assessment of data.europa.eu."""

    FINDABILITY = "findability", "可发现", "Findability"
    ACCESSIBILITY = "accessibility", "可获取", "Accessibility"
    INTEROPERABILITY = "interoperability", "可互操作", "Interoperability"
    REUSABILITY = "reusability", "可重用", "Reusability"
    CONTEXTUALITY = "contextuality", "上下文", "Contextuality"


class MqaRating(Term):
    """评级 of the points of the Metadata Quality Assessment."""

    EXCELLENT = "EXCELLENT", "优", "Excellent"
    GOOD = "GOOD", "良", "Good"
    SUFFICIENT = "SUFFICIENT", "合格", "Sufficient"
    BAD = "BAD", "差", "Bad"


class MqaMetric(Term):
    """指标 of the Metadata Quality Assessment; ``weight`` are its points, ``dimension`` is where they count."""

    weight: int
    dimension: MqaDimension

    KEYWORD = "keyword", "关键词", "Keywords", (30, "findability")
    THEME = "theme", "数据领域", "Theme", (30, "findability")
    SPATIAL = "spatial", "空间范围", "Spatial coverage", (20, "findability")
    TEMPORAL = "temporal", "时间范围", "Temporal coverage", (20, "findability")
    ACCESS_OK = "access-ok", "访问地址可达", "Access address reachable", (50, "accessibility")
    DOWNLOAD = "download", "有下载地址", "Download address given", (20, "accessibility")
    DOWNLOAD_OK = "download-ok", "下载地址可达", "Download address reachable", (30, "accessibility")
    FORMAT = "format", "格式", "Format", (20, "interoperability")
    MEDIA_TYPE = "media-type", "媒体类型", "Media type", (10, "interoperability")
    FORMAT_LISTED = "format-listed", "格式取自代码表", "Format from a code list", (10, "interoperability")
    FREE_FORMAT = "free-format", "非专有格式", "Non-proprietary format", (20, "interoperability")
    MACHINE_READABLE = "machine-readable", "机器可读", "Machine-readable", (20, "interoperability")
    DCAT = "dcat", "符合 DCAT-AP", "DCAT-AP compliant", (30, "interoperability")
    LICENCE = "licence", "使用许可", "Licence", (20, "reusability")
    LICENCE_LISTED = "licence-listed", "许可取自代码表", "Licence from a code list", (10, "reusability")
    RIGHTS_OF_ACCESS = "access-rights", "访问权限", "Access rights", (10, "reusability")
    RIGHTS_LISTED = "access-rights-listed", "访问权限取自代码表", "Access rights from a code list", (5, "reusability")
    CONTACT = "contact", "联系方式", "Contact point", (20, "reusability")
    PUBLISHER = "publisher", "发布单位", "Publisher", (10, "reusability")
    TERMS = "rights", "权利说明", "Statement of rights", (5, "contextuality")
    SIZE = "size", "数据大小", "Size in bytes", (5, "contextuality")
    ISSUED = "issued", "发布日期", "Date of issue", (5, "contextuality")
    MODIFIED = "modified", "更新日期", "Date of modification", (5, "contextuality")

    def __new__(cls, code: str, zh: str = "", en: str = "", counts: tuple[int, str] = (0, "findability")) -> Self:
        """Make the member with its points and the dimension in which they count."""
        member = cls._labelled(code, zh, en)
        member.weight, member.dimension = counts[0], MqaDimension(counts[1])
        return member
