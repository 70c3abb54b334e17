"""The CRC of a whole from the CRCs and lengths of its parts.

A CRC is linear: appending n zero bytes to a message multiplies its CRC by x^(8n) modulo the
polynomial, and the CRC of two messages in a row is that of the first moved so, plus that of the
second. Powers are taken by squaring, so a part costs some dozens of multiplications.

Ross Williams, A Painless Guide to CRC Error Detection Algorithms; polynomials: IEEE 802.3 (CRC32),
RFC 3720 §12.1 (CRC32C), NVM Express NVM Command Set §5.2.1.3.4 (CRC64NVME).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

# Bit-reflected, without the highest term: algorithm -> (width in bits, polynomial).
CRC_POLYNOMIALS: Mapping[str, tuple[int, int]] = {
    "CRC32": (32, 0xEDB88320),
    "CRC32C": (32, 0x82F63B78),
    "CRC64NVME": (64, 0x9A6C9329AC4BC9B5),
}


def combined_crc(algorithm: str, parts: Iterable[tuple[bytes, int]]) -> bytes:
    """The CRC of bodies one behind the other, from the CRC (big-endian) and size of each."""
    width, polynomial = CRC_POLYNOMIALS[algorithm]
    whole = 0
    for digest, size in parts:
        shifted = _product(whole, _zeros(size, width, polynomial), width, polynomial)
        whole = shifted ^ int.from_bytes(digest, "big")
    return whole.to_bytes(width // 8, "big")


def _zeros(size: int, width: int, polynomial: int) -> int:
    """x^(8 size) modulo the polynomial."""
    power = 1 << (width - 1 - 8)  # x^8, as the highest bit is x^0
    result = 1 << (width - 1)  # x^0
    while size:
        if size & 1:
            result = _product(result, power, width, polynomial)
        power = _product(power, power, width, polynomial)
        size >>= 1
    return result


def _product(one: int, other: int, width: int, polynomial: int) -> int:
    """The product of two polynomials modulo the CRC's, all bit-reflected."""
    product = 0
    for bit in range(width - 1, -1, -1):
        if one >> bit & 1:
            product ^= other
        other = (other >> 1) ^ (polynomial if other & 1 else 0)
    return product
