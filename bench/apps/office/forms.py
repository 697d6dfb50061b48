"""Forms: one for each kind of record, the filters of lists, and some that stand alone."""

from datetime import timedelta

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from . import models as m


def _day_field(field):
    return forms.DateField(
        label=field.verbose_name, required=not field.blank, widget=forms.DateInput(attrs={"type": "date"}),
        input_formats=["%Y-%m-%d", "%d.%m.%Y"],
    )


class RecordForm(forms.ModelForm):
    """Dates as browsers send them, text without stray blanks."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for field in self._meta.model._meta.fields:
            if field.name in self.fields and field.get_internal_type() == "DateField":
                self.fields[field.name] = _day_field(field)
        for field in self.fields.values():
            if isinstance(field.widget, (forms.TextInput, forms.Textarea, forms.Select)):
                field.widget.attrs.setdefault("class", "wide" if isinstance(field.widget, forms.Textarea) else "field")

    def clean(self):
        values = super().clean()
        for name, value in list(values.items()):
            if isinstance(value, str) and "\n" not in value:
                values[name] = " ".join(value.split())
        return values

    def save(self, commit=True):
        self.instance.changed = self.instance.changed or _stamp()
        return super().save(commit)


def _stamp():
    from .seed import CHANGED

    return CHANGED


class DepartmentForm(RecordForm):
    class Meta:
        model = m.Department
        fields = ["name", "code", "floor", "budget"]


class EmployeeForm(RecordForm):
    class Meta:
        model = m.Employee
        fields = ["first", "last", "email", "department", "manager", "role", "hired", "salary", "active"]

    def clean_email(self):
        email = self.cleaned_data["email"].lower()
        if not email.endswith(".example"):
            raise ValidationError(_("Only addresses of the office are allowed."), code="domain")
        return email

    def clean_hired(self):
        day = self.cleaned_data["hired"]
        if day > settings.TODAY + timedelta(days=366):
            raise ValidationError(_("Nobody is hired more than a year ahead."))
        return day

    def clean(self):
        values = super().clean()
        if self.instance.pk and values.get("manager") == self.instance:
            self.add_error("manager", _("Nobody is their own manager."))
        return values


class ClientForm(RecordForm):
    class Meta:
        model = m.Client
        fields = ["name", "city", "country", "email", "since", "rating"]

    def clean_country(self):
        code = self.cleaned_data["country"].lower()
        if len(code) != 2 or not code.isalpha():
            raise ValidationError(_("A country is a code of two letters."))
        return code


class ContactForm(RecordForm):
    class Meta:
        model = m.Contact
        fields = ["client", "name", "phone", "email"]

    def clean_phone(self):
        phone = self.cleaned_data["phone"]
        digits = [letter for letter in phone if letter.isdigit()]
        if phone and not 6 <= len(digits) <= 15:
            raise ValidationError(_("A telephone number has 6 to 15 digits."))
        return phone


class ProjectForm(RecordForm):
    class Meta:
        model = m.Project
        fields = ["client", "name", "code", "lead", "start", "end", "budget", "state", "text", "tags"]
        widgets = {"text": forms.Textarea(attrs={"rows": 5}), "tags": forms.CheckboxSelectMultiple}


class TaskForm(RecordForm):
    class Meta:
        model = m.Task
        fields = ["project", "title", "assignee", "state", "priority", "due", "estimate"]

    def clean(self):
        values = super().clean()
        project, due = values.get("project"), values.get("due")
        if project and due and due < project.start:
            self.add_error("due", _("The project has not started by then."))
        return values


class InvoiceForm(RecordForm):
    class Meta:
        model = m.Invoice
        fields = ["client", "project", "number", "issued", "due", "state"]

    def clean(self):
        values = super().clean()
        project, client = values.get("project"), values.get("client")
        if project and client and project.client_id != client.pk:
            self.add_error("project", _("That project is another client's."))
        return values


class ExpenseForm(RecordForm):
    class Meta:
        model = m.Expense
        fields = ["employee", "day", "kind", "amount", "note", "approved"]


class AssetForm(RecordForm):
    class Meta:
        model = m.Asset
        fields = ["name", "serial", "kind", "bought", "price", "owner"]

    def clean_serial(self):
        return self.cleaned_data["serial"].upper().replace(" ", "")


class BookingForm(RecordForm):
    class Meta:
        model = m.Booking
        fields = ["room", "employee", "day", "start", "hours", "subject"]


class LeaveForm(RecordForm):
    class Meta:
        model = m.Leave
        fields = ["employee", "first", "last", "kind", "approved"]

    def clean(self):
        values = super().clean()
        employee, first, last = (values.get(name) for name in ("employee", "first", "last"))
        if employee and first and last:
            same = m.Leave.objects.filter(employee=employee, first__lte=last, last__gte=first)
            if same.exclude(pk=self.instance.pk).exists():
                raise ValidationError(_("There is leave on these days already."))
        return values


class PageForm(RecordForm):
    slug = forms.SlugField(required=False)

    class Meta:
        model = m.Page
        fields = ["title", "slug", "author", "body", "tags"]

    def clean(self):
        values = super().clean()
        if not values.get("slug") and values.get("title"):
            values["slug"] = slugify(values["title"])
        return values


class ListFilter(forms.Form):
    """What every list can be asked: words and an order."""

    q = forms.CharField(required=False, min_length=2, max_length=40, label=_("Search"))
    order = forms.ChoiceField(required=False, choices=[("", _("usual")), ("id", "#"), ("-id", "# ↓")])


class TaskFilter(ListFilter):
    state = forms.ChoiceField(required=False, choices=[("", "-"), *m.Task.STATES])
    priority = forms.IntegerField(required=False, min_value=0, max_value=4)


class ProjectFilter(ListFilter):
    state = forms.MultipleChoiceField(required=False, choices=m.Project.STATES)


class InvoiceFilter(ListFilter):
    state = forms.ChoiceField(required=False, choices=[("", "-"), *m.Invoice.STATES])
    year = forms.IntegerField(required=False, min_value=2000, max_value=2100)


class PeriodForm(forms.Form):
    """The span of a report."""

    first = forms.DateField(initial=settings.TODAY.replace(month=1, day=1), input_formats=["%Y-%m-%d"])
    last = forms.DateField(initial=settings.TODAY, input_formats=["%Y-%m-%d"])

    def clean(self):
        values = super().clean()
        if values.get("first") and values.get("last") and values["last"] < values["first"]:
            raise ValidationError(_("The last day comes before the first."))
        return values


class HoursForm(forms.ModelForm):
    class Meta:
        model = m.TimeEntry
        fields = ["task", "day", "hours", "note"]

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["task"].queryset = m.Task.objects.filter(assignee=1).open()

    def clean_hours(self):
        hours = self.cleaned_data["hours"]
        if hours <= 0 or hours > 12 or hours % m.Decimal("0.25"):
            raise ValidationError(_("Quarters of an hour, at most 12 hours."))
        return hours


class LineForm(forms.ModelForm):
    class Meta:
        model = m.InvoiceLine
        fields = ["text", "quantity", "price", "vat"]


LineFormSet = forms.inlineformset_factory(m.Invoice, m.InvoiceLine, form=LineForm, extra=1)


class ProfileForm(forms.Form):
    first_name = forms.CharField(max_length=30)
    last_name = forms.CharField(max_length=30)
    email = forms.EmailField()
    language = forms.ChoiceField(choices=settings.LANGUAGES)
    pages = forms.TypedChoiceField(choices=[(n, n) for n in (10, 20, 50)], coerce=int, empty_value=10)


class ImportForm(forms.Form):
    text = forms.CharField(widget=forms.Textarea, strip=False)
    delimiter = forms.ChoiceField(choices=[(",", ","), (";", ";")])


class ContactUsForm(forms.Form):
    name = forms.CharField(max_length=40)
    email = forms.EmailField()
    subject = forms.ChoiceField(choices=[("offer", _("Offer")), ("bug", _("Problem")), ("other", _("Other"))])
    text = forms.CharField(min_length=10, widget=forms.Textarea)
    copy = forms.BooleanField(required=False)

    def clean_text(self):
        text = self.cleaned_data["text"]
        if sum(word.startswith("http") for word in text.split()) > 2:
            raise ValidationError(_("Too many addresses."))
        return text
