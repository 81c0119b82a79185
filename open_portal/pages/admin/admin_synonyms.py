"""Synonyms of the search: the list, its changes, a question to try it with, and the list as a table."""

from dataclasses import dataclass

from flask import Response, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.wrappers import Response as Answer

from catalog import search, synonyms, words
from catalog.search import Query
from catalog.synonyms import Draft, Place
from open_portal.pages.admin.admin_forms import SynonymForm, SynonymTableForm
from open_portal.pages.admin.admin_frame import attempt, done, language, logins_of, page_of, pages, show, show_form
from open_portal.pages.indicators import indicators_csv
from open_portal.requests import actor, deed, kit, now, session
from policies.refusals import Invalid
from tenancy import work

PAGE = 50
MOST_BYTES = 2_000_000
SHOWN = 5


@dataclass(frozen=True)
class Word:
    """A word of the question that is tried, and what counts for it, too."""

    text: str
    equals: tuple[str, ...]


@pages.route("/admin/synonyms", methods=["GET", "POST"])
def synonym_list() -> ResponseReturnValue:
    """The list with its filter, what a question becomes by it, and the form for one more group."""
    need()
    form = SynonymForm(request.form)
    if request.method == "POST" and done(form, lambda unit: synonyms.add(unit, _draft(form))):
        flash(_("The search takes these words for equal from now on."), "success")
        return redirect(url_for("admin.synonym_list"))
    page = _list(form, SynonymTableForm())
    return page, 422 if request.method == "POST" else 200


@pages.get("/admin/synonyms.csv")
def synonym_table() -> Response:
    """The list as the table that can be taken in again."""
    need()
    return indicators_csv.answer("synonyms", synonyms.table(session()))


@pages.post("/admin/synonyms/import")
def synonym_import() -> ResponseReturnValue:
    """Take in a table: all of it, or none where a line is wrong; what was sent stays in the form."""
    need()
    form = SynonymTableForm(request.form)
    try:
        text = _sent() or form.table.data or ""
        form.table.data = text
        with deed() as unit:
            taken = synonyms.take_in(unit, text)
    except Invalid as refusal:
        form.form_errors.extend(_told(refusal))
        return _list(SynonymForm(), form), 422
    added = ngettext("%(num)d group was added.", "%(num)d groups were added.", taken.added)
    known = ngettext("%(num)d stood there already.", "%(num)d stood there already.", taken.unchanged)
    flash(f"{added} {known}", "success")
    return redirect(url_for("admin.synonym_list"))


@pages.route("/admin/synonyms/<synonym_id>", methods=["GET", "POST"])
def synonym_change(synonym_id: str) -> ResponseReturnValue:
    """The form for other words in a group's place."""
    need()
    row = synonyms.find(session(), synonym_id)
    form = SynonymForm(request.form, data={"words": synonyms.JOINT.join(row.words), "note": row.note})

    def change(unit: work.Work) -> None:
        synonyms.change(unit, synonyms.find(unit.session, synonym_id), _draft(form))

    if request.method == "POST" and done(form, change):
        flash(_("The group is changed; the search knows it already."), "success")
        return redirect(url_for("admin.synonym_list"))
    up = {"text": _("Synonyms"), "href": url_for("admin.synonym_list")}
    also = {"text": _("Remove this group"), "href": url_for("admin.synonym_remove", synonym_id=synonym_id)}
    page = show_form(form, _("Change synonyms"), up=up, submit=_("Save"), also=also)
    return page, 422 if request.method == "POST" else 200


@pages.post("/admin/synonyms/<synonym_id>/remove")
def synonym_remove(synonym_id: str) -> Answer:
    """Take a group off the list."""
    need()
    attempt(
        lambda unit: synonyms.remove(unit, synonyms.find(unit.session, synonym_id)),
        _("The group is off the list."),
    )
    return redirect(url_for("admin.synonym_list"))


def need() -> None:
    """Raise Forbidden unless the actor keeps the synonyms."""
    work.demand(actor(), "synonym.edit", Place(session()))


def _draft(form: SynonymForm) -> Draft:
    return Draft(form.words.data or "", form.note.data or "")


def _list(form: SynonymForm, table: SynonymTableForm) -> str:
    text, question = request.args.get("q", "").strip(), request.args.get("try", "").strip()
    groups = synonyms.listed(session(), text)
    number, of = page_of(len(groups), PAGE)
    shown = groups[(number - 1) * PAGE : number * PAGE]
    return show(
        "synonyms",
        form=form,
        table=table,
        q=text,
        question=question,
        count=len(groups),
        groups=shown,
        page=number,
        pages=of,
        logins=logins_of([one.changed_by for one in shown]),
        read=_read(question),
        found=search.find(kit().index, session(), actor(), now(), Query(question, per_page=SHOWN))
        if question
        else None,
    )


def _read(question: str) -> list[Word]:
    """The words of a question as the search reads them, with their synonyms."""
    known = kit().index.synonyms(session())
    return [Word("".join(span), equals) for span, equals in known.parted(words.of_query(question))]


def _sent() -> str:
    """The text of the file that was sent, if there was one; Invalid where it can't be read."""
    file = request.files.get("file")
    data = file.read(MOST_BYTES + 1) if file else b""
    if len(data) > MOST_BYTES:
        raise Invalid("synonym.too-many", field="file", limit=synonyms.MOST_ROWS)
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise Invalid("synonym.encoding", field="file")


def _told(refusal: Invalid) -> list[str]:
    """What is wrong with a table, line by line."""
    texts = []
    for name, reason in (dict(refusal.fields) or {refusal.field or "": refusal}).items():
        text = reason.text(language())
        line = name.removeprefix("line-")
        texts.append(_("Line %(line)s: %(problem)s", line=line, problem=text) if line != name else text)
    return texts
