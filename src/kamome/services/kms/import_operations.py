"""Operations on imported key material.

AWS: KMS Developer Guide, Importing key material; API Reference.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kamome.errors import OperationNotServed
from kamome.services.kms import imported_material, keys
from kamome.services.kms.errors import (
    ExpiredImportTokenException,
    IncorrectKeyMaterialException,
    InvalidImportTokenException,
    KMSInternalException,
    KMSInvalidStateException,
    UnsupportedOperationException,
    ValidationException,
)
from kamome.services.kms.imported_material import ImportToken
from kamome.services.kms.key_operations import name_of
from kamome.services.kms.limits import IMPORT_TOKEN_MS, IMPORTED_VALID_MS_MAX
from kamome.services.kms.materials import new_pair, public_part
from kamome.services.kms.slice import EXPIRE_KIND
from kamome.services.kms.store import Material

if TYPE_CHECKING:
    from kamome.context import RequestContext
    from kamome.services.kms import shapes
    from kamome.services.kms.slice import Kms
    from kamome.services.kms.store import Key
    from kamome.storage.outbox import Entry


async def get_parameters_for_import(
    kms: Kms, ctx: RequestContext, request: shapes.GetParametersForImportRequest
) -> shapes.GetParametersForImportResult:
    """A public key to encrypt key material under, and the token to send with it in 24 hours.

    The private key travels in the token, sealed under the root key: nothing is kept here.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key of the customer.
        UnsupportedOperationException: its origin is not EXTERNAL, or SM2 is asked for.
        KMSInvalidStateException: it is pending deletion.
        ValidationException: its material cannot be wrapped in that way.

    AWS: KMS API Reference, GetParametersForImport.
    """
    key = _importable(kms, ctx, request["KeyId"])
    keys.check_not_pending(key)
    algorithm, wrapping_spec = request["WrappingAlgorithm"], request["WrappingKeySpec"]
    if wrapping_spec == "SM2" or algorithm in ("SM2PKE", "RSAES_PKCS1_V1_5"):
        raise UnsupportedOperationException(f"{algorithm} with {wrapping_spec} is not supported.")
    if not imported_material.takes(algorithm, wrapping_spec, key.key_spec):
        raise ValidationException(
            f"Key material of {key.key_spec} cannot be wrapped by {algorithm} with {wrapping_spec}."
        )
    pair = await asyncio.to_thread(new_pair, wrapping_spec)
    valid_to_ms = kms.clock.now_ms() + IMPORT_TOKEN_MS
    token = ImportToken(valid_to_ms, algorithm, pair).octets()
    return {
        "KeyId": key.arn,
        "ImportToken": kms.root_key.wrap(token, _token_place(key)),
        "PublicKey": public_part(pair),
        "ParametersValidTo": valid_to_ms / 1000,
    }


async def import_key_material(
    kms: Kms, ctx: RequestContext, request: shapes.ImportKeyMaterialRequest
) -> shapes.ImportKeyMaterialResult:
    """Give a key its material, or the same again after it was deleted or has expired.

    What was said of it stays where nothing else is said.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key of the customer.
        UnsupportedOperationException: its origin is not EXTERNAL.
        KMSInvalidStateException: it is pending deletion.
        InvalidImportTokenException, ExpiredImportTokenException: the token.
        InvalidCiphertextException, IncorrectKeyMaterialException: the material.
        ValidationException: the moment at which it expires.
        OperationNotServed: second material for a symmetric key (NEW_KEY_MATERIAL).

    AWS: KMS API Reference, ImportKeyMaterial.
    """
    key = _importable(kms, ctx, request["KeyId"])
    keys.check_not_pending(key)
    valid_to_ms = _valid_to_ms(kms, request)
    token = _token(kms, key, request["ImportToken"])
    unwrapped = imported_material.unwrap(token, request["EncryptedKeyMaterial"])
    octets = imported_material.examined(unwrapped, key.key_spec)
    material_id = kms.root_key.fingerprint(octets, f"{key.name.account}/{key.name.key_id}")
    earlier = kms.store.materials(key.name, 0, 1)
    _check_same(earlier or _material_of_primary(kms, key), material_id, request)
    wrapped = kms.root_key.wrap(octets, keys.place_of(key.name, material_id))
    with kms.store.atomic():
        if earlier:
            kms.store.put_wrapped(key.name, material_id, wrapped)
        else:
            material = Material(material_id, 1, "", kms.clock.now_ms(), wrapped)
            kms.store.add_material(key.name, material)
        if key.is_symmetric and "KeyMaterialDescription" in request:
            description = request["KeyMaterialDescription"]
            kms.store.describe_material(key.name, material_id, description)
        kms.store.put(key._replace(material_id=material_id, valid_to_ms=valid_to_ms))
        if valid_to_ms is not None:
            payload = {**key.name._asdict(), "due_ms": valid_to_ms}
            kms.outbox.put(EXPIRE_KIND, payload, at_ms=valid_to_ms)
    result: shapes.ImportKeyMaterialResult = {"KeyId": key.arn}
    if key.is_symmetric:
        result["KeyMaterialId"] = material_id
    return result


async def delete_imported_key_material(
    kms: Kms, ctx: RequestContext, request: shapes.DeleteImportedKeyMaterialRequest
) -> shapes.DeleteImportedKeyMaterialResult:
    """Delete a key's material; the key waits for the same to be imported again.

    Raises:
        NotFoundException, InvalidArnException, AccessDeniedException: no such key of the customer.
        UnsupportedOperationException: its origin is not EXTERNAL.
        KMSInvalidStateException: it has no material, or not that of the id.

    AWS: KMS API Reference, DeleteImportedKeyMaterial.
    """
    key = _importable(kms, ctx, request["KeyId"])
    material_id = request.get("KeyMaterialId", key.material_id)
    if not key.material_id or material_id != key.material_id:
        raise KMSInvalidStateException(f"{key.arn} has no such key material.")
    _drop(kms, key)
    result: shapes.DeleteImportedKeyMaterialResult = {"KeyId": key.arn}
    if key.is_symmetric:
        result["KeyMaterialId"] = material_id
    return result


def expire_material(kms: Kms, entry: Entry) -> None:
    """The moment at which imported material expires, unless it was imported anew.

    AWS: KMS Developer Guide, Setting an expiration time.
    """
    key = kms.store.key(name_of(entry))
    if key is not None and key.material_id and key.valid_to_ms == entry.payload["due_ms"]:
        _drop(kms, key)


def _drop(kms: Kms, key: Key) -> None:
    with kms.store.atomic():
        kms.store.put_wrapped(key.name, key.material_id, b"")
        kms.store.put(key._replace(material_id="", valid_to_ms=None))


def _importable(kms: Kms, ctx: RequestContext, key_id: str) -> Key:
    key = keys.find_managed_by_customer(kms, ctx, key_id)
    if key.origin != "EXTERNAL":
        raise UnsupportedOperationException(
            f"{key.arn} origin is {key.origin} which is not valid for this operation."
        )
    return key


def _token(kms: Kms, key: Key, sealed: bytes) -> ImportToken:
    try:
        octets = kms.root_key.unwrap(sealed, _token_place(key))
    except KMSInternalException:
        raise InvalidImportTokenException("The import token is not valid.") from None
    token = imported_material.read_token(octets)
    if token.valid_to_ms <= kms.clock.now_ms():
        raise ExpiredImportTokenException("The import token is expired.")
    return token


def _token_place(key: Key) -> str:
    """What a token is bound to: it serves one key, and is no material of it."""
    return f"import token/{key.arn}"


def _valid_to_ms(kms: Kms, request: shapes.ImportKeyMaterialRequest) -> int | None:
    model = request.get("ExpirationModel", "KEY_MATERIAL_EXPIRES")
    if (model == "KEY_MATERIAL_EXPIRES") != ("ValidTo" in request):
        raise ValidationException("ValidTo belongs to ExpirationModel KEY_MATERIAL_EXPIRES.")
    if "ValidTo" not in request:
        return None
    valid_to_ms, now_ms = round(request["ValidTo"] * 1000), kms.clock.now_ms()
    if not now_ms < valid_to_ms <= now_ms + IMPORTED_VALID_MS_MAX:
        raise ValidationException("ValidTo must be in the future, and within 365 days.")
    return valid_to_ms


def _material_of_primary(kms: Kms, key: Key) -> list[Material]:
    """What a replica must be given: the material of its primary key."""
    if not key.is_replica:
        return []
    found = kms.store.materials(key.name._replace(region=key.primary_region), 0, 1)
    if not found:
        raise IncorrectKeyMaterialException("Import the key material into the primary key first.")
    return found


def _check_same(
    earlier: list[Material], material_id: str, request: shapes.ImportKeyMaterialRequest
) -> None:
    """A key has one material here; what comes again must be the same."""
    if not earlier:
        if request.get("ImportType") == "EXISTING_KEY_MATERIAL":
            raise IncorrectKeyMaterialException("No key material was ever imported into the key.")
        return
    if request.get("ImportType") == "NEW_KEY_MATERIAL":
        raise OperationNotServed(
            "A second key material for rotation (ImportType NEW_KEY_MATERIAL) is not served by"
            " Kamome."
        )
    expected = request.get("KeyMaterialId", earlier[0].material_id)
    if not material_id == expected == earlier[0].material_id:
        raise IncorrectKeyMaterialException(
            "The key material is not the same as was imported before."
        )
