"""What the inbox calls fields, states and origins: English words, translated like every other text."""

from __future__ import annotations


def N_(message: str) -> str:  # noqa: N802 - the usual name: marks a message that is translated where it is shown
    """Mark a message for translation."""
    return message


_FIELDS = {
    "to": N_("To"),
    "cc": N_("Copy to"),
    "from": N_("From"),
    "subject": N_("Subject"),
    "body": N_("Text"),
    "text": N_("Text"),
    "attachments": N_("Attachments"),
    "folder": N_("Folder"),
    "flags": N_("Marks"),
    "invoice": N_("Invoice"),
    "document": N_("Document"),
    "vendor": N_("Creditor"),
    "vendor_name": N_("Creditor’s name"),
    "account": N_("Expense account"),
    "cost_center": N_("Cost centre"),
    "rows": N_("Postings"),
    "number": N_("Number"),
    "issue_date": N_("Date"),
    "due_date": N_("Due on"),
    "delivery_date": N_("Delivered on"),
    "order_reference": N_("Order"),
    "order_number": N_("Order number"),
    "seller": N_("Seller"),
    "buyer": N_("Buyer"),
    "currency": N_("Currency"),
    "net": N_("Net"),
    "tax": N_("VAT"),
    "gross": N_("Gross"),
    "payable": N_("Amount due"),
    "lines": N_("Lines"),
    "vat_breakdown": N_("VAT rates"),
    "iban": N_("IBAN"),
    "ibans": N_("IBAN"),
    "bic": N_("BIC"),
    "vat_id": N_("VAT id"),
    "name": N_("Name"),
    "street": N_("Street"),
    "postcode": N_("Postcode"),
    "city": N_("City"),
    "country": N_("Country"),
    "email": N_("E-mail"),
    "quantity": N_("Quantity"),
    "unit_price": N_("Unit price"),
    "rate": N_("Rate"),
    "base": N_("Base"),
    "table": N_("Table"),
    "values": N_("Values"),
    "path": N_("File"),
    "content": N_("Content"),
    "label": N_("Kind"),
    "document_name": N_("Name of the document"),
    "customer_number": N_("Customer number"),
    "customer_name": N_("Customer"),
    "customer_email": N_("Customer’s e-mail"),
    "contact": N_("Contact"),
    "phone": N_("Phone"),
    "language": N_("Language"),
    "payment_days": N_("Days to pay"),
    "payment_terms": N_("Terms of payment"),
    "ordered_on": N_("Ordered on"),
    "shipped_on": N_("Shipped on"),
    "expected_on": N_("Expected on"),
    "status": N_("Status"),
    "carrier": N_("Carrier"),
    "tracking_number": N_("Tracking number"),
    "total": N_("Total"),
    "amount": N_("Amount"),
    "paid": N_("Paid"),
    "open": N_("Open"),
    "invoice_date": N_("Invoice date"),
    "dunning_level": N_("Dunning level"),
    "last_dunned_on": N_("Last reminder"),
    "dunning_block": N_("Dunning block"),
    "attachment_names": N_("Names of the attachments"),
    "in_reply_to": N_("In reply to"),
    "quote": N_("Quote the mail"),
    "quoted": N_("Quoted below"),
    "references": N_("Conversation"),
    "message_id": N_("Message-ID"),
    "mail": N_("Mail"),
    "key": N_("Key"),
    "reference": N_("Reference"),
    "direct_debit": N_("Direct debit"),
    "profile": N_("Profile"),
    "line_total": N_("Sum of lines"),
    "tax_number": N_("Tax number"),
    "unit": N_("Unit"),
    "category": N_("Category"),
    "id": N_("No."),
    # DATEV's own names, shortened
    "Umsatz (ohne Soll/Haben-Kz)": "Umsatz",
    "Soll/Haben-Kennzeichen": "S/H",
    "Gegenkonto (ohne BU-Schlüssel)": "Gegenkonto",
}
_WORDS = {
    # states of actions and cases
    "proposed": N_("to decide"),
    "approved": N_("approved"),
    "claimed": N_("is being done"),
    "committing": N_("is being done"),
    "done": N_("done"),
    "refused": N_("refused outside"),
    "uncertain": N_("uncertain"),
    "rejected": N_("rejected"),
    "expired": N_("expired"),
    "withdrawn": N_("withdrawn"),
    "runnable": N_("in progress"),
    "waiting": N_("waits for a decision"),
    "unclear": N_("unclear"),
    "failed": N_("failed"),
    "closed": N_("closed"),
    # origins
    "sender": N_("from the sender"),
    "document": N_("from the document"),
    "erp": N_("from the ERP"),
    "model": N_("written by a model"),
    "template": N_("from a template"),
    "office": N_("set by the office"),
    "derived": N_("worked out"),
    # decisions
    "approve": N_("approved"),
    "reject": N_("rejected"),
    "resolve": N_("settled"),
    # kinds of steps
    "agent": N_("Agent"),
    "lookup": N_("Look-up"),
    "action": N_("Action"),
    "when": N_("Condition"),
    "use": N_("Flow"),
    "set": N_("Value"),
    "ask": N_("Question"),
    "stop": N_("End"),
    "each": N_("Loop"),
}


SAID = (
    # what the store says, word for word
    N_("This needs a word on how it was checked (a call back to the known number, for instance): write a comment."),
    N_("You composed this version yourself; with four eyes asked for, somebody else has to approve it."),
    N_("edited"),
    N_("taken back"),
    N_("decided again"),
    N_("did not happen; to be decided again"),
    # what the inbox says where something cannot be done
    N_("This card has changed since it was shown to you. Nothing was done; look at the new version and decide again."),
    N_("The form does not say which version was shown; look at the card again."),
    N_("There was nothing to decide on this page any more; look at the card again."),
    N_("A warning says stop: tick that you have checked it, and write how."),
    N_("Tick the cards that you have looked at."),
    N_("There is nobody to ask here: this did not come by mail."),
    N_("Write what you need to know."),
    N_("A new mail has come in this conversation; read it before you decide."),
    N_("This code is wrong or was used already. Wait for the next one."),
    N_("Give the token a name; twenty are the most there can be."),
    N_("The sign-in was not completed. Try again."),
    N_("The company's sign-in does not answer. Try again, or sign in with your password."),
    N_("The company's sign-in gave an answer that cannot be trusted. Try again."),
    N_("Your account is known, but nobody in office.yaml has its address. Ask your admin."),
    N_("You may not sign in here any more. Ask your admin."),
    N_("Give the filter a name."),
    N_("You have twenty filters already; remove one first."),
    N_("Say why it is rejected: the agents learn from it, and colleagues can see it."),
    N_("Choose the person or group who shall decide this."),
    N_("Say whether it happened, and how you know."),
    N_("You have changed nothing. Approve it as it is, or change something."),
    N_("This form is not from your current session. Go back, reload the page, and try again."),
    N_("This form is too old, or your browser keeps no cookies. Reload the page and try again."),
    N_("This question was answered already, or has changed. Look at the case again."),
    N_("Choose an answer, or fill in what is missing."),
    N_("Choose one of the answers."),
    N_("Say what became of it: others will look for it here."),
    N_("Something proposed for this case is for others to decide; hand it over, or ask them to close it."),
    N_("Only admins may press the stop button here."),
    N_("This page is for admins."),
    N_("This case has no such document."),
    N_("This document has no HTML."),
    # outcomes of the small things
    N_("yes"),
    N_("no"),
    # kinds of actions and where evidence stands
)


COLUMNS_FIRST = (
    "Umsatz (ohne Soll/Haben-Kz)", "Soll/Haben-Kennzeichen", "Konto", "Gegenkonto (ohne BU-Schlüssel)", "BU-Schlüssel",
    "Belegdatum", "Belegfeld 1", "Buchungstext", "id", "name", "quantity", "unit", "unit_price", "net",
)  # fmt: skip
"""Columns of tables inside payloads that people look at first; payloads themselves are sorted by name."""


def field(name: object) -> str:
    """What a field is called; an unknown one by its own name, readable."""
    text = str(name)
    return _FIELDS.get(text) or (text.replace("_", " ")[:1].upper() + text.replace("_", " ")[1:])


def word(name: object) -> str:
    """What a state, origin or decision is called."""
    return _WORDS.get(str(name), str(name))
