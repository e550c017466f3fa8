"""An example of each filter, shown in the reference and run by the tests."""

from __future__ import annotations

EXAMPLES = {
    "date": "{{ today | date }}",
    "money": '{{ total | money("EUR") }}',
    "weekday": "{{ today | weekday }}",
    "days_until": "{{ order.expected_on | days_until(today) }}",
    "salutation": "{{ mail.from.name | salutation }}",
    "named": "{{ customer.email | named(customer.name) }}",
    "iban": "{{ vendor.iban | iban }}",
    "is_iban": "{{ vendor.iban | is_iban }}",
    "is_working_day": "{{ today | is_working_day('SH') }}",
    "add_working_days": "{{ today | add_working_days(3, 'SH') | date }}",
    "working_days_until": "{{ order.expected_on | working_days_until(today) }}",
    "holiday": "{{ order.expected_on | holiday }}",
    "similarity": "{{ vendor.name | similarity(mail.from.name) }}",
    "as_rows": "{{ lines | as_rows({'article_number': 'article', 'quantity': 'quantity'}, customer_number=customer.number) }}",
    "closest": "{{ (mail.from.name | closest(vendors, 0.8, 'name')).name }}",
}
