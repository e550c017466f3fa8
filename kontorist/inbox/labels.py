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


def field(name: object) -> str:
    """What a field is called; an unknown one by its own name, readable."""
    text = str(name)
    return _FIELDS.get(text) or (text.replace("_", " ")[:1].upper() + text.replace("_", " ")[1:])


def word(name: object) -> str:
    """What a state, origin or decision is called."""
    return _WORDS.get(str(name), str(name))
