"""Signing in with the company's own account (OpenID Connect: Entra ID, Keycloak and others)."""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from kontorist.core.errors import AccessDenied, NotFound, Unavailable
from kontorist.core.office import Oidc
from kontorist.inbox.desk import Desk, TheDesk
from kontorist.inbox.sign_in import agent_of, let_in, safe_path, sign_in_page
from kontorist.store import people

router = APIRouter()
_COOKIE = "kontorist_oidc"
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]
"""No HMAC and no `none`: the key that signs is the provider's alone."""


@router.get("/sign-in/oidc")
def begin(request: Request, desk: TheDesk, to: str = "/") -> Response:
    """Over to the company's sign-in page, with what has to come back from there."""
    settings = _settings(desk)
    begun = {"nonce": secrets.token_urlsafe(24), "verifier": secrets.token_urlsafe(48), "to": safe_path(to)}
    with _client(settings, request) as client:
        url, begun["state"] = client.create_authorization_url(
            _provider(settings)["authorization_endpoint"], nonce=begun["nonce"], code_verifier=begun["verifier"]
        )
    response = RedirectResponse(url, 303)
    secure = request.url.scheme == "https"
    response.set_cookie(_COOKIE, json.dumps(begun), max_age=600, httponly=True, samesite="lax", secure=secure, path="/sign-in")
    return response


@router.get("/sign-in/oidc/back")
def back(request: Request, desk: TheDesk) -> Response:
    """Back from the company's sign-in page: a session for the person whose address it vouches for."""
    settings = _settings(desk)
    try:
        begun = _begun(request)
        name = _person(desk, settings, _claims(request, settings, begun))
        session = _enter(desk, name, agent_of(request))
    except AccessDenied as error:
        response = sign_in_page(request, desk, "/", str(error), status=403)
    else:
        response = let_in(request, desk, session, str(begun["to"]))
    response.delete_cookie(_COOKIE, path="/sign-in")
    return response


def _enter(desk: Desk, name: str, agent: str) -> people.Session:
    with desk.database.write() as connection:
        session = people.enter(connection, name, agent, "oidc")
    if session is None:
        raise AccessDenied("You may not sign in here any more. Ask your admin.")
    return session


def _settings(desk: Desk) -> Oidc:
    if desk.office.settings.oidc is None:
        raise NotFound("This office signs in with name and password.")
    return desk.office.settings.oidc


def _begun(request: Request) -> Mapping[str, str]:
    """What this browser began. Raises AccessDenied for an answer to a question that it did not ask."""
    try:
        begun: dict[str, str] = json.loads(request.cookies.get(_COOKIE, ""))
        fits = hmac.compare_digest(begun["state"].encode(), request.query_params.get("state", "").encode())
    except (ValueError, KeyError, TypeError, AttributeError):
        fits = False
    if not fits or request.query_params.get("error"):
        raise AccessDenied("The sign-in was not completed. Try again.")
    return begun


def _client(settings: Oidc, request: Request) -> Any:
    from authlib.integrations.httpx_client import OAuth2Client

    back_to = settings.back or str(request.url_for("back"))
    return OAuth2Client(
        settings.client_id, settings.client_secret, scope="openid email profile", redirect_uri=back_to, code_challenge_method="S256", timeout=10
    )  # fmt: skip


def _get(url: str) -> Any:
    import httpx

    try:
        answer = httpx.get(url, timeout=10).raise_for_status()
        return answer.json()
    except (httpx.HTTPError, ValueError) as error:
        raise Unavailable("The company's sign-in does not answer. Try again, or sign in with your password.") from error


def _provider(settings: Oidc) -> Mapping[str, Any]:
    found: Mapping[str, Any] = _get(settings.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if str(found.get("issuer", "")).rstrip("/") != settings.issuer.rstrip("/"):
        raise Unavailable("The company's sign-in says another name than `oidc.issuer` of office.yaml.")
    return found


def _claims(request: Request, settings: Oidc, begun: Mapping[str, str]) -> Mapping[str, Any]:
    """What the provider vouches for, its signature checked. Raises AccessDenied."""
    import httpx
    from authlib.integrations.base_client import OAuthError
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    provider = _provider(settings)
    try:
        with _client(settings, request) as client:
            token = client.fetch_token(
                provider["token_endpoint"], code=request.query_params.get("code", ""), code_verifier=begun["verifier"]
            )
        keys = KeySet.import_key_set(_get(provider["jwks_uri"]))
        claims = jwt.decode(token.get("id_token", ""), keys, algorithms=_ALGORITHMS).claims
        jwt.JWTClaimsRegistry(
            leeway=60,
            iss={"essential": True, "value": provider["issuer"]},
            aud={"essential": True, "value": settings.client_id},
            exp={"essential": True},
            nonce={"essential": True, "value": begun["nonce"]},
        ).validate(claims)
    except (OAuthError, JoseError, ValueError, httpx.HTTPError) as error:
        raise AccessDenied("The company's sign-in gave an answer that cannot be trusted. Try again.") from error
    found: Mapping[str, Any] = claims
    return found


def _person(desk: Desk, settings: Oidc, claims: Mapping[str, Any]) -> str:
    """The person in office.yaml with this address. Raises AccessDenied."""
    address = str(claims.get(settings.claim) or "").casefold()
    # Entra ID sends no `email_verified`, so a missing one must not shut anybody out: the office trusts its own provider with its addresses.
    # One that says false, some as a text, is believed.
    verified = settings.claim != "email" or str(claims.get("email_verified")).casefold() != "false"
    known = [n for n, p in desk.office.settings.people.items() if p.email and p.email.casefold() == address]
    if not address or not verified or len(known) != 1:
        raise AccessDenied("Your account is known, but nobody in office.yaml has its address. Ask your admin.")
    return known[0]
