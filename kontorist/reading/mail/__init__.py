"""Mails as they come: any charset, any structure, every attachment; the new text told from what is quoted."""

from kontorist.reading.mail.enclosed import Attachment
from kontorist.reading.mail.message import Address, Mail, digest_of, parse_mail
from kontorist.reading.mail.quotes import Split, split_reply

__all__ = ["Address", "Attachment", "Mail", "Split", "digest_of", "parse_mail", "split_reply"]
