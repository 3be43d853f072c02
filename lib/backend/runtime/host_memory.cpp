// SPDX-License-Identifier: MIT
// The memory of the library's CPU tensors, kept for the next tensor of the same size.
#include "runtime/host_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <algorithm>
#include <bit>
#include <cstdlib>
#include <map>
#include <mutex>
#include <new>
#include <vector>

namespace svgen::runtime {
namespace {

// Smaller blocks are the C library's business: it keeps them anyway.
constexpr size_t kSmallest = size_t{64} << 10;

// Stands in front of each block; its size keeps the block on a cache line of its own.
struct alignas(64) Header {
  size_t bytes;  // of the block, without the header
};

// The sizes that blocks have: eight to an octave, so that tensors of almost the same size share.
size_t block_size(size_t bytes) {
  if (bytes < kSmallest) return bytes;
  const size_t step = std::bit_floor(bytes) / 8;
  return (bytes + step - 1) & ~(step - 1);  // step is a power of two
}

Header* new_block(size_t bytes) {
  void* memory = nullptr;
  if (bytes > SIZE_MAX - sizeof(Header) ||
      posix_memalign(&memory, alignof(Header), sizeof(Header) + bytes) != 0)
    return nullptr;
  return new (memory) Header{bytes};
}

class HostMemory : public c10::Allocator {
 public:
  static HostMemory& instance() {
    static HostMemory& memory = *new HostMemory;  // tensors may outlive every static object
    return memory;
  }

  c10::DataPtr allocate(size_t bytes) override {
    Header* block = bytes > 0 ? take(block_size(bytes)) : nullptr;
    TORCH_CHECK_WITH(OutOfMemoryError, block || bytes == 0, "there is no memory for a tensor of ",
                     bytes, " bytes");
    void* data = block ? block + 1 : nullptr;
    return {data, data, &give_back, c10::Device(c10::DeviceType::CPU)};
  }

  c10::DeleterFnPtr raw_deleter() const override { return &give_back; }

  void copy_data(void* to, const void* from, size_t bytes) const override {
    default_copy_data(to, from, bytes);
  }

  void release() {
    const std::lock_guard lock(mutex_);
    shrink(0);
    use_.peak = use_.live;
  }

  HostMemoryUse use() {
    const std::lock_guard lock(mutex_);
    return use_;
  }

 private:
  static void give_back(void* data) {
    if (data) instance().keep(static_cast<Header*>(data) - 1);
  }

  Header* take(size_t bytes) {
    if (bytes < kSmallest) return new_block(bytes);
    const std::lock_guard lock(mutex_);
    use_.live += bytes;
    use_.peak = std::max(use_.peak, use_.live);
    std::vector<Header*>& fitting = kept_[bytes];
    if (!fitting.empty()) {
      Header* block = fitting.back();
      fitting.pop_back();
      use_.kept -= bytes;
      return block;
    }
    // A quarter more than the peak, so that the sizes of all layers find room beside each other.
    shrink(use_.peak + use_.peak / 4 - use_.live);
    Header* block = new_block(bytes);
    if (!block) use_.live -= bytes;
    return block;
  }

  void keep(Header* block) {
    if (block->bytes < kSmallest) return std::free(block);
    const std::lock_guard lock(mutex_);
    use_.live -= block->bytes;
    use_.kept += block->bytes;
    kept_[block->bytes].push_back(block);
  }

  // Frees blocks, the largest first, until no more than `limit` is kept.
  void shrink(size_t limit) {
    for (auto size = kept_.rbegin(); size != kept_.rend() && use_.kept > limit; ++size)
      while (!size->second.empty() && use_.kept > limit) {
        std::free(size->second.back());
        size->second.pop_back();
        use_.kept -= size->first;
      }
  }

  std::mutex mutex_;
  HostMemoryUse use_;
  std::map<size_t, std::vector<Header*>> kept_;
};

}  // namespace

void keep_host_memory() {
  static const bool installed = [] {
    c10::SetCPUAllocator(&HostMemory::instance());
    return true;
  }();
  static_cast<void>(installed);
}

void release_host_memory() {
  HostMemory::instance().release();
}

HostMemoryUse host_memory_use() {
  return HostMemory::instance().use();
}

}  // namespace svgen::runtime
