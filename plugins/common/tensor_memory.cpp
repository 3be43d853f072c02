// SPDX-License-Identifier: MIT
// The allocator behind tensor memories.
#include "common/tensor_memory.h"

#include <mutex>
#include <numeric>
#include <string>

#include "common/handles.h"
#include "svgen/engine.h"
#include "svgen/error.h"

namespace svgen::gst {
namespace {

constexpr const char* kMemoryType = "SvgTensorMemory";

struct TensorMemory {
  GstMemory base;
  Tensor* tensor;
  Tensor* host;  // copy of a device tensor, made when it is first mapped
};

Tensor& tensor_in(GstMemory* memory) {
  return *reinterpret_cast<TensorMemory*>(memory)->tensor;
}

GstAllocator* allocator();

GstMemory* make_memory(const Tensor& tensor, GstMemory* parent, gsize offset, gsize size) {
  auto* memory = g_new0(TensorMemory, 1);
  memory->tensor = new Tensor(tensor);
  gst_memory_init(&memory->base, static_cast<GstMemoryFlags>(0), allocator(), parent,
                  tensor.byte_count(), 0, offset, size);
  return &memory->base;
}

// Data on a device is read through a copy that is kept; it cannot be written.
gpointer map_memory(GstMemory* memory, gsize, GstMapFlags flags) {
  const Tensor& tensor = tensor_in(memory);
  if (tensor.device().is_cpu()) return tensor.data();
  if ((flags & GST_MAP_WRITE) != 0) return nullptr;
  static std::mutex mutex;  // readers may map at the same time; copies are rare
  const std::lock_guard lock(mutex);
  Tensor*& host = reinterpret_cast<TensorMemory*>(memory)->host;
  try {
    if (host == nullptr) host = new Tensor(to_host(tensor));
  } catch (const std::exception& error) {
    GST_ERROR("a device tensor cannot be copied to the host: %s", error.what());
    return nullptr;
  }
  return host->data();
}

void unmap_memory(GstMemory*) {}

GstMemory* share_memory(GstMemory* memory, gssize offset, gssize size) {
  GstMemory* parent = memory->parent == nullptr ? memory : memory->parent;
  const gsize length = size < 0 ? memory->size - offset : static_cast<gsize>(size);
  return make_memory(tensor_in(memory), parent, memory->offset + offset, length);
}

void free_memory(GstAllocator*, GstMemory* memory) {
  delete &tensor_in(memory);
  delete reinterpret_cast<TensorMemory*>(memory)->host;
  g_free(memory);
}

GstMemory* refuse_to_allocate(GstAllocator*, gsize, GstAllocationParams*) {
  return nullptr;
}

struct TensorAllocatorClass {
  GstAllocatorClass parent;
};

GType allocator_type() {
  static const GType type = [] {
    // Each module of the suite carries this code, and a process may load several.
    constexpr const char* kName = "GstSvgTensorAllocator";
    if (const GType known = g_type_from_name(kName)) return known;
    GTypeInfo info{};
    info.class_size = sizeof(TensorAllocatorClass);
    info.class_init = [](gpointer klass, gpointer) {
      GST_ALLOCATOR_CLASS(klass)->alloc = refuse_to_allocate;
      GST_ALLOCATOR_CLASS(klass)->free = free_memory;
    };
    info.instance_size = sizeof(GstAllocator);
    info.instance_init = [](GTypeInstance* instance, gpointer) {
      auto* self = GST_ALLOCATOR_CAST(instance);
      self->mem_type = kMemoryType;
      self->mem_map = map_memory;
      self->mem_unmap = unmap_memory;
      self->mem_share = share_memory;
      GST_OBJECT_FLAG_SET(self, GST_ALLOCATOR_FLAG_CUSTOM_ALLOC);
    };
    return g_type_register_static(GST_TYPE_ALLOCATOR, kName, &info, static_cast<GTypeFlags>(0));
  }();
  return type;
}

GstAllocator* allocator() {
  static GstAllocator* const instance = [] {
    auto* made = GST_ALLOCATOR_CAST(g_object_new(allocator_type(), nullptr));
    gst_object_ref_sink(made);
    // Lives as long as the process; the leak tracer must not count it.
    GST_OBJECT_FLAG_SET(made, GST_OBJECT_FLAG_MAY_BE_LEAKED);
    return made;
  }();
  return instance;
}

// Bytes of a memory as a tensor that keeps the memory (and its mapping) alive.
struct Mapping {
  GstMemory* memory;
  GstMapInfo info;

  explicit Mapping(GstMemory* m) : memory(gst_memory_ref(m)) {
    if (gst_memory_map(memory, &info, GST_MAP_READ)) return;
    gst_memory_unref(memory);
    throw IoError(
        "a buffer's memory cannot be read on the CPU",
        {.expected = "a memory that maps for reading",
         .found = text_or_empty(m->allocator == nullptr ? nullptr : m->allocator->mem_type)});
  }
  ~Mapping() {
    gst_memory_unmap(memory, &info);
    gst_memory_unref(memory);
  }
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;
};

Tensor tensor_of(GstMemory* memory, DType dtype, const Shape& shape, gsize skip) {
  if (gst_memory_is_type(memory, kMemoryType)) {
    const Tensor& tensor = tensor_in(memory);
    auto* bytes = static_cast<std::byte*>(tensor.data()) + memory->offset + skip;
    return Tensor::wrap(dtype, shape, tensor.device(), bytes, std::make_shared<Tensor>(tensor));
  }
  auto mapping = std::make_shared<Mapping>(memory);
  guint8* bytes = mapping->info.data + skip;
  return Tensor::wrap(dtype, shape, Device{}, bytes, std::move(mapping));
}

std::string sizes_text(GstBuffer* buffer) {
  std::string text = std::to_string(gst_buffer_get_size(buffer)) + " bytes in " +
                     std::to_string(gst_buffer_n_memory(buffer)) + " memories";
  return text;
}

}  // namespace

GstMemory* tensor_memory_new(const Tensor& tensor) {
  return make_memory(tensor, nullptr, 0, tensor.byte_count());
}

std::vector<Tensor> tensors_of(GstBuffer* buffer, const TensorStream& stream) {
  std::vector<gsize> sizes;
  for (const TensorStream::Entry& entry : stream.entries) sizes.push_back(stream.bytes_of(entry));
  const gsize total = std::accumulate(sizes.begin(), sizes.end(), gsize{0});
  const guint memories = gst_buffer_n_memory(buffer);
  bool one_each = memories == sizes.size();
  for (guint i = 0; one_each && i < memories; ++i)
    one_each = gst_buffer_peek_memory(buffer, i)->size == sizes[i];
  if (!one_each && gst_buffer_get_size(buffer) != total) {
    throw ShapeError("a buffer does not hold one batch: set blocksize=" + std::to_string(total) +
                         " on a file source, or correct the caps",
                     {.expected = std::to_string(total) + " bytes for " + stream.text(),
                      .found = sizes_text(buffer),
                      .where = "tensor stream"});
  }
  std::vector<Tensor> tensors;
  if (one_each) {
    for (guint i = 0; i < memories; ++i) {
      const TensorStream::Entry& entry = stream.entries[i];
      tensors.push_back(
          tensor_of(gst_buffer_peek_memory(buffer, i), entry.dtype, stream.shape_of(entry), 0));
    }
    return tensors;
  }
  // Split memories are merged once; a single one is used in place.
  const MemoryPtr whole(gst_buffer_get_all_memory(buffer));
  gsize skip = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    const TensorStream::Entry& entry = stream.entries[i];
    tensors.push_back(tensor_of(whole.get(), entry.dtype, stream.shape_of(entry), skip));
    skip += sizes[i];
  }
  return tensors;
}

}  // namespace svgen::gst
