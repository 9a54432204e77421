#include "policy/select/container_facts.h"

#include "runtime/base/error.h"

namespace nemoclaw::policy {
namespace {

struct Names {
  const char *name_space, *pod, *container, *image;
};
// containerd's CRI plugin writes these after the pod's own annotations.
constexpr Names kContainerd = {"io.kubernetes.cri.sandbox-namespace", "io.kubernetes.cri.sandbox-name",
                               "io.kubernetes.cri.container-name", "io.kubernetes.cri.image-name"};
// CRI-O lets a pod's annotations overwrite its own io.kubernetes.cri-o.* on the pod's first container, and
// then writes kubelet's labels over both: of these nothing can be forged. The image stands in its own
// annotation, which is written last for every container but the pod's first.
constexpr Names kCriO = {"io.kubernetes.pod.namespace", "io.kubernetes.pod.name",
                         "io.kubernetes.container.name", "io.kubernetes.cri-o.ImageName"};
constexpr const char* kPodsOwnContainer = "POD";
constexpr const char* kType = "io.kubernetes.cri.container-type";  // "sandbox" or "container"

std::string value_of(const oci::Spec& spec, const char* name) {
  const std::string* value = spec.find_annotation(name);
  return value ? *value : std::string();
}

ContainerFacts read(const oci::Spec& spec, const Names& names) {
  ContainerFacts facts;
  facts.name_space = value_of(spec, names.name_space);
  facts.pod = value_of(spec, names.pod);
  facts.container = value_of(spec, names.container);
  if (facts.container == kPodsOwnContainer) facts.container.clear();
  if (!facts.container.empty()) facts.image = value_of(spec, names.image);
  facts.kubernetes = !facts.name_space.empty();
  return facts;
}

// "" or the annotation on which they differ.
const char* difference(const ContainerFacts& a, const ContainerFacts& b) {
  if (a.name_space != b.name_space) return kContainerd.name_space;
  if (a.pod != b.pod) return kContainerd.pod;
  if (a.container != b.container) return kContainerd.container;
  return a.image != b.image ? kContainerd.image : "";
}

}  // namespace

Result<ContainerFacts> container_facts(const oci::Spec& spec) {
  ContainerFacts containerd = read(spec, kContainerd);
  const ContainerFacts crio = read(spec, kCriO);
  // Of a pod's own container the manager says neither name nor image: what stands there is not its word.
  if (value_of(spec, kType) != "container") containerd.container = containerd.image = "";
  if (!crio.kubernetes) return containerd;
  if (!containerd.kubernetes) return crio;
  if (const char* what = difference(containerd, crio); *what)
    return make_error(
        std::string("annotation ") + what +
        ": contradicts what the other container manager's annotations say, so that one of them is "
        "forged; remove it from the pod");
  return containerd;
}

}  // namespace nemoclaw::policy
