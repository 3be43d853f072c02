// SPDX-License-Identifier: MIT
// The processes of a distributed launch: rendezvous and collectives of c10d.
#include "train/processes.h"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>

#include "svgen/error.h"

#ifdef SVGEN_DISTRIBUTED
#define USE_C10D_GLOO
#include <torch/csrc/autograd/custom_function.h>
#include <torch/csrc/distributed/c10d/PrefixStore.hpp>
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#include <torch/csrc/distributed/c10d/TCPStore.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif

#include <cstdlib>
#include <string>
#endif

namespace svgen::train {

#ifdef SVGEN_DISTRIBUTED

namespace {

// A process may load much data before it meets the others, but an hour is a hang.
constexpr auto kTimeout = std::chrono::minutes(60);

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value != nullptr && *value != '\0') return value;
  throw ConfigurationError(
      "a distributed launch needs to know where its first process is: start it with torchrun, or "
      "set the variables",
      {.expected = "RANK, WORLD_SIZE, MASTER_ADDR and MASTER_PORT",
       .found = "no " + std::string(name),
       .where = name});
}

uint16_t port_number(const std::string& text) {
  char* end = nullptr;
  const long port = std::strtol(text.c_str(), &end, 10);
  if (*end == '\0' && port > 0 && port < 65536) return static_cast<uint16_t>(port);
  throw ConfigurationError("MASTER_PORT is no port",
                           {.expected = "1 to 65535", .found = text, .where = "MASTER_PORT"});
}

// torchrun serves the store itself and says so; else the first process does.
c10::intrusive_ptr<c10d::Store> rendezvous(const Shard& shard) {
  c10d::TCPStoreOptions options;
  options.port = port_number(variable("MASTER_PORT"));
  options.isServer = shard.rank == 0 && std::getenv("TORCHELASTIC_USE_AGENT_STORE") == nullptr;
  options.timeout = kTimeout;
  options.waitWorkers = false;
  options.useLibUV = false;  // which some builds lack; the plain server is enough
  const char* restarts = std::getenv("TORCHELASTIC_RESTART_COUNT");
  // Each attempt has a prefix of its own: torchrun's store outlives a restart.
  const std::string prefix = "svgen/" + std::string(restarts == nullptr ? "0" : restarts);
  return c10::make_intrusive<c10d::PrefixStore>(
      prefix, c10::make_intrusive<c10d::TCPStore>(variable("MASTER_ADDR"), options));
}

c10::intrusive_ptr<c10d::Backend> connect(const Shard& shard, const at::Device& device) {
  const auto store = rendezvous(shard);
  const auto rank = static_cast<int>(shard.rank), world = static_cast<int>(shard.world);
  if (device.is_cuda()) {
#ifdef USE_C10D_NCCL
    return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, world);
#else
    throw DeviceError(
        "this LibTorch cannot train on GPUs in several processes: install one with "
        "NCCL, or set device=cpu",
        {.expected = "NCCL", .found = "a build without it"});
#endif
  }
  const auto options = c10d::ProcessGroupGloo::Options::create(kTimeout);
  options->devices.push_back(c10d::ProcessGroupGloo::createDefaultDevice());
  return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, world, options);
}

// Runs a collective to its end.
template <typename Start>
void collective(Start start) {
  try {
    start()->wait();
  } catch (const std::exception& error) {
    const std::string text = error.what();
    throw DeviceError(
        "another process of the training is gone: start all of them again with resume=true",
        {.expected = "an answer from every process", .found = text.substr(0, text.find('\n'))});
  }
}

}  // namespace

struct Processes::Group {
  c10::intrusive_ptr<c10d::Backend> backend;
  at::Device device;  // where it takes tensors: NCCL's are on the GPU

  at::Tensor there(const at::Tensor& tensor) const { return tensor.to(device).contiguous(); }

  void sum(at::Tensor& tensor) {
    std::vector<at::Tensor> tensors = {there(tensor)};
    collective([&] { return backend->allreduce(tensors); });
    if (!tensors[0].is_same(tensor)) tensor.copy_(tensors[0]);
  }
};

namespace {

// y = the sum over processes of x; so a loss of any process depends on x through its own y, and
// the gradient is the sum of theirs.
class SumFunction : public torch::autograd::Function<SumFunction> {
 public:
  static at::Tensor forward(torch::autograd::AutogradContext* context, const at::Tensor& x,
                            const std::function<void(at::Tensor&)>& sum) {
    context->saved_data["sum"] = reinterpret_cast<int64_t>(&sum);
    at::Tensor y = x.clone();
    sum(y);
    return y;
  }
  static torch::autograd::tensor_list backward(torch::autograd::AutogradContext* context,
                                               torch::autograd::tensor_list gradients) {
    const auto& sum = *reinterpret_cast<const std::function<void(at::Tensor&)>*>(
        context->saved_data["sum"].toInt());
    at::Tensor gradient = gradients[0].contiguous().clone();
    sum(gradient);
    return {gradient, at::Tensor()};
  }
};

}  // namespace

std::shared_ptr<Processes> Processes::join(const at::Device& device) {
  auto joined = std::make_shared<Processes>();
  joined->shard_ = shard_from_environment();
  if (joined->alone()) return joined;
  try {
    joined->group_ = std::make_unique<Group>(Group{connect(joined->shard_, device), device});
  } catch (const Error&) {
    throw;
  } catch (const std::exception& error) {
    const std::string text = error.what();
    throw DeviceError(
        "the other processes of the launch cannot be reached: check MASTER_ADDR and "
        "MASTER_PORT",
        {.expected = "a connection", .found = text.substr(0, text.find('\n'))});
  }
  joined->sum_ = [group = joined->group_.get()](at::Tensor& tensor) { group->sum(tensor); };
  return joined;
}

void Processes::sum(at::Tensor& tensor) const {
  if (group_) group_->sum(tensor);
}

at::Tensor Processes::gather(const at::Tensor& tensor) const {
  if (!group_) return tensor;
  std::vector<at::Tensor> inputs = {group_->there(tensor)};
  std::vector<std::vector<at::Tensor>> outputs(1);
  for (int64_t i = 0; i < world(); ++i) outputs[0].push_back(at::empty_like(inputs[0]));
  collective([&] { return group_->backend->allgather(outputs, inputs); });
  return at::cat(outputs[0], 0).to(tensor.device());
}

void Processes::broadcast(at::Tensor& tensor) const {
  if (!group_) return;
  std::vector<at::Tensor> tensors = {group_->there(tensor)};
  collective([&] { return group_->backend->broadcast(tensors); });
  tensor.copy_(tensors[0]);
}

std::function<at::Tensor(const at::Tensor&)> Processes::differentiable_sum() const {
  if (!group_) return {};
  return [this](const at::Tensor& x) { return SumFunction::apply(x, sum_); };
}

#else  // without the headers that c10d's Gloo needs

struct Processes::Group {};

std::shared_ptr<Processes> Processes::join(const at::Device&) {
  auto joined = std::make_shared<Processes>();
  joined->shard_ = shard_from_environment();
  if (joined->alone()) return joined;
  throw ConfigurationError(
      "this build cannot train in several processes: install the gloo headers and build again",
      {.expected = "a build with libgloo-dev", .found = "one without", .where = "WORLD_SIZE"});
}

void Processes::sum(at::Tensor&) const {}
at::Tensor Processes::gather(const at::Tensor& tensor) const {
  return tensor;
}
void Processes::broadcast(at::Tensor&) const {}
std::function<at::Tensor(const at::Tensor&)> Processes::differentiable_sum() const {
  return {};
}

#endif

Processes::Processes() = default;
Processes::~Processes() = default;

void Processes::average(at::Tensor& tensor) const {
  if (alone()) return;
  sum(tensor);
  tensor.div_(static_cast<double>(world()));
}

}  // namespace svgen::train
