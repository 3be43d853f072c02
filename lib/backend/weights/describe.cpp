// SPDX-License-Identifier: MIT
// The listing of a weights file, made from the tables of tensor names alone.
#include "weights/describe.h"

#include <algorithm>
#include <iomanip>
#include <map>
#include <sstream>

#include "weights/stored_tensor.h"

namespace svgen::weights {
namespace {

constexpr size_t kListed = 20;

std::vector<std::string> names_of(const StateSource& source) {
  std::vector<std::string> names;
  for (const TensorInfo& info : source.tensors()) names.push_back(info.name);
  return names;
}

void write_tensors(std::ostream& out, const StateSource& source) {
  size_t width = 0;
  for (const TensorInfo& info : source.tensors()) width = std::max(width, info.name.size());
  int64_t numbers = 0, bytes = 0;
  for (const TensorInfo& info : source.tensors()) {
    out << std::left << std::setw(static_cast<int>(width) + 2) << info.name;
    if (!info.unreadable.empty()) {
      out << "not read: " << info.unreadable << "\n";
      continue;
    }
    const int64_t count = count_elements(info.shape).value_or(0);
    numbers += count;
    bytes += count * static_cast<int64_t>(c10::elementSize(info.dtype));
    out << std::setw(17) << dtype_text(info.dtype) << shape_text(info.shape) << "\n";
  }
  out << source.tensors().size() << " tensors, " << numbers << " numbers, " << bytes << " bytes\n";
}

void write_list(std::ostream& out, const std::string& title,
                const std::vector<std::string>& names) {
  if (names.empty()) return;
  out << title << " (" << names.size() << "):\n";
  for (size_t i = 0; i < std::min(names.size(), kListed); ++i) out << "  " << names[i] << "\n";
  if (names.size() > kListed) out << "  and " << names.size() - kListed << " more\n";
}

// Consults only the part's own table: a prefix alone is no knowledge.
bool is_known(const FileLayout& layout, const std::string& name) {
  const FileLayout::Part* part = layout.find(name);
  return part != nullptr &&
         match_key(*part->family, name.substr(std::string(part->prefix).size())).has_value();
}

// A file of one network alone is asked for the names as its table counts them.
std::vector<std::string> counted(const FileLayout& layout, const std::vector<std::string>& names) {
  return layout.parts.size() == 1 ? renumbered(*layout.parts[0].family, names) : names;
}

const FileLayout* recognise(std::span<const FileLayout> layouts,
                            const std::vector<std::string>& names) {
  const FileLayout* best = nullptr;
  size_t most = names.size() / 2;  // fewer would be guessing
  for (const FileLayout& layout : layouts) {
    const std::vector<std::string> asked = counted(layout, names);
    const auto known = static_cast<size_t>(std::count_if(
        asked.begin(), asked.end(), [&](const auto& name) { return is_known(layout, name); }));
    if (known <= most) continue;
    most = known;
    best = &layout;
  }
  return best;
}

struct Findings {
  std::vector<std::string> missing, unknown;
  std::map<std::string, size_t> surplus;  // "names: reason" and how many
};

void judge_part(const FileLayout::Part& part, const std::vector<std::string>& names,
                Findings& findings) {
  const std::string prefix = part.prefix;
  for (const std::string& name : names) {
    const auto match = match_key(*part.family, name);
    if (!match)
      findings.unknown.push_back(prefix + name);
    else if (match->rule->need == KeyNeed::kSurplus)
      ++findings.surplus[prefix + match->rule->source + ": " + match->rule->note];
  }
  for (const std::string& name : missing_keys(*part.family, names))
    findings.missing.push_back(prefix + name);
}

void write_judgement(std::ostream& out, const FileLayout& layout,
                     const std::vector<std::string>& spelled) {
  const std::vector<std::string> names = counted(layout, spelled);
  out << "recognised as: " << layout.title << "\n";
  Findings findings;
  std::map<const FileLayout::Part*, std::vector<std::string>> names_by_part;
  for (const std::string& name : names) {
    const FileLayout::Part* part = layout.find(name);
    if (part == nullptr)
      findings.unknown.push_back(name);
    else
      names_by_part[part].push_back(name.substr(std::string(part->prefix).size()));
  }
  for (const FileLayout::Part& part : layout.parts) {
    const auto& found = names_by_part[&part];
    out << "  " << part.title << ": ";
    if (found.empty()) {
      out << "none\n";
      continue;
    }
    out << found.size() << " tensors";
    const std::string_view family = part.family->title;
    if (family != layout.title && family != part.title) out << " (" << family << ")";
    out << "\n";
    judge_part(part, found, findings);
  }
  write_list(out, "missing", findings.missing);
  write_list(out, "unknown", findings.unknown);
  if (!findings.surplus.empty()) out << "surplus, harmless:\n";
  for (const auto& [what, count] : findings.surplus) out << "  " << what << " (" << count << ")\n";
  if (findings.missing.empty() && findings.unknown.empty()) out << "complete\n";
}

}  // namespace

std::string describe_weights(const std::filesystem::path& file,
                             std::span<const FileLayout> layouts) {
  const auto source = open_weights(file);
  const std::vector<std::string> names = names_of(*source);
  std::ostringstream out;
  write_tensors(out, *source);
  if (const FileLayout* layout = recognise(layouts, names))
    write_judgement(out, *layout, names);
  else
    out << "recognised as: no kind of file known here\n";
  return out.str();
}

}  // namespace svgen::weights
