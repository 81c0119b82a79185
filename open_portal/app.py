"""The web application: parts, doors and handlers put together."""

from typing import Any

from flask import Flask, current_app, g, request
from flask import session as cookie
from flask.typing import ResponseReturnValue
from flask_babel import Babel, get_locale
from flask_login import LoginManager
from flask_wtf.csrf import CSRFProtect, generate_csrf
from govuk_frontend_wtf.main import WTFormsHelpers
from jinja2 import ChoiceLoader, PackageLoader, PrefixLoader

from open_portal import arrivals, doors, faces, failures, language, limits, navigation, security
from open_portal.doors import Access
from open_portal.entrants import Entrant
from open_portal.pages.blueprints import BLUEPRINTS
from open_portal.pages.my import unsubscribing
from open_portal.wiring import Kit
from tenancy import rules, sign_in, work

FORM_BYTES = 1_000_000
csrf = CSRFProtect()


def create_app(kit: Kit) -> Flask:
    """The portal over a kit."""
    app = Flask("open_portal", static_folder="static", template_folder="templates")
    app.request_class = arrivals.PortalRequest
    _configure(app, kit)
    _load_templates(app)
    app.before_request(_begin)
    app.teardown_appcontext(_end)
    security.protect(app)
    failures.install(app)
    csrf.init_app(app)
    Babel(app, default_locale="zh_Hans_CN", locale_selector=language.choose)
    manager = LoginManager(app)
    manager.user_loader(lambda secret: Entrant(secret) if g.actor.is_person else None)
    for blueprint, face, access in BLUEPRINTS:
        doors.hang(app, blueprint, face, access)
        if access is Access.MACHINE or blueprint is unsubscribing.pages:
            # Mail programs press the button of a letter without having seen its page; the address itself is the proof.
            csrf.exempt(blueprint)
    limits.install(app)
    app.context_processor(_globals)
    app.wsgi_app = faces.Mounting(app.wsgi_app, kit.settings, kit.database)  # type: ignore[method-assign]
    return app


def _configure(app: Flask, kit: Kit) -> None:
    secure = kit.settings.secure_cookies
    app.config.update(
        SECRET_KEY=kit.secret_key,
        KIT=kit,
        SESSION_COOKIE_NAME="__Host-tiaoxi" if secure and not app.config.get("APPLICATION_ROOT", "/")[1:] else "tiaoxi",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=FORM_BYTES,
        MAX_FORM_MEMORY_SIZE=FORM_BYTES,
        MAX_FORM_PARTS=1000,
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_TRANSLATION_DIRECTORIES="translations",
        RATELIMIT_HEADERS_ENABLED=True,
        JSON_AS_ASCII=False,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.url_map.strict_slashes = False


def _load_templates(app: Flask) -> None:
    app.jinja_options["autoescape"] = True
    app.jinja_loader = ChoiceLoader(
        [
            PackageLoader("open_portal"),
            PrefixLoader(
                {
                    "govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja"),
                    "govuk_frontend_wtf": PackageLoader("govuk_frontend_wtf"),
                }
            ),
        ]
    )
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    WTFormsHelpers(app)
    app.jinja_env.globals.update(url_for=app.url_for, csrf_token=generate_csrf)
    for name in ("term", "date", "datetime", "number", "percent", "spoken"):
        app.jinja_env.globals[name] = getattr(language, name)
        app.jinja_env.filters[name] = getattr(language, name)


def _begin() -> ResponseReturnValue | None:
    """Settle for this request who asks, when, under which face and in which language."""
    kit: Kit = current_app.config["KIT"]
    g.kit, g.now = kit, kit.clock()
    g.reading = kit.database.read()
    g.session = g.reading.__enter__()
    rules.follow(g.session)
    g.actor, g.user_session = sign_in.actor_of(g.session, cookie.get("_user_id"), g.now)
    g.face = faces.of_request(g.session, request.environ, request.host)
    if g.user_session is not None and sign_in.needs_touch(g.user_session, g.now):
        with work.begin(kit.database, g.actor, g.now) as unit:
            sign_in.touch(unit.session, g.user_session.id, g.now)
    switched = language.switch()
    return switched  # noqa: RET504 - None goes on


def _end(_error: BaseException | None) -> None:
    arrivals.drop()
    reading = g.pop("reading", None)
    if reading is not None:
        reading.__exit__(None, None, None)


def _globals() -> dict[str, Any]:
    """What every template may use."""
    chosen = str(get_locale())
    other = "en" if chosen.startswith("zh") else "zh_Hans_CN"
    return {
        "language": chosen,
        "other_language_url": language.link(language=other),
        "elder": language.is_elder(),
        "elder_url": language.link(view="standard" if language.is_elder() else "elder"),
        "actor": g.actor,
        "face": navigation.face_of(g.get("face"), chosen),
        "navigation": navigation.main(g.actor),
        "flashes": navigation.flashes(),
        "now": g.get("now"),
    }
