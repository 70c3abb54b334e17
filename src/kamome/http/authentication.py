"""Who a caller is: access keys, accounts, and whether signatures are enforced."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec

from kamome.clock import Clock
from kamome.http import errors, form_signature
from kamome.http.credential import Credential, family_of, parse
from kamome.http.signing_time import check_lifetime
from kamome.http.sigv4 import Seed, verify
from kamome.wire import HttpRequest

_ACCOUNT_DIGITS = 12


class AccessKey(msgspec.Struct, frozen=True):
    """A secret and the account it belongs to."""

    secret: str
    account: str


class Authentication:
    """Reads credentials; verifies signatures when they are enforced.

    Without enforcement any key is taken: a 12-digit access key is its own account, any other means
    the default account. What is presigned expires all the same.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        is_enforced: bool,
        default_account: str,
        find_key: Callable[[str], AccessKey | None],
    ) -> None:
        self.is_enforced = is_enforced
        self._clock = clock
        self._default_account = default_account
        self._find_key = find_key

    def read(self, request: HttpRequest) -> Credential | None:
        """The credential of a request, unverified."""
        return parse(request)

    def verify(
        self, request: HttpRequest, credential: Credential | None, signing_name: str
    ) -> Seed | None:
        """Check the signature where that is asked for; None where it is not.

        `signing_name` is the service that the call is for.

        Raises:
            AwsError: with the code that the service uses for a missing, unknown, wrong or expired
                signature, or one that is scoped to another service.
        """
        if not self.is_enforced:
            if credential is not None and credential.expires:
                check_lifetime(credential, family_of(request, signing_name), self._moments())
            return None
        family = family_of(request, signing_name)
        if credential is None:
            raise errors.missing_authentication(family)
        if credential.service != signing_name:
            raise errors.wrong_service(family, credential.service, signing_name)
        key = self._find_key(credential.access_key)
        if key is None:
            raise errors.unknown_access_key(family, credential.access_key)
        if credential.security_token:
            raise errors.invalid_token(family, credential.security_token)
        return verify(request, credential, key.secret, now_ms=self._moments())

    def _moments(self) -> tuple[int, int]:
        """What counts as now: for who signs by the machine's time, and by the server's."""
        return self._clock.real_now_ms(), self._clock.now_ms()

    def verify_form(self, fields: Mapping[str, str]) -> Credential | None:
        """Who signed the policy of an S3 form; None where nobody did. See `form_signature`.

        Raises:
            AwsError: where signatures are enforced and this one is missing, unknown or wrong.
        """
        credential = form_signature.parse(fields)
        if not self.is_enforced:
            return credential
        if credential is None:
            raise errors.missing_authentication("s3")
        key = self._find_key(credential.access_key)
        if key is None:
            raise errors.unknown_access_key("s3", credential.access_key)
        if credential.security_token:
            raise errors.invalid_token("s3", credential.security_token)
        form_signature.verify(fields["policy"], credential, key.secret)
        return credential

    def account_of(self, credential: Credential | None) -> str:
        """The account of a caller."""
        if credential is None:
            return self._default_account
        key = self._find_key(credential.access_key)
        if key is not None:
            return key.account
        name = credential.access_key
        if len(name) == _ACCOUNT_DIGITS and name.isascii() and name.isdigit():
            return name
        return self._default_account
