// SPDX-License-Identifier: MIT
// A function of tensors that is recorded once as a CUDA graph and then replayed: hundreds of small
// launches become one.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

namespace svgen::runtime {

/// The function must be pure: for inputs of the same sizes it launches the same work, reads nothing
/// back and waits for nothing. It is recorded for the first few sets of input sizes that it is
/// called with; a call then copies its inputs to where the graph reads them and copies the result
/// from where the graph leaves it.
///
/// The function itself is called on a host, outside of inference mode, in a build without CUDA
/// kernels, for further sizes, and for good once a recording has failed. Threads that share one of
/// these must share a stream, as all do that set none.
class GraphedFunction {
 public:
  using Function = std::function<at::Tensor(const std::vector<at::Tensor>& inputs)>;

  explicit GraphedFunction(Function function);
  ~GraphedFunction();

  at::Tensor operator()(const std::vector<at::Tensor>& inputs);

 private:
  struct Recording;

  /// Null where the function is to be called.
  Recording* recording_for(const std::vector<at::Tensor>& inputs);

  Function function_;
  std::mutex mutex_;  // of what follows, and of the recordings' buffers
  std::pair<unsigned long long, unsigned long long> pool_;  // the library's name of their memory
  std::map<std::vector<int64_t>, std::unique_ptr<Recording>> recordings_;  // by sizes
  // False once a recording has failed; read in builds with CUDA kernels alone.
  [[maybe_unused]] bool records_ = true;
};

}  // namespace svgen::runtime
