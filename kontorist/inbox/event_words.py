"""What the events of the audit chain are called."""

from __future__ import annotations

from kontorist.inbox.labels import N_

EVENTS = {
    "action.proposed": N_("prepared the action"),
    "action.approved": N_("approved the action"),
    "action.rejected": N_("rejected the action"),
    "action.redrafted": N_("rejected the action for a new draft"),
    "action.edited": N_("edited the action"),
    "action.done": N_("action done"),
    "action.refused": N_("action refused outside"),
    "action.uncertain": N_("action uncertain"),
    "action.postponed": N_("action put off"),
    "action.taken-back": N_("action taken back"),
    "action.assigned": N_("handed over"),
    "action.voided": N_("to be decided anew"),
    "action.withdrawn": N_("withdrawn"),
    "action.resolved": N_("settled by a person"),
    "action.looked-up": N_("looked up outside"),
    "action.resumed": N_("to be decided without the answer"),
    "action.parked": N_("rests until an answer"),
    "action.undelivered": N_("came back undelivered"),
    "action.late-report": N_("late report of a worker"),
    "case.taken-in": N_("case taken in"),
    "case.done": N_("case done"),
    "case.closed": N_("case closed"),
    "case.failed": N_("case failed"),
    "case.unclear": N_("case unclear"),
    "case.answered": N_("case answered"),
    "case.retried": N_("case tried again"),
    "case.again": N_("case processed again"),
    "case.parked": N_("rests until an answer"),
    "case.resumed": N_("case goes on"),
    "case.late-report": N_("late report of a worker"),
    "office.stops": N_("stop button"),
    "person.password-set": N_("password set"),
    "person.disabled": N_("person locked out"),
    "person.signed-in": N_("signed in"),
    "person.sessions-ended": N_("sessions ended"),
    "person.locked": N_("locked after wrong passwords"),
    "person.token-made": N_("token made"),
    "person.token-ended": N_("token ended"),
    "person.second-factor": N_("second factor set"),
    "case.restricted": N_("processing restricted"),
    "case.emptied": N_("contents removed"),
    "case.moved-on": N_("case goes on with the new version"),
    "action.given-back": N_("put back by a worker"),
    "office.adopted": N_("office taken over"),
    "office.retention": N_("retention carried out"),
    "office.moved": N_("office moved"),
    "office.stayed": N_("move broken off"),
    "flow.changed": N_("flow changed"),
    "flow.approved": N_("flow approved"),
    "example.removed": N_("example removed"),
}


def happened(kind: object) -> str:
    """What an event is called; an unknown one by its own name."""
    return EVENTS.get(str(kind), str(kind))
