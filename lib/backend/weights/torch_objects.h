// SPDX-License-Identifier: MIT
// The few names of torch that a pickled state dict cannot do without: storages and tensors.
#pragma once

#include "weights/pickle.h"
#include "weights/stored_tensor.h"

namespace svgen::weights {

struct TorchStorage {
  std::string_view key;  // the name of its bytes in the container
  at::ScalarType dtype;
  int64_t count;            // elements of `dtype`
  int64_t view_offset = 0;  // old files: this storage is a part of the one with the key
  int64_t view_count = 0;   // ... of so many elements; `count` when it is no part
};

struct TorchTensor {
  size_t storage;
  int64_t offset;  // in elements
  std::vector<int64_t> shape, strides;
  at::ScalarType dtype;
};

/// Says where the bytes of a storage lie in the file.
struct StorageRange {
  uint64_t offset, size;
};

/// Collects what a pickle says about tensors. Devices are ignored: everything is read to the host.
class TorchObjects {
 public:
  /// Returns the hooks for the machine; valid as long as this object.
  PickleHooks hooks();

  const std::vector<TorchStorage>& storages() const { return storages_; }
  const std::vector<TorchTensor>& tensors() const { return tensors_; }

  /// Places a tensor of `value` (kTensor or kUnread) in the file. PickleError when it reaches
  /// outside its storage or holds more elements than that, or when the storage is shorter than it
  /// says.
  StoredTensor place(
      const PickleValue& value, const std::string& name,
      const std::function<std::optional<StorageRange>(std::string_view key)>& find) const;

 private:
  std::optional<PickleValue> call(PickleMachine& machine, std::string_view name,
                                  const PickleValue& arguments);
  std::optional<PickleValue> storage(const PickleValue& id);
  PickleValue tensor(const std::vector<PickleValue>& arguments, const PickleValue* dtype);
  PickleValue unread(const std::string& form);

  std::vector<TorchStorage> storages_;
  std::vector<TorchTensor> tensors_;
  std::vector<std::string> unread_;  // as TensorInfo::unreadable
};

}  // namespace svgen::weights
