// SPDX-License-Identifier: MIT
// CRC-32 of bytes.
#pragma once

#include <cstddef>
#include <cstdint>

namespace svgen {

/// The CRC-32 of ISO 3309 (polynomial 0x04C11DB7 reflected, as in zip and PNG) over `bytes`
/// behind data whose checksum is `before`.
uint32_t crc32(const void* bytes, size_t count, uint32_t before = 0);

}  // namespace svgen
