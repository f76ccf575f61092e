"""A small OpenID Connect provider made with Authlib, run as a process of its own by tests.

Beside what a provider does (discovery, keys, tokens for clients that show their secret) it does
what no provider would, under ``/test/``: sign what it is told to, change its key, misbehave.
"""

import json
import secrets
import sys
import time
import warnings
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, OAuth2Request  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.grants import ClientCredentialsGrant  # type: ignore[import-untyped]
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload  # type: ignore[import-untyped]
from authlib.oauth2.rfc9068 import JWTBearerTokenGenerator  # type: ignore[import-untyped]
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey

AUDIENCE = "https://lens.test/api"
CLIENT = "ward-7@hospital.test"
CLIENT_SECRET = "only for tests"  # noqa: S105 - it opens nothing
SCOPES = ("brainlens:predict", "brainlens:read", "brainlens:admin")

Answer = tuple[int, Any, list[tuple[str, str]]]


class Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """The one client."""

    def get_client_id(self) -> str:
        return CLIENT

    def get_allowed_scope(self, scope: str | None) -> str:
        return " ".join(word for word in (scope or "").split() if word in SCOPES)

    def check_client_secret(self, client_secret: str) -> bool:
        return secrets.compare_digest(client_secret, CLIENT_SECRET)

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "client_credentials"


class Provider(AuthorizationServer):  # type: ignore[misc]  # the same
    """Keys, tokens, and how it behaves at the moment."""

    def __init__(self, keys: Path) -> None:
        super().__init__(scopes_supported=SCOPES)
        self.issuer = ""
        self.asked: Counter[str] = Counter()
        self.mode = "well"
        self._file = keys
        if not keys.exists():
            self.rotate("RSA")
        self.register_grant(ClientCredentialsGrant)
        self.register_token_generator("default", self._access_token)

    @property
    def keys(self) -> KeySet:
        return KeySet.import_key_set(json.loads(self._file.read_text()))

    def rotate(self, kind: str) -> None:
        """Sign with a new key from now on, and forget the old one."""
        kid = secrets.token_hex(4)
        key = (
            RSAKey.generate_key(2048, {"kid": kid, "use": "sig", "alg": "RS256"})
            if kind == "RSA"
            else ECKey.generate_key("P-256", {"kid": kid, "use": "sig", "alg": "ES256"})
        )
        self._file.write_text(json.dumps(KeySet([key]).as_dict(private=True)))

    def sign(self, claims: dict[str, Any], header: dict[str, Any]) -> str:
        """Return a token of whatever claims."""
        (key,) = self.keys.keys
        return jwt.encode({"alg": key.alg, "kid": key.kid, **header}, claims, key)

    def _access_token(self, **asked: Any) -> dict[str, Any]:
        (key,) = self.keys.keys
        generator = JWTBearerTokenGenerator(self.issuer, key.alg)
        generator.get_jwks = lambda: self.keys
        generator.get_audiences = lambda *_: AUDIENCE
        token: dict[str, Any] = generator(**asked)
        return token

    # What Authlib asks of a framework.

    def query_client(self, client_id: str) -> Client | None:
        return Client() if client_id == CLIENT else None

    def save_token(self, token: dict[str, Any], request: OAuth2Request) -> None:
        """Keep nothing: a token says all there is to it."""

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Answer:
        return status, body, headers

    def send_signal(self, *_: Any, **__: Any) -> None:
        """Tell nobody."""

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer if self.mode != "foreign" else "https://other.test",
            "jwks_uri": f"{self.issuer}/jwks"
            if self.mode != "unsafe"
            else "http://other.test/jwks",
            "token_endpoint": f"{self.issuer}/token",
            "grant_types_supported": ["client_credentials"],
            "response_types_supported": [],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256", "ES256"],
        }


class Handler(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        self.provider.asked[self.path] += 1
        mode = self.provider.mode
        if self.path == "/test/asked":
            self._say(200, dict(self.provider.asked))
        elif mode == "fails":
            self._say(500, {})
        elif mode == "silent":
            time.sleep(60)
        elif mode == "long":
            self._say(200, {"keys": [], "more": "x" * 1_000_000})
        elif mode == "moved":
            self._say(302, {}, [("Location", "https://other.test/")])
        elif mode == "garbled":
            self._say(200, ["no object"])
        elif self.path == "/.well-known/openid-configuration":
            self._say(200, self.provider.described())
        elif self.path == "/jwks":
            self._say(200, self.provider.keys.as_dict(private=False))
        else:
            self._say(404, {})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        if self.path == "/token":
            request = OAuth2Request("POST", f"{self.provider.issuer}/token", None, self.headers)
            request.payload = BasicOAuth2Payload(dict(parse_qsl(body)))
            self._say(*self.provider.create_token_response(request))
            return
        told = json.loads(body)
        if self.path == "/test/sign":
            self._say(200, {"token": self.provider.sign(told["claims"], told["header"])})
        elif self.path == "/test/rotate":
            self.provider.rotate(told["kind"])
            self._say(200, {})
        else:
            self.provider.mode = told["mode"]
            self._say(200, {})

    def _say(self, status: int, body: Any, headers: list[tuple[str, str]] | None = None) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers or []:
            if name.lower() != "content-type":
                self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def main() -> None:
    """Serve on the port and with the key file of the command line; print the issuer."""
    warnings.simplefilter("ignore")
    port, keys = int(sys.argv[1]), Path(sys.argv[2])
    Handler.provider = Provider(keys)
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        Handler.provider.issuer = f"http://127.0.0.1:{server.server_port}"
        sys.stdout.write(Handler.provider.issuer + "\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
