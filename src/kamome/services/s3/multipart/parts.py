"""Rules of parts: which make the object, its ETag, its checksum.

AWS: S3 User Guide, Uploading and copying objects using multipart upload; Checking object integrity
in Amazon S3, Full object and composite checksums for multipart uploads.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence

from kamome.services.s3.bodies.checksums import (
    DEFAULT_ALGORITHM,
    FULL_OBJECT,
    checksum_member,
    new_digest,
)
from kamome.services.s3.bodies.crc_combination import CRC_POLYNOMIALS, combined_crc
from kamome.services.s3.errors import (
    BadDigest,
    EntityTooLarge,
    EntityTooSmall,
    InvalidPart,
    InvalidPartOrder,
    InvalidRequest,
    MalformedXML,
)
from kamome.services.s3.limits import OBJECT_BYTES_MAX, PART_BYTES_MIN, PART_NUMBER_MAX
from kamome.services.s3.multipart.upload_store import StoredPart, StoredUpload
from kamome.services.s3.store import BodyPart

COMPOSITE = "COMPOSITE"


def upload_checksum(algorithm: str | None, kind: str | None) -> tuple[str, str]:
    """Algorithm and type of an upload's checksum; the algorithm is empty where none was chosen.

    CRC64NVME is always of the whole object; SHA and MD5 cannot be; the other CRCs may be both, and
    are composite where nothing is said.

    Raises:
        InvalidRequest: a type without algorithm, or one that the algorithm does not have.

    AWS: S3 User Guide, Checking object integrity, Supported checksum algorithms and types.
    """
    if algorithm is None:
        if kind is not None:
            raise InvalidRequest(
                "The x-amz-checksum-type header can only be used with the x-amz-checksum-algorithm"
                " header."
            )
        return "", FULL_OBJECT
    can_be_whole = algorithm in CRC_POLYNOMIALS
    can_be_composite = algorithm != DEFAULT_ALGORITHM
    chosen = kind or (COMPOSITE if can_be_composite else FULL_OBJECT)
    if (chosen == FULL_OBJECT and not can_be_whole) or (
        chosen == COMPOSITE and not can_be_composite
    ):
        raise InvalidRequest(
            f"The {chosen} checksum type cannot be used with the {algorithm.lower()} checksum"
            " algorithm."
        )
    return algorithm, chosen


def chosen_parts(
    named: Sequence[Mapping[str, object]], present: Sequence[StoredPart], upload: StoredUpload
) -> list[StoredPart]:
    """The parts that a CompleteMultipartUpload names.

    Raises:
        MalformedXML: none is named, more than 10,000, or one without number or ETag.
        InvalidPartOrder: the numbers do not rise.
        InvalidPart: one is not there, its ETag or its checksum is another.

    AWS: S3 API Reference, CompleteMultipartUpload, InvalidPart and InvalidPartOrder.
    """
    if not 1 <= len(named) <= PART_NUMBER_MAX:
        raise MalformedXML
    by_number = {part.part_number: part for part in present}
    chosen: list[StoredPart] = []
    last = 0
    for each in named:
        number, etag = each.get("PartNumber"), each.get("ETag")
        if not isinstance(number, int) or not isinstance(etag, str):
            raise MalformedXML
        if number <= last:
            raise InvalidPartOrder(upload.upload_id)
        last = number
        part = by_number.get(number)
        if part is None or part.etag != etag.strip().strip('"'):
            raise InvalidPart(upload.upload_id, number, etag)
        checksum = each.get(checksum_member(upload.checksum_algorithm or DEFAULT_ALGORITHM))
        if checksum not in (None, part.checksum):
            raise InvalidPart(upload.upload_id, number, etag)
        if checksum is None and upload.checksum_type == COMPOSITE:
            raise InvalidRequest(
                f"The upload was created using a {upload.checksum_algorithm.lower()} checksum. The"
                " complete request must include the checksum for each part. It was missing for"
                f" part {number} in the request."
            )
        chosen.append(part)
    return chosen


def check_size(parts: Sequence[StoredPart], announced: int | None, upload_id: str) -> int:
    """The size of the object.

    Raises:
        EntityTooSmall: a part other than the last has less than 5 MiB.
        EntityTooLarge: the object is larger than any may be.
        InvalidRequest: it is not the announced size.

    AWS: S3 User Guide, Amazon S3 multipart upload limits.
    """
    for part in parts[:-1]:
        if part.size < PART_BYTES_MIN:
            raise EntityTooSmall(part.size, PART_BYTES_MIN, part.part_number, part.etag)
    size = sum(part.size for part in parts)
    if size > OBJECT_BYTES_MAX:
        raise EntityTooLarge(size, OBJECT_BYTES_MAX)
    if announced not in (None, size):
        raise InvalidRequest(
            f"The provided 'x-amz-mp-object-size' header value {announced} does not match what was"
            f" computed: {size}"
        )
    return size


def composite_etag(parts: Sequence[StoredPart]) -> str:
    """The MD5 of the parts' MD5s, and how many they are.

    AWS: S3 User Guide, Checking object integrity, Content-MD5 and ETag of multipart uploads.
    """
    md5 = hashlib.md5(usedforsecurity=False)
    for part in parts:
        md5.update(bytes.fromhex(part.etag))
    return f"{md5.hexdigest()}-{len(parts)}"


def assembled(
    upload: StoredUpload, parts: Sequence[StoredPart], request: Mapping[str, object]
) -> tuple[str, str]:
    """The object's checksum (base64; composite ones end in `-N`) and its type.

    A checksum of the whole object follows from those of the parts: CRCs can be combined.

    Raises:
        InvalidRequest: the request says another type than the upload has.
        BadDigest: the request says another checksum.

    AWS: S3 User Guide, Checking object integrity, Full object and composite checksums.
    """
    algorithm = upload.checksum_algorithm or DEFAULT_ALGORITHM
    kind = upload.checksum_type
    if request.get("ChecksumType", kind) != kind:
        raise InvalidRequest(
            f"The upload was created using the {kind} checksum mode. The complete request must use"
            " the same checksum mode."
        )
    digests = [base64.b64decode(part.checksum) for part in parts]
    if kind == COMPOSITE:
        outer = new_digest(algorithm)
        outer.update(b"".join(digests))
        checksum = f"{base64.b64encode(outer.digest()).decode()}-{len(parts)}"
    else:
        sized = zip(digests, (part.size for part in parts), strict=True)
        checksum = base64.b64encode(combined_crc(algorithm, sized)).decode()
    announced = request.get(checksum_member(algorithm))
    if announced is not None and str(announced).partition("-")[0] != checksum.partition("-")[0]:
        raise BadDigest(f"The {algorithm} you specified did not match the calculated checksum.")
    return checksum, kind


def body_parts(parts: Sequence[StoredPart]) -> list[BodyPart]:
    """The parts as the object's body has them: numbered anew from 1, without gaps.

    AWS: S3 API Reference, GetObject, partNumber (parts are counted as they follow).
    """
    found: list[BodyPart] = []
    first = 0
    for number, part in enumerate(parts, start=1):
        found.append(BodyPart(number, first, part.size, part.body_id, part.checksum))
        first += part.size
    return found
