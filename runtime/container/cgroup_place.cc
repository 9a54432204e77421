#include "runtime/container/cgroup_place.h"

namespace nemoclaw::container {

std::string expand_slice_path(const std::string& cgroups_path) {
  const size_t first = cgroups_path.find(':');
  const size_t second = first == std::string::npos ? first : cgroups_path.find(':', first + 1);
  if (second == std::string::npos || cgroups_path.find(':', second + 1) != std::string::npos)
    return cgroups_path;
  std::string slice = cgroups_path.substr(0, first);
  const std::string prefix = cgroups_path.substr(first + 1, second - first - 1);
  const std::string name = cgroups_path.substr(second + 1);
  if (slice.empty()) slice = "system.slice";
  std::string path;
  // systemd nests slices by the dashes in their names; "-.slice" is the root.
  if (slice.ends_with(".slice") && slice != "-.slice") {
    const std::string stem = slice.substr(0, slice.size() - 6);
    for (size_t dash = stem.find('-'); dash != std::string::npos; dash = stem.find('-', dash + 1))
      path += "/" + stem.substr(0, dash) + ".slice";
    path += "/" + slice;
  }
  if (name.ends_with(".slice")) return path + "/" + name;
  return path + "/" + (prefix.empty() ? name : prefix + "-" + name) + ".scope";
}

Result<std::unique_ptr<cgroup::Driver>> place_cgroup(const oci::Spec& spec, const std::string& id,
                                                     bool systemd) {
  const std::string& written = spec.linux_.cgroups_path;
  return TRY_CONTEXT(cgroup::open_driver_for(systemd ? expand_slice_path(written) : written, id), "cgroup");
}

}  // namespace nemoclaw::container
