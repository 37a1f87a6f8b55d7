"""How the inbox works in a studio: the minutes until the assistant resumes. Everybody there reads it, the owner sets it."""

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from conversations.finding import RIGHT
from conversations.models import Desk
from tenants.access import allowed, require
from tenants.models import Tenant
from tenants.pages import frame, studio_page


class DeskForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Desk
        fields = ["resumes_after"]
        widgets = {"resumes_after": forms.NumberInput({"class": "m-field m-short", "min": 0})}


@studio_page(RIGHT)
def page(request: HttpRequest, tenant: Tenant) -> HttpResponse:
    may_change = allowed(request, "studio")
    desk = Desk.of(tenant)
    form = DeskForm(request.POST if request.method == "POST" else None, instance=desk)
    if request.method == "POST":
        require(request, "studio")
        if form.is_valid():
            form.save()
            messages.success(request, _("Saved."))
            return redirect("admin:conversations_conversation_settings")
    if not may_change:
        form.fields["resumes_after"].disabled = True
    return frame(
        request,
        "conversations/settings.html",
        _("Inbox settings"),
        form=form,
        may_change=may_change,
        tenant=tenant,
    )
