"""XML from strangers: no document type, no entities, no network, a size cap."""

from __future__ import annotations

from typing import Any

from kontorist.core.errors import NotReadable

MAX_BYTES = 10 * 1024 * 1024
_XSLT = "http://www.w3.org/1999/XSL/Transform"
_XSD = "http://www.w3.org/2001/XMLSchema"


def parse_xml(data: bytes) -> Any:
    """The root element (lxml) of a document. Raises NotReadable when it is broken, too large or tries something.

    Programs (XSLT) and schemas are refused as well: none of the documents that are read here is one.
    """
    if len(data) > MAX_BYTES:
        raise NotReadable(f"The XML is larger than {MAX_BYTES // 2**20} MB.")
    _refuse_doctype(data)
    root = _parsed(data)
    if root.getroottree().docinfo.doctype:
        raise NotReadable("The XML has a document type declaration, which invoices never have and attacks need.")
    if str(root.tag).startswith((f"{{{_XSLT}}}", f"{{{_XSD}}}")):
        raise NotReadable("The XML is a program or a schema, not a document.")
    return root


def _parsed(data: bytes) -> Any:
    from lxml import etree

    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_pis=True,
        remove_comments=True,  # `1<!-- -->19.00` is 119.00
    )
    try:
        return etree.fromstring(data.lstrip(b" \t\r\n"), parser)  # gateways put blank lines before the declaration
    except etree.XMLSyntaxError as error:
        raise NotReadable(f"The XML is broken in line {error.lineno or 1}; get the file again.") from error
    except ValueError as error:
        raise NotReadable("The XML is broken; get the file again.") from error


def _refuse_doctype(data: bytes) -> None:
    """Before the parser sees it, so that no entity is even declared; in any encoding that lxml would detect."""
    flat = data.replace(b"\x00", b"")
    if b"<!DOCTYPE" in flat or b"<!ENTITY" in flat:
        raise NotReadable("The XML has a document type declaration, which invoices never have and attacks need.")
