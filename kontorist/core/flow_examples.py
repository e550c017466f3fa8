"""For each part of the flow language a whole flow that shows every key of it; the reference prints them, the tests check them."""

EXAMPLES: dict[str, str] = {
    "flow": """\
title: Lieferauskunft
description: Answers "where is my order?"
trigger:
  mail: {connection: mailbox, folder: INBOX}
parameters: {greeting: Guten Tag}
model: built-in
visible_to: [service, office-lead]
unclear: {by: service, due: 1d, escalate: office-lead}
steps:
  - ask: "{{ greeting }}, who is this for? {{ mail.subject }}"
""",
    "trigger mail": """\
trigger:
  mail: {connection: mailbox, folder: INBOX}
steps: [{stop: "{{ mail.subject }}"}]
""",
    "trigger file": """\
trigger:
  file: {connection: scans, pattern: "*.pdf"}
steps: [{stop: "{{ file.name }}"}]
""",
    "trigger rows": """\
trigger:
  rows: {connection: erp, table: orders}
steps: [{stop: "{{ row.number }}"}]
""",
    "trigger webhook": """\
trigger:
  webhook: {connection: shop, id: delivery, schema: {type: object, required: [delivery]}}
steps: [{stop: "{{ webhook }}"}]
""",
    "trigger schedule": """\
trigger:
  schedule: "0 7 * * 1-5"
steps: [{stop: "{{ scheduled | date('de') }}"}]
""",
    "trigger upload": """\
trigger:
  upload: {pattern: "*.pdf", max_size: 10485760}
steps: [{stop: "{{ file.name }}"}]
""",
    "trigger after": """\
trigger:
  after: {flow: invoice-intake, state: done}
steps: [{stop: "{{ before }}"}]
""",
    "agent": """\
steps:
  - id: topic
    agent: classify
    text: "{{ mail.subject }}\\n{{ mail.new_text }}"
    labels:
      order: {means: asks where an order is, examples: ["Wo bleibt meine Bestellung?"]}
      other: {means: anything else}
    model: built-in
    retry: {times: 3, wait: 1m}
    on_error: ask
""",
    "lookup": """\
steps:
  - id: open
    lookup: erp.orders
    where: {customer_email: "{{ mail.from.address }}"}
    many: true
    if_missing: stop
    retry: {times: 5, wait: 30s}
    on_error: continue
""",
    "action": """\
steps:
  - id: reply
    action: mailbox.reply
    with: {to: "{{ mail.from.address }}", subject: "Re: {{ mail.subject }}", body: Vielen Dank.}
    approve: {by: service, due: 4h}
    if_rejected: continue
    retry: {times: 3, wait: 5m}
    on_error: fail
  - id: wanted
    agent: extract
    text: "{{ mail.new_text }}"
    fields: {other_address: {type: email, required: true}}
  - action: mailbox.send
    with: {to: "{{ wanted.other_address }}", subject: Ihre Anfrage, body: Vielen Dank.}
    approve: {by: service}
    recipient_from: content             # declared: the mail itself says who gets this
    amount: "{{ 100 + 19 }}"             # for the list, where the payload itself names none
    unpaid: {party: "10004", numbers: [R26-3091]}   # a payment to one of them is told on the card
""",
    "when": """\
steps:
  - id: which
    when: mail.automatic or "newsletter" in mail.subject | lower
    steps:
      - stop: Nothing to do.
    otherwise:
      - ask: Please look at this mail.
    on_error: ask
    retry: {times: 1}
""",
    "each": """\
steps:
  - id: orders
    lookup: erp.orders
    where: {customer_email: "{{ mail.from.address }}"}
    many: true
  - id: lines
    each: orders
    as: order
    steps:
      - set: {said: "{{ order.number }}: {{ order.status }}"}
    on_error: ask
    retry: {times: 1}
""",
    "use": """\
steps:
  - id: answered
    use: order-status
    with: {}
    on_error: ask
    retry: {times: 1}
""",
    "set": """\
steps:
  - id: values
    set: {days: 14, until: "{{ today | add_working_days(3) }}"}
    on_error: fail
    retry: {times: 1}
""",
    "stop": """\
steps:
  - when: mail.automatic
    steps:
      - {id: ended, stop: An automatic message; nothing to do., on_error: fail, retry: {times: 0}}
""",
    "wait": """\
steps:
  - id: pause
    wait: 3d
    on_error: fail
    retry: {times: 1}
  - wait: "{{ today | add_working_days(2) }}"
""",
    "ask": """\
steps:
  - when: mail.automatic
    steps:
      - {id: person, ask: "Please look at {{ mail.subject }}.", on_error: fail, retry: {times: 0}}
  - ask: "Please send {{ mail.from.name }} a quote."
    by: sales                           # it stands in their list, and only they close it; without `by`: whoever takes it
    due: 2d
    escalate: management                # overdue: theirs, too
""",
    "approve": """\
steps:
  - id: reply
    action: mailbox.reply
    with: {to: "{{ mail.from.address }}", subject: "Re: {{ mail.subject }}", body: Vielen Dank.}
    approve: {by: [service, office-lead], count: "{{ 2 if mail.automatic else 1 }}", due: 4h, escalate: management, expires: 3d}
  - action: mailbox.move
    with: {folder: Erledigt}
    approve: {together_with: reply}     # one card, one decision, two records
""",
    "retry": """\
steps:
  - lookup: erp.orders
    where: {number: "47001"}
    retry: {times: 5, wait: 30s}        # after 30 s, 1 min, 2 min, 4 min, 8 min
""",
}
