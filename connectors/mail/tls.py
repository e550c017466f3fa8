"""Encryption that verifies whom it talks to."""

from __future__ import annotations

import ssl

from connectors.mail.config import Access
from kontorist.core.errors import AccessDenied


def tls_context(access: Access) -> ssl.SSLContext:
    """TLS that verifies the server; an authority of the office's own may be named. Raises AccessDenied."""
    try:
        return ssl.create_default_context(cafile=access.ca_file)
    except OSError as error:
        raise AccessDenied(f"The certificate file {access.ca_file} cannot be read: {error.strerror or error}.") from error


def unproven(access: Access, error: ssl.SSLCertVerificationError) -> AccessDenied:
    """What a certificate that does not fit means for the admin."""
    return AccessDenied(
        f"The mail server {access.host} cannot prove who it is: {error.verify_message}. "
        "Mend 'host' in connections.yaml, or name the authority that signed its certificate as 'ca_file'."
    )
