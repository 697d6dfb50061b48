"""Lists, pages and forms of twelve kinds of records: sixty class-based views."""

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin, PermissionRequiredMixin
from django.db import transaction
from django.db.models import Avg, Count, DecimalField, ExpressionWrapper, F, Max, Min, ProtectedError, Q, Sum
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.generic import CreateView, DeleteView, DetailView, ListView, UpdateView

from .. import forms, models as m


class Rehearsed:
    """What a form writes is rolled back: every request finds the same office."""

    def post(self, request, *args, **kwargs):
        with transaction.atomic():
            response = super().post(request, *args, **kwargs)
            transaction.set_rollback(True)
        return response


class Listing(LoginRequiredMixin, ListView):
    """A page of a list: searched, filtered, ordered."""

    paginate_by = 6
    filter_class = forms.ListFilter
    search = ()

    @property
    def template_name(self):
        return "office/%s/list.html" % self.model._meta.model_name

    def get_queryset(self):
        rows = super().get_queryset()
        self.filter = self.filter_class(self.request.GET)
        if not self.filter.is_valid():
            return rows
        values = self.filter.cleaned_data
        if values["q"]:
            condition = Q()
            for field in self.search:
                condition |= Q(**{field + "__icontains": values["q"]})
            rows = rows.filter(condition)
        if values["order"]:
            rows = rows.order_by(values["order"])
        return self.narrow(rows, values)

    def narrow(self, rows, values):
        return rows

    def get_context_data(self, **kwargs):
        context = super().get_context_data(filter=self.filter, **kwargs)
        context["title"] = self.model._meta.verbose_name_plural.capitalize()
        context["may_add"] = self.request.user.has_perm("office.add_" + self.model._meta.model_name)
        return context


class Detail(LoginRequiredMixin, DetailView):
    @property
    def template_name(self):
        return "office/%s/detail.html" % self.model._meta.model_name


class Form(LoginRequiredMixin, PermissionRequiredMixin):
    """What adding and changing share."""

    action = ""
    templates = {"project": "office/project/form.html", "invoice": "office/invoice/form.html",
                 "page": "office/page/form.html", "booking": "office/booking/form.html"}

    def get_permission_required(self):
        return ["office.%s_%s" % (self.action, self.model._meta.model_name)]

    def get_template_names(self):
        return [self.templates.get(self.model._meta.model_name, "office/form.html")]

    def get_context_data(self, **kwargs):
        name = self.model._meta.verbose_name
        title = _("New %s") % name if self.object is None else str(self.object)
        return super().get_context_data(title=title, kind=name, **kwargs)

    def form_valid(self, form):
        response = super().form_valid(form)
        messages.success(self.request, _("%s was saved.") % self.object)
        return response


class Create(Form, Rehearsed, CreateView):
    action = "add"


class Update(Form, Rehearsed, UpdateView):
    action = "change"


class Delete(LoginRequiredMixin, PermissionRequiredMixin, Rehearsed, DeleteView):
    """Asks, and says what would go with it."""

    template_name = "office/delete.html"

    def get_permission_required(self):
        return ["office.delete_%s" % self.model._meta.model_name]

    def post(self, request, *args, **kwargs):
        try:
            return super().post(request, *args, **kwargs)
        except ProtectedError as error:
            messages.error(request, _("%d others need it.") % len(error.protected_objects))
            return redirect(self.get_object())

    def get_success_url(self):
        messages.warning(self.request, _("%s was deleted.") % self.object)
        return reverse(self.model._meta.model_name + "-list")

    def get_context_data(self, **kwargs):
        related = []
        for relation in self.model._meta.related_objects:
            if relation.one_to_many:
                count = getattr(self.object, relation.get_accessor_name()).count()
                related.append((relation.related_model._meta.verbose_name_plural, count))
        return super().get_context_data(related=related, **kwargs)


# Departments

class DepartmentList(Listing):
    model, search = m.Department, ("name", "code")
    queryset = m.Department.objects.annotate(people=Count("employees"), pay=Sum("employees__salary")).order_by("name")


class DepartmentDetail(Detail):
    model = m.Department

    def get_context_data(self, **kwargs):
        people = self.object.employees.active().select_related("manager")
        pay = people.aggregate(mean=Avg("salary"), low=Min("salary"), high=Max("salary"))
        return super().get_context_data(people=people, pay=pay, **kwargs)


# Employees

class EmployeeList(Listing):
    model, search = m.Employee, ("first", "last", "email")
    queryset = m.Employee.objects.select_related("department", "manager")


class EmployeeDetail(Detail):
    model = m.Employee
    queryset = m.Employee.objects.select_related("department", "manager").with_hours()

    def get_context_data(self, **kwargs):
        tasks = self.object.tasks.open().select_related("project")[:8]
        kinds = self.object.expenses.values("kind").annotate(total=Sum("amount")).order_by("kind")
        leave = [(one, one.days) for one in self.object.leaves.all()]
        return super().get_context_data(
            tasks=tasks, kinds=kinds, leave=leave, days=sum(days for _, days in leave), **kwargs
        )


# Clients

class ClientList(Listing):
    model, search = m.Client, ("name", "city", "contacts__name")
    queryset = m.Client.objects.annotate(count=Count("projects")).order_by("name", "id").distinct()


class ClientDetail(Detail):
    model = m.Client
    queryset = m.Client.objects.prefetch_related("contacts", "projects__lead", "invoices__lines")

    def get_context_data(self, **kwargs):
        invoices = list(self.object.invoices.all())
        open_sum = sum(invoice.gross for invoice in invoices if invoice.state == "sent")
        return super().get_context_data(invoices=invoices, open_sum=open_sum, **kwargs)


# Contacts

class ContactList(Listing):
    model, search = m.Contact, ("name", "email", "client__name")
    queryset = m.Contact.objects.select_related("client")


class ContactDetail(Detail):
    model = m.Contact
    queryset = m.Contact.objects.select_related("client")

    def get_context_data(self, **kwargs):
        others = m.Contact.objects.filter(client=self.object.client).exclude(pk=self.object.pk)
        return super().get_context_data(others=others, **kwargs)


# Projects

class ProjectList(Listing):
    model, search, filter_class = m.Project, ("name", "code", "text"), forms.ProjectFilter
    queryset = m.Project.objects.select_related("client", "lead").prefetch_related("tags")

    def narrow(self, rows, values):
        return rows.filter(state__in=values["state"]) if values["state"] else rows


class ProjectDetail(Detail):
    model = m.Project
    queryset = m.Project.objects.select_related("client", "lead").prefetch_related("tags").with_hours()

    def get_context_data(self, **kwargs):
        tasks = self.object.tasks.select_related("assignee").annotate(spent=Sum("entries__hours"))
        states = {state: [] for state, _ in m.Task.STATES}
        for task in tasks:
            states[task.state].append(task)
        estimate = sum(task.estimate for task in tasks)
        return super().get_context_data(states=states, estimate=estimate, **kwargs)


# Tasks

class TaskList(Listing):
    model, search, filter_class = m.Task, ("title", "project__name"), forms.TaskFilter
    queryset = m.Task.objects.select_related("project", "assignee")

    def narrow(self, rows, values):
        if values["state"]:
            rows = rows.filter(state=values["state"])
        return rows if values["priority"] is None else rows.filter(priority__gte=values["priority"])


class TaskDetail(Detail):
    model = m.Task
    queryset = m.Task.objects.select_related("project__client", "assignee").prefetch_related("after", "before")

    def get_context_data(self, **kwargs):
        entries = self.object.entries.select_related("employee")
        by_person = {}
        for entry in entries:
            by_person[entry.employee] = by_person.get(entry.employee, 0) + entry.hours
        return super().get_context_data(entries=entries, by_person=by_person.items(), **kwargs)


# Invoices

class InvoiceList(Listing):
    model, search, filter_class = m.Invoice, ("number", "client__name"), forms.InvoiceFilter
    queryset = m.Invoice.objects.select_related("client").annotate(
        sum=Sum(ExpressionWrapper(F("lines__quantity") * F("lines__price"), DecimalField(max_digits=12, decimal_places=2)))
    ).order_by("-issued", "number")

    def narrow(self, rows, values):
        if values["year"]:
            rows = rows.filter(issued__year=values["year"])
        return rows.filter(state=values["state"]) if values["state"] else rows


class InvoiceDetail(Detail):
    model = m.Invoice
    queryset = m.Invoice.objects.select_related("client", "project").prefetch_related("lines")


# Expenses

class ExpenseList(Listing):
    model, search = m.Expense, ("note", "employee__last")
    queryset = m.Expense.objects.select_related("employee__department")


class ExpenseDetail(Detail):
    model = m.Expense
    queryset = m.Expense.objects.select_related("employee")

    def get_context_data(self, **kwargs):
        same = m.Expense.objects.filter(kind=self.object.kind)
        return super().get_context_data(
            mean=same.aggregate(mean=Avg("amount"))["mean"], dearer=same.filter(amount__gt=self.object.amount).count(), **kwargs
        )


# Assets

class AssetList(Listing):
    model, search = m.Asset, ("name", "serial")
    queryset = m.Asset.objects.select_related("owner")


class AssetDetail(Detail):
    model = m.Asset
    queryset = m.Asset.objects.select_related("owner")

    def get_context_data(self, **kwargs):
        day, values = self.object.bought, []
        for year in range(day.year, day.year + 7):
            day = day.replace(year=year, day=min(day.day, 28))
            values.append((year, self.object.value(day)))
        return super().get_context_data(values=values, **kwargs)


# Bookings

class BookingList(Listing):
    model, search = m.Booking, ("subject", "room__name", "employee__last")
    queryset = m.Booking.objects.select_related("room", "employee")


class BookingDetail(Detail):
    model = m.Booking
    queryset = m.Booking.objects.select_related("room", "employee__department")

    def get_context_data(self, **kwargs):
        same_day = m.Booking.objects.filter(room=self.object.room, day=self.object.day)
        return super().get_context_data(same_day=same_day.select_related("employee"), **kwargs)


# Leave

class LeaveList(Listing):
    model, search = m.Leave, ("employee__last", "employee__first")
    queryset = m.Leave.objects.select_related("employee")


class LeaveDetail(Detail):
    model = m.Leave
    queryset = m.Leave.objects.select_related("employee__manager")

    def get_context_data(self, **kwargs):
        away = m.Leave.objects.filter(
            employee__department=self.object.employee.department_id,
            first__lte=self.object.last, last__gte=self.object.first,
        ).exclude(pk=self.object.pk).select_related("employee")
        return super().get_context_data(away=away, **kwargs)


# Pages

class PageList(Listing):
    model, search, paginate_by = m.Page, ("title", "body"), 5
    queryset = m.Page.objects.select_related("author").prefetch_related("tags")


class PageDetail(Detail):
    model = m.Page
    queryset = m.Page.objects.select_related("author").prefetch_related("tags")

    def get_context_data(self, **kwargs):
        tags = self.object.tags.all()
        alike = m.Page.objects.filter(tags__in=tags).exclude(pk=self.object.pk).annotate(n=Count("id")).order_by("-n", "id")
        return super().get_context_data(alike=alike[:4], words=len(self.object.body.split()), **kwargs)


LISTS = [DepartmentList, EmployeeList, ClientList, ContactList, ProjectList, TaskList, InvoiceList, ExpenseList,
         AssetList, BookingList, LeaveList, PageList]
DETAILS = [DepartmentDetail, EmployeeDetail, ClientDetail, ContactDetail, ProjectDetail, TaskDetail, InvoiceDetail,
           ExpenseDetail, AssetDetail, BookingDetail, LeaveDetail, PageDetail]
FORMS = [forms.DepartmentForm, forms.EmployeeForm, forms.ClientForm, forms.ContactForm, forms.ProjectForm,
         forms.TaskForm, forms.InvoiceForm, forms.ExpenseForm, forms.AssetForm, forms.BookingForm, forms.LeaveForm,
         forms.PageForm]


def _forms(form):
    """The classes that add, change and delete one kind of record."""
    model = form._meta.model
    made = [type(model.__name__ + kind.__name__, (kind,), {"model": model, "form_class": form})
            for kind in (Create, Update)]
    return [*made, type(model.__name__ + "Delete", (Delete,), {"model": model})]


def views():
    """(name, list, detail, create, update, delete) of every kind of record."""
    for listing, detail, form in zip(LISTS, DETAILS, FORMS):
        yield (listing.model._meta.model_name, listing, detail, *_forms(form))
