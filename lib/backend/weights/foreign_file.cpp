// SPDX-License-Identifier: MIT
// Marks of other formats.
#include "weights/foreign_file.h"

#include <algorithm>
#include <utility>

#include "svgen/text.h"

namespace svgen::weights {
namespace {

using namespace std::string_view_literals;

#define OTHER_VERSION ": fetch the safetensors or PyTorch version of the weights"
#define UNPACK ": unpack it and name the file in it"

struct Mark {
  size_t at;
  std::string_view bytes;
  const char* what;
};

// The first row that fits counts.
constexpr Mark kMarks[] = {
    {0, "version https://git-lfs"sv,
     "a Git LFS pointer; fetch the file behind it (git lfs install, then git lfs pull)"},
    {0, "GGUF"sv, "a GGUF file" OTHER_VERSION},
    {0, "lmgg"sv, "a GGML file" OTHER_VERSION},
    {0, "tjgg"sv, "a GGML file" OTHER_VERSION},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file (Keras, TensorFlow)" OTHER_VERSION},
    {0, "\x93NUMPY"sv,
     "a NumPy array without a name: save all of them with numpy.savez or torch.save"},
    {4, "TFL3"sv, "a TensorFlow Lite model" OTHER_VERSION},
    {4, "ET12"sv, "an ExecuTorch program: save model.state_dict() with torch.save"},
    {4, "ET13"sv, "an ExecuTorch program: save model.state_dict() with torch.save"},
    {257, "ustar"sv, "a tar archive: unpack it; one of torch.save before 0.4 has to be saved anew"},
    {0, "\x1f\x8b"sv, "a gzip archive" UNPACK},
    {0,
     "\xfd"
     "7zXZ"sv,
     "an xz archive" UNPACK},
    {0, "\x28\xb5\x2f\xfd"sv, "a zstd archive" UNPACK},
    {0, "BZh"sv, "a bzip2 archive" UNPACK},
    {0, "7z\xbc\xaf"sv, "a 7z archive" UNPACK},
    {0, "Rar!"sv, "a RAR archive" UNPACK},
    {0, "\x89PNG"sv, "a picture"},
    {0, "\xff\xd8\xff"sv, "a picture"},
    {0,
     "\x7f"
     "ELF"sv,
     "a program or library"},
};

constexpr size_t kLooked = 256;
constexpr std::string_view kBlank = "\xef\xbb\xbf \t\r\n";  // with a byte-order mark

unsigned byte_of(std::string_view bytes, size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// Protocol buffers have no mark: the version of the format, of one byte, and then a text.
bool is_onnx(std::string_view bytes) {
  return bytes.size() > 3 && bytes[0] == '\x08' && byte_of(bytes, 1) < 0x20 && bytes[2] == '\x12';
}

// A map whose first key is a short text, as Flax writes {"params": ...}.
bool is_msgpack(std::string_view bytes) {
  if (bytes.size() < 4) return false;
  const bool is_long = bytes[0] == '\xde';
  const unsigned key = byte_of(bytes, is_long ? 3 : 1);
  return (is_long || (byte_of(bytes, 0) & 0xF0) == 0x80) && ((key & 0xE0) == 0xA0 || key == 0xD9);
}

bool is_text(std::string_view bytes) {
  return std::none_of(
      bytes.begin(), bytes.end(),
      [](char byte) {
        return static_cast<unsigned char>(byte) < 0x20 &&
               kBlank.find(byte) == std::string_view::npos;
      });
}

struct Member {
  std::string_view end;  // of a name in the archive
  const char* what;
};

constexpr Member kMembers[] = {
    {"constants.pkl", "a TorchScript program: save model.state_dict() with torch.save"},
    {"serialized_exported_program.json", "an exported program: save model.state_dict()"},
    {"archive_format", "an exported program: save model.state_dict()"},
    {".weights.h5", "a Keras model" OTHER_VERSION},
    {".npy", "an archive of NumPy arrays and other files: save the arrays alone with numpy.savez"},
    {".safetensors", "an archive with weights in it" UNPACK},
    {".pt", "an archive with weights in it" UNPACK},
    {".pth", "an archive with weights in it" UNPACK},
    {".ckpt", "an archive with weights in it" UNPACK},
    {".bin", "an archive with weights in it" UNPACK},
};

}  // namespace

std::string foreign_file(std::string_view bytes) {
  for (const Mark& mark : kMarks)
    if (bytes.size() >= mark.at && bytes.substr(mark.at).starts_with(mark.bytes)) return mark.what;
  if (is_onnx(bytes)) return "an ONNX model" OTHER_VERSION;
  if (is_msgpack(bytes)) return "a msgpack file (Flax)" OTHER_VERSION;
  const std::string_view start = bytes.substr(0, kLooked);
  if (start.find_first_not_of('\0') == std::string_view::npos)
    return "zeros: a download that has not finished; fetch it again";
  const std::string_view first =
      start.substr(std::min(start.find_first_not_of(kBlank), start.size()));
  if (first.starts_with('<')) return "a web page; the download was refused or needs a login";
  if (!first.empty() && is_text(first))
    return "a text that begins \"" +
           shortened(first.substr(0, first.find_first_of("\r\n")), kLooked / 2) + "\"";
  return "something else";
}

std::string foreign_archive(const std::vector<std::string>& names) {
  for (const Member& member : kMembers)
    for (const std::string& name : names)
      if (name.ends_with(member.end)) return std::string(member.what) + " (" + name + ")";
  return std::to_string(names.size()) + " other files" +
         (names.empty() ? "" : ", the first " + names.front());
}

}  // namespace svgen::weights
