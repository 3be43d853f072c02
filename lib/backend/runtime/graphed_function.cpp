// SPDX-License-Identifier: MIT
// Recording with the library's graphs, whose memory stays in place for as long as they live.
#include "runtime/graphed_function.h"

#include <c10/core/InferenceMode.h>

#include <exception>
#include <utility>

#ifdef SVGEN_CUDA
#include <ATen/cuda/CUDAGraph.h>
#include <c10/cuda/CUDAGuard.h>
#include <c10/cuda/CUDAStream.h>
#endif

namespace svgen::runtime {

#ifdef SVGEN_CUDA
namespace {

// Each keeps what the function needs at its sizes: a server sees one or two.
constexpr size_t kMostRecordings = 4;

std::vector<int64_t> sizes_of(const std::vector<at::Tensor>& inputs) {
  std::vector<int64_t> sizes;
  for (const at::Tensor& x : inputs) sizes.insert(sizes.end(), x.sizes().begin(), x.sizes().end());
  return sizes;
}

// Ends a capture whatever happens, or its stream could never be used again.
class Capture {
 public:
  Capture(at::cuda::CUDAGraph& graph, at::cuda::MempoolId_t pool) : graph_(graph) {
    // Other threads may allocate and launch meanwhile.
    graph_.capture_begin(pool, cudaStreamCaptureModeThreadLocal);
  }
  ~Capture() {
    if (ended_) return;
    try {
      graph_.capture_end();
    } catch (const std::exception&) {  // what went wrong is on its way already
    }
  }

  void end() {
    ended_ = true;
    graph_.capture_end();
  }

 private:
  at::cuda::CUDAGraph& graph_;
  bool ended_ = false;
};

}  // namespace

struct GraphedFunction::Recording {
  // Recordings of one pool use the same memory: only one replays at a time, and what it leaves is
  // copied before the next does.
  Recording(const Function& function, const std::vector<at::Tensor>& given,
            at::cuda::MempoolId_t pool) {
    for (const at::Tensor& x : given) buffers.push_back(x.contiguous().clone());
    const c10::cuda::CUDAGuard device(given[0].device());
    c10::cuda::getCurrentCUDAStream().synchronize();
    const c10::cuda::CUDAStream side = c10::cuda::getStreamFromPool();
    const c10::cuda::CUDAStreamGuard guard(side);
    // Handles, workspaces and modules are made at their first use, which must not be recorded.
    function(buffers);
    side.synchronize();
    Capture capture(graph, pool);
    result = function(buffers);
    capture.end();
  }

  ~Recording() {
    // The last replay may still read what is about to be freed.
    try {
      c10::cuda::getCurrentCUDAStream(result.device().index()).synchronize();
    } catch (const std::exception&) {  // at the end of the process the driver may be gone
    }
  }

  at::Tensor replay(const std::vector<at::Tensor>& inputs) {
    const c10::cuda::CUDAGuard device(result.device());
    for (size_t i = 0; i < inputs.size(); ++i) buffers[i].copy_(inputs[i]);
    graph.replay();
    return result.clone();
  }

  at::cuda::CUDAGraph graph;
  std::vector<at::Tensor> buffers;
  at::Tensor result;
};

GraphedFunction::Recording* GraphedFunction::recording_for(const std::vector<at::Tensor>& inputs) {
  if (!records_ || !inputs[0].is_cuda() || !c10::InferenceMode::is_enabled()) return nullptr;
  const std::vector<int64_t> sizes = sizes_of(inputs);
  const auto found = recordings_.find(sizes);
  if (found != recordings_.end()) return found->second.get();
  if (recordings_.size() == kMostRecordings) return nullptr;
  try {
    if (recordings_.empty()) pool_ = at::cuda::graph_pool_handle();
    return (recordings_[sizes] = std::make_unique<Recording>(function_, inputs, pool_)).get();
  } catch (const std::exception&) {
    // Called kernel by kernel the function works, or says itself what is wrong.
    recordings_.erase(sizes);
    records_ = false;
    return nullptr;
  }
}
#else
struct GraphedFunction::Recording {
  at::Tensor replay(const std::vector<at::Tensor>&) { return {}; }
};

GraphedFunction::Recording* GraphedFunction::recording_for(const std::vector<at::Tensor>&) {
  return nullptr;
}
#endif

GraphedFunction::GraphedFunction(Function function) : function_(std::move(function)) {}
GraphedFunction::~GraphedFunction() = default;

at::Tensor GraphedFunction::operator()(const std::vector<at::Tensor>& inputs) {
  {
    const std::lock_guard lock(mutex_);
    if (Recording* recording = recording_for(inputs)) return recording->replay(inputs);
  }
  return function_(inputs);
}

}  // namespace svgen::runtime
