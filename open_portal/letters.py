"""Letters: notices put into words for mail, in the language of the person."""

from dataclasses import dataclass

from sqlalchemy import update
from sqlalchemy.orm import Session

from policies import rulebook
from tenancy.models import Person
from tenancy.records import Notice
from tenancy.work import Work

WORDS = {
    "case.moved": (
        "{procedure} {number}：现处于“{stage}”",
        "{procedure} {number}: now at “{stage}”",
        "/desk",
    ),
    "case.reminder": (
        "{procedure} {number}：办理期限已用 {level}%，现处于“{stage}”",
        "{procedure} {number}: {level}% of the term is used up, now at “{stage}”",
        "/desk",
    ),
    "version.passed": (
        "《{title}》第 {number} 版数据通过质检",
        "“{title}”: version {number} passed its checks",
        "/desk",
    ),
    "version.failed": (
        "《{title}》第 {number} 版数据未通过质检，线上版本不变",
        "“{title}”: version {number} did not pass its checks; the live version stays",
        "/desk",
    ),
    "version.unchecked": (
        "《{title}》第 {number} 版数据的质检没有完成",
        "“{title}”: the checks of version {number} came to no end",
        "/desk",
    ),
    "version.refused": (
        "《{title}》第 {number} 版文件无法读取",
        "“{title}”: the file of version {number} could not be read",
        "/desk",
    ),
    "version.asked": (
        "《{title}》第 {number} 版：请确认表格在文件中的位置",
        "“{title}”, version {number}: say where the table lies in the file",
        "/desk",
    ),
    "version.stopped": (
        "《{title}》第 {number} 版文件带有密级或内部标志，已停止处理并删除；请按保密规定报告",
        "“{title}”: the file of version {number} bears a classification marking; it was erased, report it",
        "/desk",
    ),
    "version.classified": (
        "目录 {code} 第 {number} 版的上传文件带有密级或内部标志，已在隔离区删除，请核查",
        "Entry {code}: the file of version {number} bears a classification marking and was erased; look into it",
        "/my",
    ),
    "source.disputed": (
        "您对数据元 {element} 的数源认领有单位提出异议",
        "A unit disputes your claim to be the source of {element}",
        "/desk",
    ),
    "version.disclosure": (
        "《{title}》第 {number} 版数据的披露风险高于上一版，请核查",
        "“{title}”: the disclosure risk of version {number} is graver than before; look into it",
        "/desk",
    ),
    "version.held": (
        "《{title}》第 {number} 版数据不宜按现状开放，已暂缓上线，等待审核员签署",
        "“{title}”: version {number} is not to be opened as it is; it waits for a reviewer's signature",
        "/desk",
    ),
    "entry.offline": (
        "您关注的《{title}》因质量问题暂停提供数据",
        "“{title}”, which you follow, is offline for its quality",
        "/datasets",
    ),
    "entry.online": (
        "您关注的《{title}》恢复提供数据",
        "“{title}”, which you follow, is available again",
        "/datasets",
    ),
    "issue.found": (
        "《{title}》质检发现 {count} 个问题，请确认并整改（{number}）",
        "“{title}”: the check found {count} issues to be confirmed and mended ({number})",
        "/desk/issues",
    ),
    "issue.mounted": (
        "本单位挂接的《{title}》有一个问题正由责任单位处理（{number}）",
        "“{title}”, which your unit mounted, has an issue that the responsible unit handles ({number})",
        "/desk/issues",
    ),
    "issue.proved": (
        "《{title}》的问题 {number} 复检通过",
        "Issue {number} of “{title}” is gone, as the new check shows",
        "/desk/issues",
    ),
    "issue.overdue": (
        "问题 {number}（{title}）责任单位逾期未办，请督办",
        "Issue {number} ({title}) is overdue at the responsible unit",
        "/desk/issues",
    ),
    "issue.offline": (
        "《{title}》整改期满仍未达到质量门槛，已暂停提供数据（{number}）",
        "“{title}” still fails its gate after the days of grace and was taken offline ({number})",
        "/desk/issues",
    ),
    "waiver.ending": (
        "《{title}》的一项质量豁免将于 {day} 到期，请完成整改或重新申请",
        "“{title}”: a waiver of a quality rule ends on {day}; mend the data or ask anew",
        "/desk",
    ),
    "waiver.ended": (
        "《{title}》的一项质量豁免已于 {day} 到期",
        "“{title}”: a waiver of a quality rule ended on {day}",
        "/desk",
    ),
    "webhook.off": (
        "您的回调地址 {address} 多次未能送达，已停用",
        "Your webhook {address} could not be reached again and again and was switched off",
        "/my/webhooks",
    ),
    "entry.updated": ("您关注的《{title}》已更新", "“{title}”, which you follow, was updated", "/datasets"),
}


@dataclass(frozen=True)
class Letter:
    """A message ready to be sent."""

    to: str
    subject: str
    text: str


def sentence(notice: Notice, language: str) -> str:
    """What a notice says, in one line."""
    zh, en, _ = WORDS[notice.kind]
    values = dict(notice.params)
    procedure = rulebook.in_force().procedures.get(str(values.get("procedure", "")))
    if procedure:
        values["procedure"] = procedure.label(language)
        values["stage"] = procedure.stages[values["stage"]].label(language)
    return (en if language.startswith("en") else zh).format(**values)


def compose(session: Session, notice_id: str, address: str) -> Letter | None:
    """The letter of a notice; none when it was mailed before or the person has no address."""
    notice = session.get(Notice, notice_id)
    person = session.get(Person, notice.person_id) if notice else None
    if notice is None or notice.mailed_at or person is None or not person.email or person.disabled_at:
        return None
    line = sentence(notice, person.language)
    return Letter(person.email, line, f"{line}\n\n{address}{WORDS[notice.kind][2]}\n")


def mark_mailed(work: Work, notice_id: str) -> None:
    """Remember that a notice went out."""
    work.session.execute(update(Notice).where(Notice.id == notice_id).values(mailed_at=work.now))
