"""Two tabs, two studios: a form acts in the studio it was opened for, or asks first.

The chosen studio belongs to the session, so a switch in one tab reaches the forms that other tabs still show.
Each form carries its studio (`{% of_studio %}`); the field only ever holds a request back, it grants nothing.
"""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from tenants.access import choose_studio, chosen_studio, studios_of
from tenants.pages import frame

FIELD = "of_studio"
GO_ON = "go_on_there"
NOT_REPEATED = frozenset({FIELD, GO_ON, "csrfmiddlewaretoken"})


def held_back(request: HttpRequest) -> HttpResponse | None:
    """The question to answer first, when a form comes from another studio than the chosen one."""
    if request.method != "POST" or FIELD not in request.POST:
        return None
    opened, chosen = request.POST[FIELD], chosen_studio(request)
    if opened == (str(chosen.pk) if chosen else ""):
        return None
    if GO_ON in request.POST:
        choose_studio(request, opened)  # PermissionDenied unless it is theirs
        return None
    if request.headers.get("HX-Request"):
        messages.warning(request, _("You switched studios. This page now shows the other one."))
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return _question(request, opened)


def _question(request: HttpRequest, opened: str) -> HttpResponse:
    theirs = {str(studio.pk): studio.name for studio in studios_of(request.user)}
    typed = [(name, value) for name, values in request.POST.lists() for value in values]
    fields = [(name, value) for name, value in typed if name not in NOT_REPEATED]
    response = frame(
        request,
        "admin/other_studio.html",
        _("Which studio?"),
        opened_for=theirs.get(opened, ""),
        fields=[*fields, (FIELD, opened)],
        files=[file.name for _field, files in request.FILES.lists() for file in files],
        go_on=GO_ON,
    )
    response.status_code = 409
    return response.render()  # type: ignore[attr-defined, no-any-return]
